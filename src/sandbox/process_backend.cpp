#include "sandbox/process_backend.h"

#include <array>
#include <span>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/digest.h"
#include "base/random.h"
#include "sandbox/warden/packet.h"

namespace wick::sandbox {
namespace asio = boost::asio;
namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr int kKilled = 9;  // a status as waitpid(2) gives it: ended by SIGKILL

std::string new_instance_id() {
  std::array<std::byte, 16> bytes;
  Random::system().fill(bytes);
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

warden::Boot message_of(const Spec& spec, const std::string& id) {
  return {.id = id,
          .runtime = spec.runtime,
          .package = spec.package,
          .layers = spec.layers,
          .limits = spec.limits,
          .network = spec.network,
          .is_template = spec.is_template,
          .share = spec.share,
          .environment = {spec.environment.begin(), spec.environment.end()}};
}

warden::Fork message_of(const ForkSpec& spec, const std::string& id) {
  return {.id = id,
          .origin = spec.origin.str(),
          .package = spec.package,
          .layers = spec.layers,
          .share = spec.share,
          .limits = spec.limits,
          .environment = {spec.environment.begin(), spec.environment.end()}};
}

std::unexpected<Error> fail_gone() { return fail(Errc::unavailable, "the sandbox's warden is gone"); }

}  // namespace

// Tells the link how boot() ended, also where its coroutine is destroyed while it waits.
class WardenLink::Booting {
 public:
  Booting(std::shared_ptr<WardenLink> link, std::string id) : link_(std::move(link)), id_(std::move(id)) {}
  Booting(const Booting&) = delete;
  Booting& operator=(const Booting&) = delete;
  ~Booting() { link_->end_boot(id_, wanted); }

  bool wanted = false;

 private:
  std::shared_ptr<WardenLink> link_;
  std::string id_;
};

WardenLink::WardenLink(asio::any_io_executor loop, UniqueFd socket, std::function<void()> on_lost)
    : loop_(std::move(loop)), socket_(loop_, socket.release()), on_lost_(std::move(on_lost)), buffer_(warden::kPacketMax) {}

void WardenLink::start() { await_packet(); }

void WardenLink::close() {
  closed_ = true;
  on_lost_ = nullptr;
  for (auto& [id, living] : living_) living.wanted = false;
  lose();
}

asio::awaitable<Result<Booted>> WardenLink::boot(Spec spec, std::function<void(Exit)> on_exit) {
  std::string id = new_instance_id();
  std::string packet = encode(warden::Request(message_of(spec, id)));
  co_return co_await begin(std::move(id), std::move(packet), std::move(on_exit));
}

asio::awaitable<Result<Booted>> WardenLink::fork(ForkSpec spec, std::function<void(Exit)> on_exit) {
  std::string id = new_instance_id();
  std::string packet = encode(warden::Request(message_of(spec, id)));
  co_return co_await begin(std::move(id), std::move(packet), std::move(on_exit));
}

asio::awaitable<Result<Booted>> WardenLink::begin(std::string id, std::string packet, std::function<void(Exit)> on_exit) {
  WICK_CO_CHECK(send(std::move(packet)));
  const auto waiter = std::make_shared<Waiter<Booted>>(loop_);
  living_.emplace(id, Living{.on_exit = std::move(on_exit), .waiter = waiter, .wanted = true, .exit = std::nullopt});
  Booting booting(shared_from_this(), id);
  waiter->answered.expires_after(kBootMax);
  (void)co_await waiter->answered.async_wait(kAsTuple);
  booting.wanted = waiter->answer.has_value();
  co_return std::move(waiter->answer);
}

asio::awaitable<Result<Usage>> WardenLink::usage(InstanceId id) {
  if (!open_) co_return fail_gone();
  const auto self = shared_from_this();
  const auto waiter = std::make_shared<Waiter<Usage>>(loop_);
  usages_.emplace(id.str(), waiter);
  WICK_CO_CHECK(send(warden::GetUsage{.id = id.str()}));
  waiter->answered.expires_after(kUsageMax);
  (void)co_await waiter->answered.async_wait(kAsTuple);
  co_return waiter->answer;
}

Result<> WardenLink::send(const warden::Request& request) { return send(encode(request)); }

Result<> WardenLink::send(std::string packet) {
  if (!open_) return fail_gone();
  if (packet.size() > warden::kPacketMax) return fail(Errc::too_large, "the instance's environment is too large");
  if (queue_.size() >= kQueueMax) return fail(Errc::throttled, "too many requests wait for the sandbox's warden");
  queue_.push_back(std::move(packet));
  if (!flushing_) flush();
  return {};
}

void WardenLink::flush() {
  flushing_ = false;
  while (!queue_.empty()) {
    const auto sent = warden::send_packet(socket_.native_handle(), queue_.front(), {}, warden::Wait::no);
    if (!sent && sent.error().code != Errc::unavailable) return;  // the read loop sees the end
    if (!sent) {
      flushing_ = true;
      return socket_.async_wait(asio::posix::stream_descriptor::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && self->open_) self->flush();
      });
    }
    queue_.pop_front();
  }
}

