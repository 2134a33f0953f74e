#include "invoke/runtime_api.h"

#include <algorithm>
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
// How long an init waits for the other loops of a runtime once the first has asked.
constexpr auto kInitGrace = 50ms;
constexpr std::uint32_t kOtherConnections = 62;      // beside two for each invocation
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

http::ServerOptions server_options(const std::string& instance, std::uint32_t max_concurrency) {
  http::ServerOptions out;
  out.bodies = http::Bodies::streamed;
  out.instance = instance;
  out.limits.body_bytes = kStreamMax + 1024 * 1024;
  out.limits.connections = kOtherConnections + 2 * max_concurrency;
  // A connection rests while its runtime works, 900 s at most.
  out.limits.body_timeout = out.limits.idle_timeout = 1000s;
  return out;
}

}  // namespace

asio::awaitable<void> RuntimeApi::Waiting::wait() { (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable)); }

RuntimeApi::RuntimeApi(asio::any_io_executor loop, std::uint32_t max_concurrency, std::function<void()> on_ready)
    : loop_(loop), max_concurrency_(max_concurrency), on_ready_(std::move(on_ready)), changed_(std::move(loop)), answered_ids_(max_concurrency) {}

Result<> RuntimeApi::open(UniqueFd listening_socket, const std::string& instance) {
  auto handler = [weak = weak_from_this()](http::Request request) { return handle(weak.lock(), std::move(request)); };
  server_ = std::make_unique<http::Server>(loop_, std::move(handler), server_options(instance, max_concurrency_));
  return server_->adopt(std::move(listening_socket));
}

void RuntimeApi::close() {
  if (std::exchange(closed_, true)) return;
  for (Delivery* delivery : deliveries_) delivery->wake();
  for (Asking* asking : std::exchange(asking_, {})) asking->wake();
  changed_.notify();
  if (server_) server_->close();
}

asio::awaitable<Reply> RuntimeApi::init() {
  while (asking_.empty() && !init_error_ && !closed_) co_await changed_.wait();
  init_done_ = true;
  if (init_error_) co_return co_await whole(*init_error_, Reply::End::failed);
  const auto until = LoopClock::now() + kInitGrace;
  while (asking_.size() < max_concurrency_ && !closed_ && LoopClock::now() < until) co_await changed_.wait(until);
  co_return Reply{ready() > 0 ? Reply::End::ok : Reply::End::gone, {}, {}};
}

asio::awaitable<Reply> RuntimeApi::deliver(const Invocation& invocation, long long deadline_ms, ResponseStream* stream) {
  Delivery delivery(loop_, invocation, deadline_ms);
  deliveries_.push_back(&delivery);
  match();
  if (max_concurrency_ > 1 && !delivery.given) {  // whoever asked is gone
    std::erase(deliveries_, &delivery);
    co_return Reply{Reply::End::not_taken, {}, {}};
  }
  const auto over = [&] { return delivery.post || (delivery.given_up && delivery.taken == delivery.given); };
  while (!over() && !closed_) co_await delivery.wait();
  Reply reply{delivery.taken ? Reply::End::gone : Reply::End::not_taken, {}, {}};
  if (delivery.post) reply = co_await answer(*delivery.post, stream);
  std::erase(deliveries_, &delivery);
  if (delivery.post || delivery.given_up) remember_answered(invocation);
  if (!delivery.taken || delivery.given_up) co_return reply;
  // For one loop to come back, whichever of those that have answered so far.
  const std::size_t own = ++left_;
  const auto until = LoopClock::now() + kNextGrace;
  while (back_ < own && !closed_ && LoopClock::now() < until) co_await changed_.wait(until);
  back_ = std::max(back_, own);
  co_return reply;
}

// Gives the invocations that nobody has to whoever asks for one.
void RuntimeApi::match() {
  for (Delivery* delivery : deliveries_) {
    if (delivery->given) continue;
    while (max_concurrency_ > 1 && !asking_.empty() && asking_.back()->is_gone()) {
      asking_.back()->replace();
      asking_.pop_back();
    }
    if (asking_.empty()) return;
    delivery->given = true;
    asking_.back()->delivery = delivery;
    asking_.back()->wake();
    asking_.pop_back();
  }
}

void RuntimeApi::give_up(const Invocation& invocation) {
  Delivery* delivery = find(invocation.id.str());
  if (!delivery) return;
  delivery->given_up = true;
  if (delivery->post) delivery->post->request.body_reader->close();
  delivery->wake();
}

