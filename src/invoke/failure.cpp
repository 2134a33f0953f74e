#include "invoke/failure.h"

#include <sys/wait.h>

#include <csignal>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "invoke/utf8.h"

namespace wick::invoke {
namespace {

namespace json = boost::json;

constexpr std::size_t kTypeMax = 256;  // bytes of an error type that are kept

std::string signal_name(int number) {
  switch (number) {
    case SIGHUP:
      return "hangup";
    case SIGINT:
      return "interrupt";
    case SIGQUIT:
      return "quit";
    case SIGILL:
      return "illegal instruction";
    case SIGTRAP:
      return "trace/breakpoint trap";
    case SIGABRT:
      return "aborted";
    case SIGBUS:
      return "bus error";
    case SIGFPE:
      return "floating point exception";
    case SIGKILL:
      return "killed";
    case SIGUSR1:
      return "user defined signal 1";
    case SIGSEGV:
      return "segmentation fault";
    case SIGUSR2:
      return "user defined signal 2";
    case SIGPIPE:
      return "broken pipe";
    case SIGALRM:
      return "alarm clock";
    case SIGTERM:
      return "terminated";
    case SIGXCPU:
      return "CPU time limit exceeded";
    case SIGXFSZ:
      return "file size limit exceeded";
    case SIGSYS:
      return "bad system call";
    default:
      return fmt::format("signal {}", number);
  }
}

std::string error_object(std::string_view type, std::string_view message) {
  return json::serialize(json::object{{"errorType", type}, {"errorMessage", message}});
}

std::string type_in(const std::string& object) {
  boost::system::error_code ec;
  const json::value parsed = json::parse(object, ec);
  const auto* fields = ec ? nullptr : parsed.if_object();
  const auto* type = fields ? fields->if_contains("errorType") : nullptr;
  const auto* text = type ? type->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

// One printable line: it becomes part of a log line.
std::string clean_type(std::string type) {
  if (type.size() > kTypeMax) type.resize(kTypeMax);
  for (char& c : type) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return to_valid_utf8(std::move(type));
}

// The platform's own words about an instance that is gone. why may be empty.
Failure exited(std::string type, const RequestId& id, const std::string& why) {
  const std::string message = why.empty() ? fmt::format("RequestId: {} Error: Runtime exited without providing a reason", id.str())
                                          : fmt::format("RequestId: {} Error: Runtime exited with error: {}", id.str(), why);
  return {type, error_object(type, message), message + "\n" + type, "error"};
}

}  // namespace

std::string describe_exit(int wait_status) {
  if (WIFSIGNALED(wait_status)) return "signal: " + signal_name(WTERMSIG(wait_status));
  const int code = WEXITSTATUS(wait_status);
  return code == 0 ? std::string() : fmt::format("exit status {}", code);
}

Failure failure_of(const Reply& reply, const RequestId& id, const sandbox::Exit* exit, std::uint32_t timeout_s) {
  switch (reply.end) {
    case Reply::End::failed: {
      std::string type = clean_type(reply.error_type.empty() ? type_in(reply.body) : reply.error_type);
      if (type.empty()) type = "Runtime.Unknown";
      return {type, reply.body.empty() ? error_object(type, {}) : reply.body, {}, "success"};
    }
    case Reply::End::too_large: {
      const std::string type = "Function.ResponseSizeTooLarge";
      const std::string message = fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).", kResponseMax);
      return {type, error_object(type, message), message, "error"};
    }
    case Reply::End::timed_out: {
      const std::string what = fmt::format("Task timed out after {}.00 seconds", timeout_s);
      return {"Sandbox.Timedout", error_object("Sandbox.Timedout", fmt::format("RequestId: {} Error: {}", id.str(), what)),
              fmt::format("{} {}", id.str(), what), "timeout"};
    }
    case Reply::End::broken:
      return exited("Runtime.ExitError", id, "protocol violation: " + reply.body);
    case Reply::End::ok:
    case Reply::End::gone:
    case Reply::End::not_taken:
    case Reply::End::cut_off:
      break;
  }
  if (!exit) return exited("Runtime.ExitError", id, {});
  const bool killed = WIFSIGNALED(exit->status) && WTERMSIG(exit->status) == SIGKILL;
  return exited(exit->out_of_memory && killed ? "Runtime.OutOfMemory" : "Runtime.ExitError", id, describe_exit(exit->status));
}

Failure invalid_entrypoint(const RequestId& id, const std::string& message) {
  const std::string type = "Runtime.InvalidEntrypoint";
  const std::string text = fmt::format("RequestId: {} Error: {}", id.str(), message);
  return {type, error_object(type, text), text + "\n" + type, "error"};
}

}  // namespace wick::invoke
