#include "invoke/runtime_api.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "invoke/stream_sink.h"

namespace wick::invoke {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::string_view kPrefix = "/2018-06-01/runtime/";
// How long a reply waits for the runtime to ask for the next invocation, so that a caller who calls again at once finds it ready.
constexpr auto kNextGrace = 10ms;
constexpr std::size_t kErrorTrailerMax = 64 * 1024;  // bytes of Base64

http::Response json_response(unsigned status, std::string body) {
  http::Response out;
  out.status = status;
  out.fields.add("Content-Type", "application/json");
  out.body = std::move(body);
  return out;
}

http::Response accepted() { return json_response(202, R"({"status":"OK"})"); }

http::Response refused(unsigned status, std::string_view type, std::string_view message) {
  return json_response(status, boost::json::serialize(boost::json::object{{"errorMessage", message}, {"errorType", type}}));
}

http::Response response_too_large() {
  return refused(413, "RequestEntityTooLarge", fmt::format("Exceeded maximum allowed payload size ({} bytes).", kResponseMax));
}

http::Response wrong_state(std::string_view message) { return refused(403, "InvalidStateTransition", message); }
http::Response gone() { return refused(500, "InternalServerError", "The instance is ending"); }

// A header's value must stay one line. Outside its strings JSON does not mind.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

http::ServerOptions server_options(const std::string& instance) {
  http::ServerOptions out;
  out.bodies = http::Bodies::streamed;
  out.instance = instance;
  out.limits.body_bytes = kStreamMax + 1024 * 1024;
  out.limits.connections = 64;
  // A connection rests while its runtime works, 900 s at most.
  out.limits.body_timeout = out.limits.idle_timeout = 1000s;
  return out;
}

}  // namespace

RuntimeApi::RuntimeApi(asio::any_io_executor loop, std::function<void()> on_ready)
    : loop_(loop), on_ready_(std::move(on_ready)), changed_(std::move(loop)) {}

Result<> RuntimeApi::open(UniqueFd listening_socket, const std::string& instance) {
  auto handler = [weak = weak_from_this()](http::Request request) { return handle(weak.lock(), std::move(request)); };
  server_ = std::make_unique<http::Server>(loop_, std::move(handler), server_options(instance));
  return server_->adopt(std::move(listening_socket));
}

void RuntimeApi::close() {
  if (std::exchange(closed_, true)) return;
  changed_.notify();
  if (server_) server_->close();
}

asio::awaitable<Reply> RuntimeApi::init() {
  while (waiting_ == 0 && !init_error_ && !closed_) co_await changed_.wait();
  init_done_ = true;
  if (init_error_) co_return co_await whole(*init_error_, Reply::End::failed);
  co_return Reply{waiting_ > 0 ? Reply::End::ok : Reply::End::gone, {}, {}};
}

asio::awaitable<Reply> RuntimeApi::deliver(const Invocation& invocation, long long deadline_ms, ResponseStream* stream) {
  Current current{invocation, deadline_ms};
  current_ = &current;
  changed_.notify();
  while (!current.post && !closed_) co_await changed_.wait();
  Reply reply{current.taken ? Reply::End::gone : Reply::End::not_taken, {}, {}};
  if (current.post) {
    reply = co_await answer(*current.post, stream);
    answered_id_ = invocation.id.str();
  }
  current_ = nullptr;
  const auto until = Signal::Time::clock::now() + kNextGrace;
  while (waiting_ == 0 && !closed_ && Signal::Time::clock::now() < until) co_await changed_.wait(until);
  co_return reply;
}

asio::awaitable<Reply> RuntimeApi::answer(Post& post, ResponseStream* stream) {
  if (post.kind == PostKind::error) return whole(post, Reply::End::failed);
  if (post.request.fields.get("Lambda-Runtime-Function-Response-Mode") == "streaming") return streamed(post, stream);
  return whole(post, Reply::End::ok);
}

// What a response gives whose body did not come to its end.
Reply RuntimeApi::broken_off(Post& post, Errc why, const std::string& message) {
  if (why == Errc::too_large) {
    post.verdict = response_too_large();
    return Reply{Reply::End::too_large, {}, {}};
  }
  post.verdict = refused(400, "InvalidRequest", message);
  return Reply{Reply::End::failed, R"({"errorType":"Runtime.TruncatedResponse","errorMessage":"Response body truncated"})", {}};
}

asio::awaitable<Reply> RuntimeApi::whole(Post& post, Reply::End end) {
  Reply out{end, {}, std::string(post.request.fields.get("Lambda-Runtime-Function-Error-Type"))};
  post.verdict = accepted();
  for (;;) {
    auto piece = co_await post.request.body_reader->read();
    if (!piece) {
      out = broken_off(post, out.end == Reply::End::too_large ? Errc::too_large : piece.error().code, piece.error().message);
      break;
    }
    if (piece->empty()) break;
    if (out.end == Reply::End::too_large) continue;
    out.body.append(*piece);
    if (out.body.size() > kResponseMax) {
      post.verdict = response_too_large();
      out = Reply{Reply::End::too_large, {}, {}};
    }
  }
  post.judged = true;
  changed_.notify();
  co_return out;
}

