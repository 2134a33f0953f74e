#include "sandbox/warden/serve.h"

#include <string.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "sandbox/warden/packet.h"
#include "sandbox/warden/rules.h"

namespace wick::sandbox::warden {
namespace {

constexpr std::uint64_t kDaemon = ~std::uint64_t{0};  // any other key is a slot
constexpr std::size_t kPrepared = 4;                  // instances that wait for what to run
constexpr int kQuietMillis = 5;                       // without an event for so long the next one is prepared
constexpr Millis kTurn{5};
constexpr Millis kEndMax{1000};

Result<> watch(const UniqueFd& epoll, int fd, std::uint64_t key) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = key}};
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("watch a descriptor");
  return {};
}

void complain(const Error& error) { fmt::print(stderr, "wick-warden: {}\n", error.message); }

}  // namespace

Result<Server> Server::open(UniqueFd daemon, Host host) {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("make an epoll descriptor");
  WICK_CHECK(watch(epoll, daemon.get(), kDaemon));
  return Server(std::move(daemon), std::move(host), std::move(epoll));
}

Result<> Server::run() {
  while (stocking_ && prepared_.size() < kPrepared) stock_up();
  send(Hello{.version = kProtocolVersion, .error = {}, .missing = host_.missing});
  auto served = serve();
  end_all();
  return served;
}

Result<> Server::serve() {
  std::array<epoll_event, 64> events;
  while (true) {
    const bool restock = stocking_ && prepared_.size() < kPrepared;
    const int most = turning_.empty() ? -1 : static_cast<int>(kTurn.count());
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), restock ? kQuietMillis : most);
    if (count < 0 && errno != EINTR) return fail_errno("wait for events");
    if (count == 0 && restock) stock_up();
    take_turns();
    for (int i = 0; i < count; ++i) {
      const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
      if (key != kDaemon) {
        hear(key);
        continue;
      }
      WICK_TRY(const bool more, take_request());
      if (!more) return {};
    }
  }
}

// False when the daemon is gone.
Result<bool> Server::take_request() {
  WICK_TRY(size_, receive_packet(daemon_.get(), buffer_, nullptr, Wait::yes));
  if (size_ == 0) return false;
  const auto request = decode_request({buffer_.data(), size_});
  if (request) std::visit([this](const auto& message) { handle(message); }, *request);
  explicit_bzero(buffer_.data(), size_);
  if (!request) return std::unexpected(request.error());
  return true;
}

void Server::handle(const Boot& request) {
  if (auto booting = boot(request); !booting)
    send(Failed{.id = std::string(request.id), .code = booting.error().code, .message = std::move(booting.error().message)});
}

Result<> Server::boot(const Boot& request) {
  WICK_CHECK(check(request));
  if (find(request.id) != nullptr) return fail(Errc::already_exists, "there is an instance of that id");
  WICK_TRY(const std::size_t slot, take_prepared());
  stocking_ = true;
  if (auto started = slots_[slot]->start(request, {buffer_.data(), size_}); !started) {
    slots_[slot]->kill();  // hear() takes it away
    watch_turns(slot);
    return started;
  }
  by_id_.emplace(slots_[slot]->id(), slot);
  return {};
}

Result<std::size_t> Server::take_prepared() {
  if (prepared_.empty()) return prepare_one();
  const std::size_t slot = prepared_.front();
  prepared_.pop_front();
  return slot;
}

Result<std::size_t> Server::prepare_one() {
  const auto free = std::ranges::find_if(slots_, [](const auto& instance) { return instance == nullptr; });
  const auto slot = static_cast<std::size_t>(free - slots_.begin());
  if (slot == kSlots) return fail(Errc::throttled, fmt::format("there are {} instances, the most that the warden holds", kSlots));
  WICK_TRY(auto instance, Instance::prepare(host_, std::to_string(++serial_), user_of(host_, slot)));
  for (const int fd : instance->descriptors()) {
    if (fd >= 0) WICK_CHECK(watch(epoll_, fd, slot));
  }
  if (free == slots_.end()) slots_.emplace_back();
  slots_[slot] = std::move(instance);
  return slot;
}

void Server::stock_up() {
  if (const auto slot = prepare_one()) {
    prepared_.push_back(*slot);
  } else {
    complain(slot.error());
    stocking_ = false;
  }
}

void Server::handle(const EndInit& request) {
  if (Instance* instance = find(request.id)) instance->end_init();
}

void Server::handle(const Kill& request) {
  Instance* instance = find(request.id);
  if (instance == nullptr) return;
  instance->kill();
  watch_turns(by_id_.at(instance->id()));
}

void Server::handle(const GetUsage& request) {
  const Instance* instance = find(request.id);
  send(UsageReply{.id = std::string(request.id), .usage = instance != nullptr ? instance->usage() : Usage{}});
}

Instance* Server::find(std::string_view id) const {
  const auto found = by_id_.find(std::string(id));
  return found == by_id_.end() ? nullptr : slots_[found->second].get();
}

void Server::hear(std::size_t slot) {
  Instance* instance = slots_[slot].get();
  if (instance == nullptr) return;  // ended by an earlier event of the same round
  while (const auto news = instance->next_news()) {
    if (std::holds_alternative<Booted>(*news)) {
      send(*news, instance->daemon_ends());
      instance->close_daemon_ends();
    } else if (by_id_.contains(instance->id())) {
      send(*news);
    } else if (const auto* failed = std::get_if<Failed>(&*news); failed != nullptr && !ending_) {  // while it waited
      complain({failed->code, failed->message});
      std::erase(prepared_, slot);
      stocking_ = false;
    }
  }
  if (instance->finished())
    forget(slot);
  else
    watch_turns(slot);
}

void Server::watch_turns(std::size_t slot) {
  if (slots_[slot]->needs_turns()) turning_.insert(slot);
}

void Server::take_turns() {
  const MonoTime now = Clock::system().monotonic();
  if (turning_.empty() || now < next_turn_) return;
  next_turn_ = now + kTurn;
  for (const std::size_t slot : std::exchange(turning_, {})) {
    if (!slots_[slot]) continue;
    slots_[slot]->turn();
    hear(slot);
  }
}

void Server::forget(std::size_t slot) {
  by_id_.erase(slots_[slot]->id());
  slots_[slot].reset();
}

void Server::end_all() {
  ending_ = true;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (!slots_[slot]) continue;
    slots_[slot]->kill();
    watch_turns(slot);
  }
  const MonoTime deadline = Clock::system().monotonic() + kEndMax;
  std::array<epoll_event, 64> events;
  while (std::ranges::any_of(slots_, [](const auto& instance) { return instance != nullptr; }) && Clock::system().monotonic() < deadline) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), static_cast<int>(kTurn.count()));
    take_turns();
    for (int i = 0; i < count; ++i) {
      const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64;
      if (key != kDaemon) hear(key);
    }
  }
  if (host_.cgroups) host_.cgroups->clear();
}

// A daemon that does not read holds the warden up, and with it only itself. One that is gone shows in the next receive.
void Server::send(const Reply& reply, std::span<const int> descriptors) {
  if (ending_) return;
  if (auto sent = send_packet(daemon_.get(), encode(reply), descriptors, Wait::yes); !sent) complain(sent.error());
}

}  // namespace wick::sandbox::warden