void WardenLink::await_packet() {
  socket_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error || !self->open_) return;
    while (self->open_ && self->take_packet()) {
    }
    if (self->open_) self->await_packet();
  });
}

// False when there is no further packet now.
bool WardenLink::take_packet() {
  std::vector<UniqueFd> descriptors;
  const auto size = warden::receive_packet(socket_.native_handle(), buffer_, &descriptors, warden::Wait::no);
  if (!size && size.error().code == Errc::unavailable) return false;
  if (!size || *size == 0) {
    spdlog::error("the sandbox's warden is gone; every instance went with it");
    lose();
    return false;
  }
  auto reply = warden::decode_reply({buffer_.data(), *size});
  if (!reply) {
    spdlog::error("{}", reply.error().message);
    lose();
    return false;
  }
  handle(std::move(*reply), std::move(descriptors));
  return true;
}

void WardenLink::handle(warden::Reply reply, std::vector<UniqueFd> descriptors) {
  if (const auto* booted = std::get_if<warden::Booted>(&reply)) handle_booted(booted->id, std::move(descriptors));
  if (auto* failed = std::get_if<warden::Failed>(&reply)) handle_failed(std::move(*failed));
  if (const auto* exited = std::get_if<warden::Exited>(&reply)) handle_exited(*exited);
  if (const auto* usage = std::get_if<warden::UsageReply>(&reply)) handle_usage(*usage);
}

void WardenLink::handle_booted(const std::string& id, std::vector<UniqueFd> descriptors) {
  const auto found = living_.find(id);
  if (found == living_.end()) return;
  Living& living = found->second;
  // Fewer descriptors than were sent: this process has no room for more.
  if (living.wanted && living.waiter && descriptors.size() == warden::kBootedDescriptors) {
    living.waiter->answer = Booted{.id = InstanceId(id),
                                   .channel = std::move(descriptors[0]),
                                   .log = std::move(descriptors[1]),
                                   .runtime_api = std::move(descriptors[2]),
                                   .api = std::move(descriptors[3])};
  } else {
    if (living.waiter) living.waiter->answer = fail(Errc::unavailable, "no descriptors are left for another instance");
    living.wanted = false;
    (void)send(warden::Kill{.id = id});
  }
  if (living.waiter) living.waiter->answered.cancel();
}

void WardenLink::handle_failed(warden::Failed failed) {
  const auto found = living_.find(failed.id);
  if (found == living_.end()) return;
  if (const auto& waiter = found->second.waiter) {
    waiter->answer = fail(failed.code, std::move(failed.message));
    waiter->answered.cancel();
  }
  living_.erase(found);
}

void WardenLink::handle_exited(const warden::Exited& exited) {
  const auto found = living_.find(exited.id);
  if (found == living_.end()) return;
  if (found->second.wanted && found->second.waiter) {
    found->second.exit = exited.exit;  // end_boot() goes on from here
    return;
  }
  const Living living = std::move(found->second);
  living_.erase(found);
  if (living.wanted) living.on_exit(exited.exit);
}

void WardenLink::handle_usage(const warden::UsageReply& reply) {
  const auto [begin, end] = usages_.equal_range(reply.id);
  for (auto entry = begin; entry != end; ++entry) {
    entry->second->answer = reply.usage;
    entry->second->answered.cancel();
  }
  usages_.erase(begin, end);
}

void WardenLink::end_boot(const std::string& id, bool wanted) {
  const auto found = living_.find(id);
  if (found == living_.end()) return;
  Living& living = found->second;
  living.waiter.reset();
  if (wanted && !living.exit) return;
  if (wanted) {
    asio::post(loop_, [self = shared_from_this(), on_exit = std::move(living.on_exit), exit = *living.exit] {
      if (!self->closed_) on_exit(exit);
    });
  } else if (!living.exit) {
    living.wanted = false;
    (void)send(warden::Kill{.id = id});
    return;  // until it is heard of
  }
  living_.erase(found);
}

// Everyone who waits hears of it; then whoever has an instance.
void WardenLink::lose() {
  if (!open_) return;
  open_ = false;
  socket_.close();
  queue_.clear();
  for (const auto& [id, waiter] : usages_) {
    waiter->answer = fail_gone();
    waiter->answered.cancel();
  }
  usages_.clear();
  auto living = std::exchange(living_, {});
  for (auto& [id, instance] : living) {
    if (!instance.waiter) continue;
    instance.waiter->answer = fail_gone();
    instance.waiter->answered.cancel();
  }
  for (auto& [id, instance] : living) {
    if (instance.wanted && !instance.waiter) instance.on_exit(Exit{.status = kKilled, .out_of_memory = false});
  }
  if (const auto on_lost = std::exchange(on_lost_, nullptr)) on_lost();
}

}  // namespace wick::sandbox