asio::awaitable<Reply> RuntimeApi::streamed(Post& post, ResponseStream* stream) {
  StreamSink sink(stream);
  Reply out{Reply::End::ok, {}, {}};
  post.verdict = accepted();
  co_await sink.begin(std::string(post.request.fields.get("Content-Type")));
  for (;;) {
    auto piece = co_await post.request.body_reader->read();
    if (!piece) {
      out = broken_off(post, out.end == Reply::End::too_large ? Errc::too_large : piece.error().code, piece.error().message);
      break;
    }
    if (piece->empty()) break;
    co_await sink.write(std::move(*piece));
  }
  const http::Fields& trailers = post.request.body_reader->trailers();
  const std::string_view body = trailers.get("Lambda-Runtime-Function-Error-Body");
  if (const auto* type = trailers.find("Lambda-Runtime-Function-Error-Type"); type && out.end == Reply::End::ok) {
    const auto object = body.size() <= kErrorTrailerMax ? from_base64(body) : fail(Errc::too_large, {});
    out = Reply{Reply::End::failed, object.value_or(boost::json::serialize(boost::json::object{{"errorType", *type}})), *type};
  } else if (sink.too_large()) {
    post.verdict = refused(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size");
    out = Reply{Reply::End::too_large, {}, {}};
  } else if (out.end == Reply::End::ok) {
    out.body = sink.take_collected();
  }
  post.judged = true;
  changed_.notify();
  co_return out;
}

asio::awaitable<http::Response> RuntimeApi::handle(std::shared_ptr<RuntimeApi> self, http::Request request) {
  if (!self || self->closed_) co_return gone();
  std::string_view path = request.path;
  if (path.starts_with(kPrefix)) {
    path.remove_prefix(kPrefix.size());
    const bool is_post = request.method == "POST";
    if (request.method == "GET" && path == "invocation/next") co_return co_await self->next();
    if (is_post && path == "init/error") co_return co_await self->post(request, {}, PostKind::init_error);
    if (is_post && path.starts_with("invocation/")) {
      path.remove_prefix(std::string_view("invocation/").size());
      const std::size_t slash = path.find('/');
      const std::string_view action = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
      if (action == "response") co_return co_await self->post(request, path.substr(0, slash), PostKind::response);
      if (action == "error") co_return co_await self->post(request, path.substr(0, slash), PostKind::error);
    }
  }
  co_return refused(404, "NotFound", fmt::format("There is no {} {} in the Lambda Runtime API", request.method, request.path));
}

asio::awaitable<http::Response> RuntimeApi::next() {
  if (current_ && current_->taken) co_return wrong_state("The current invocation has no response yet");
  const auto turn = ++turn_;
  waiting_ = 1;
  changed_.notify();
  on_ready_();
  while (!closed_ && turn == turn_ && (!current_ || current_->taken)) co_await changed_.wait();
  if (closed_) co_return gone();
  if (turn != turn_) co_return wrong_state("There is a newer request for the next invocation");
  waiting_ = 0;
  current_->taken = true;

  const Invocation& invocation = current_->invocation;
  http::Response out = json_response(200, invocation.payload);
  out.fields.add("Lambda-Runtime-Aws-Request-Id", invocation.id.str());
  out.fields.add("Lambda-Runtime-Deadline-Ms", std::to_string(current_->deadline_ms));
  out.fields.add("Lambda-Runtime-Invoked-Function-Arn", one_line(invocation.invoked_arn));
  if (!invocation.trace_id.empty()) out.fields.add("Lambda-Runtime-Trace-Id", one_line(invocation.trace_id));
  if (!invocation.client_context.empty()) out.fields.add("Lambda-Runtime-Client-Context", one_line(invocation.client_context));
  co_return out;
}

asio::awaitable<http::Response> RuntimeApi::post(const http::Request& request, std::string_view id, PostKind kind) {
  Post own{request, kind, false, {}};
  if (kind == PostKind::init_error) {
    if (init_done_ || init_error_) co_return wrong_state("Init is over");
    init_error_ = &own;
  } else {
    if (id == answered_id_ && !id.empty()) co_return wrong_state("The invocation has its response already");
    if (!current_ || !current_->taken || id != current_->invocation.id.str()) {
      co_return refused(400, "InvalidRequestID", "Invalid request ID");
    }
    if (current_->post) co_return wrong_state("The invocation has its response already");
    const std::string_view mode = request.fields.get("Lambda-Runtime-Function-Response-Mode");
    if (kind == PostKind::response && !mode.empty() && mode != "streaming" && mode != "buffered") {
      co_return refused(400, "InvalidFunctionResponseMode", "Invalid function response mode");
    }
    current_->post = &own;
  }
  changed_.notify();
  co_return co_await judged(own);
}

// The wait has no other end: deliver() and init() judge what they have been given, even when the channel closes meanwhile (the
// body then ends with an error), and own must outlive that.
asio::awaitable<http::Response> RuntimeApi::judged(Post& post) {
  while (!post.judged) co_await changed_.wait();
  co_return std::move(post.verdict);
}

}  // namespace wick::invoke
