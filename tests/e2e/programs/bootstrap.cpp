// A custom runtime in C++ over plain sockets: it speaks the Lambda Runtime API and does what the event says.
//
//   {"do":"stream"}  streams two chunks         {"do":"break"}  streams one, then says in the trailers that it failed
//   {"do":"fail"}    posts an error             anything else   is sent back
// With FAIL_INIT in its environment it reports an init error.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

const std::string kPrefix = "/2018-06-01/runtime";

int connect_to_api() {
  const std::string api = std::getenv("AWS_LAMBDA_RUNTIME_API");
  const std::size_t colon = api.find(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(std::stoi(api.substr(colon + 1))));
  inet_pton(AF_INET, api.substr(0, colon).c_str(), &address.sin_addr);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::exit(2);
  return fd;
}

// One request on a connection of its own; the whole answer.
std::string call(const std::string& request) {
  const int fd = connect_to_api();
  for (std::size_t sent = 0; sent < request.size();) {
    const ssize_t n = write(fd, request.data() + sent, request.size() - sent);
    if (n <= 0) std::exit(3);
    sent += static_cast<std::size_t>(n);
  }
  std::string answer;
  char piece[4096];
  for (ssize_t n = 0; (n = read(fd, piece, sizeof(piece))) > 0;) answer.append(piece, static_cast<std::size_t>(n));
  close(fd);
  return answer;
}

std::string head(const std::string& method_and_path, const std::string& fields) {
  return method_and_path + " HTTP/1.1\r\nHost: runtime\r\nConnection: close\r\n" + fields + "\r\n";
}

void post(const std::string& path, const std::string& fields, const std::string& body) {
  call(head("POST " + kPrefix + path, fields + "Content-Length: " + std::to_string(body.size()) + "\r\n") + body);
}

void stream(const std::string& id, const std::string& chunks_and_trailers) {
  call(head("POST " + kPrefix + "/invocation/" + id + "/response",
            "Lambda-Runtime-Function-Response-Mode: streaming\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n"
            "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n") +
       chunks_and_trailers + "\r\n");
}

std::string field(const std::string& answer, const std::string& name) {
  const std::size_t start = answer.find("\r\n" + name + ": ");
  return start == std::string::npos ? "" : answer.substr(start + name.size() + 4, answer.find("\r\n", start + 2) - start - name.size() - 4);
}

}  // namespace

int main() {
  if (std::getenv("FAIL_INIT") != nullptr) {
    post("/init/error", "Lambda-Runtime-Function-Error-Type: Extension.Sad\r\n", R"({"errorType":"Extension.Sad","errorMessage":"no way to begin"})");
    return 1;
  }
  for (;;) {
    const std::string answer = call(head("GET " + kPrefix + "/invocation/next", ""));
    const std::string id = field(answer, "Lambda-Runtime-Aws-Request-Id");
    const std::string event = answer.substr(answer.find("\r\n\r\n") + 4);
    std::printf("has %s\n", event.c_str());
    std::fflush(stdout);
    const auto asked = [&event](const char* what) { return event.find(std::string("\"do\":\"") + what) != std::string::npos; };
    if (asked("stream")) {
      stream(id, "6\r\nfirst \r\n6\r\nsecond\r\n0\r\n");
    } else if (asked("break")) {
      // {"errorType":"Native.Broken","errorMessage":"half way"}
      stream(id,
             "4\r\nhalf\r\n0\r\nLambda-Runtime-Function-Error-Type: Native.Broken\r\n"
             "Lambda-Runtime-Function-Error-Body: eyJlcnJvclR5cGUiOiJOYXRpdmUuQnJva2VuIiwiZXJyb3JNZXNzYWdlIjoiaGFsZiB3YXkifQ==\r\n");
    } else if (asked("fail")) {
      post("/invocation/" + id + "/error", "Lambda-Runtime-Function-Error-Type: Native.Sad\r\n",
           R"({"errorType":"Native.Sad","errorMessage":"asked to fail"})");
    } else {
      post("/invocation/" + id + "/response", "Content-Type: application/json\r\n", event);
    }
  }
}
