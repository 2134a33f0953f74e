#pragma once
// For tests: a custom runtime's side of the Lambda Runtime API, one loop of it. No part of the program includes it.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/client.h"
#include "http/message.h"
#include "invoke/fake_backend.h"

namespace wick::invoke {

class FakeApi {
 public:
  explicit FakeApi(FakeRuntime& runtime)
      : endpoint_("http://127.0.0.1:" + std::to_string(runtime.runtime_api_port)), port_(runtime.runtime_api_port) {}

  // The next invocation; status 0 once the API is gone.
  http::Response next() {
    auto out = call("GET", "invocation/next");
    if (out.status == 200) {
      id = std::string(out.fields.get("Lambda-Runtime-Aws-Request-Id"));
      deadline_ms = std::stoll(std::string(out.fields.get("Lambda-Runtime-Deadline-Ms")));
    }
    return out;
  }
  http::Response respond(std::string body) { return call("POST", "invocation/" + id + "/response", std::move(body)); }
  http::Response call(std::string method, const std::string& path, std::string body = {},
                      std::vector<std::pair<std::string, std::string>> fields = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = request.path = "/2018-06-01/runtime/" + path;
    request.body = std::move(body);
    for (auto& [name, value] : fields) request.fields.add(name, value);
    auto out = http::fetch(endpoint_, request);
    if (out) return *out;
    http::Response gone;
    gone.status = 0;
    return gone;
  }
  // One request as it is, and the status line of what comes back.
  std::string raw(std::string_view bytes) {
    const UniqueFd fd = send(bytes);
    std::string out(4096, '\0');
    out.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(fd.get(), out.data(), out.size(), 0))));
    return out.substr(0, out.find('\r'));
  }
  // The connection, on which that has been sent.
  UniqueFd send(std::string_view bytes) const {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
    (void)::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return fd;
  }

  std::string id;             // of the last one
  long long deadline_ms = 0;  // Unix time

 private:
  std::string endpoint_;
  std::uint16_t port_;
};

}  // namespace wick::invoke