RuntimeApi::Delivery* RuntimeApi::find(std::string_view id) const {
  const auto found = std::ranges::find(deliveries_, id, [](const Delivery* one) -> std::string_view { return one->invocation.id.str(); });
  return found == deliveries_.end() ? nullptr : *found;
}

void RuntimeApi::remember_answered(const Invocation& invocation) { answered_ids_[answered_++ % max_concurrency_] = invocation.id.str(); }

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
  judge(post);
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
  judge(post);
  co_return out;
}

asio::awaitable<http::Response> RuntimeApi::handle(std::shared_ptr<RuntimeApi> self, http::Request request) {
  if (!self || self->closed_) co_return gone();
  std::string_view path = request.path;
  if (path.starts_with(kPrefix)) {
    path.remove_prefix(kPrefix.size());
    const bool is_post = request.method == "POST";
    if (request.method == "GET" && path == "invocation/next") co_return co_await self->next(request);
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

asio::awaitable<http::Response> RuntimeApi::next(const http::Request& request) {
  const auto given = static_cast<std::size_t>(std::ranges::count_if(deliveries_, &Delivery::given));
  if (given >= max_concurrency_) co_return wrong_state("The current invocation has no response yet");
  if (max_concurrency_ > 1) {
    std::erase_if(asking_, [](Asking* one) {
      if (!one->is_gone()) return false;
      one->replace();
      return true;
    });
  }
  const bool one_more = asking_.size() + given < max_concurrency_;
  if (one_more) {
    back_ = std::min(back_ + 1, left_);
  } else {
    asking_.front()->replace();
    asking_.erase(asking_.begin());
  }
  Asking own(loop_, request);
  asking_.push_back(&own);
  match();
  changed_.notify();
  if (one_more) on_ready_();
  while (!own.delivery && !own.replaced && !closed_) co_await own.wait();
  if (closed_) co_return gone();
  if (own.replaced) co_return wrong_state("There is a newer request for the next invocation");
  own.delivery->taken = true;
  if (own.delivery->given_up) own.delivery->wake();

  const Invocation& invocation = own.delivery->invocation;
  http::Response out = json_response(200, invocation.payload);
  out.fields.add("Lambda-Runtime-Aws-Request-Id", invocation.id.str());
  out.fields.add("Lambda-Runtime-Deadline-Ms", std::to_string(own.delivery->deadline_ms));
  out.fields.add("Lambda-Runtime-Invoked-Function-Arn", one_line(invocation.invoked_arn));
  if (!invocation.trace_id.empty()) out.fields.add("Lambda-Runtime-Trace-Id", one_line(invocation.trace_id));
  if (!invocation.client_context.empty()) out.fields.add("Lambda-Runtime-Client-Context", one_line(invocation.client_context));
  co_return out;
}

asio::awaitable<http::Response> RuntimeApi::post(const http::Request& request, std::string_view id, PostKind kind) {
  Post own(loop_, request, kind);
  if (kind == PostKind::init_error) {
    if (init_done_ || init_error_) co_return wrong_state("Init is over");
    init_error_ = &own;
    changed_.notify();
  } else {
    Delivery* delivery = find(id);
    const bool answered =
        delivery ? delivery->post || delivery->given_up : !id.empty() && std::ranges::find(answered_ids_, id) != answered_ids_.end();
    if (answered) co_return wrong_state("The invocation has its response already");
    if (!delivery || !delivery->taken) co_return refused(400, "InvalidRequestID", "Invalid request ID");
    const std::string_view mode = request.fields.get("Lambda-Runtime-Function-Response-Mode");
    if (kind == PostKind::response && !mode.empty() && mode != "streaming" && mode != "buffered") {
      co_return refused(400, "InvalidFunctionResponseMode", "Invalid function response mode");
    }
    delivery->post = &own;
    delivery->wake();
  }
  co_return co_await judged(own);
}

// The wait has no other end: deliver() and init() judge what they have been given, even when the channel closes meanwhile (the
// body then ends with an error), and own must outlive that.
asio::awaitable<http::Response> RuntimeApi::judged(Post& post) {
  while (!post.judged) co_await post.wait();
  co_return std::move(post.verdict);
}

void RuntimeApi::judge(Post& post) {
  post.judged = true;
  post.wake();
}

}  // namespace wick::invoke
