#include "sandbox/warden/serve.h"

#include <string.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "sandbox/warden/packet.h"
#include "sandbox/warden/rules.h"

namespace wick::sandbox::warden {
namespace {

constexpr std::uint64_t kDaemon = ~std::uint64_t{0};       // any other key is a slot, or
constexpr std::uint64_t kKeeper = std::uint64_t{1} << 32;  // with this bit a template's keeper
constexpr std::size_t kPrepared = 4;                       // instances that wait for what to run
constexpr int kQuietMillis = 5;                            // without an event for so long the next one is prepared
constexpr int kShrinkMillis = 2000;
constexpr Millis kTurn{5};
constexpr Millis kEndMax{1000};

void complain(const Error& error) { fmt::print(stderr, "wick-warden: {}\n", error.message); }

}  // namespace

Result<Server> Server::open(UniqueFd daemon, Host host) {
  WICK_TRY(Slots slots, Slots::open());
  WICK_CHECK(slots.watch(daemon.get(), kDaemon));
  return Server(std::move(daemon), std::move(host), std::move(slots));
}

Result<> Server::run() {
  while (stocking_ && prepared_.size() < kPrepared) stock_up();
  send(Hello{.version = kProtocolVersion, .error = {}, .missing = host_.missing, .can_fork = host_.can_fork});
  auto served = serve();
  end_all();
  return served;
}

Result<> Server::serve() {
  while (true) {
    const bool restock = wants_stock();
    WICK_TRY(const auto events, slots_.wait(restock ? kQuietMillis : next_wake()));
    if (events.empty() && restock) stock_up();
    take_turns();
    shrink_templates();
    leftovers_.try_again(Clock::system().monotonic());
    for (const epoll_event& event : events) {
      if (event.data.u64 != kDaemon) {
        hear_event(event.data.u64);
        continue;
      }
      WICK_TRY(const bool more, take_request());
      if (!more) return {};
    }
  }
}

int Server::next_wake() const {
  if (!turning_.empty()) return static_cast<int>(kTurn.count());
  if (!leftovers_.empty()) return static_cast<int>(LeftoverGroups::kPause.count());
  const bool shrinks = std::ranges::any_of(templates_, [](const auto& one) { return one.second->has_many_seats(); });
  return shrinks ? kShrinkMillis : -1;
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

void Server::handle(const Fork& request) {
  if (auto forking = fork(request); !forking)
    send(Failed{.id = std::string(request.id), .code = forking.error().code, .message = std::move(forking.error().message)});
}

Result<> Server::boot(const Boot& request) {
  WICK_CHECK(check(request));
  if (request.is_template && !host_.can_fork) return fail(Errc::unavailable, "templates cannot be forked here");
  if (find(request.id) != nullptr) return fail(Errc::already_exists, "there is an instance of that id");
  CgroupSharePtr share;
  if (host_.cgroups) {
    auto found = shares_.find(request.share, [this] { return host_.cgroups->make_share("share-" + next_cgroup()); });
    if (found)
      share = std::move(*found);
    else
      complain(found.error());
  }
  WICK_TRY(const std::size_t slot, share ? prepare_one(share) : take_prepared());
  if (share)
    shares_.add_to_group(request.share, slot);
  else
    shares_.add_alone(request.share, slot, weigh());
  stocking_ = true;
  if (auto started = slots_.at(slot)->start(request, {buffer_.data(), size_}); !started) {
    slots_.at(slot)->kill();  // hear() takes it away
    watch_turns(slot);
    return started;
  }
  by_id_.emplace(slots_.at(slot)->id(), slot);
  if (request.is_template) booting_[slot] = {.limits = request.limits, .network = request.network, .has_package = !request.package.empty()};
  return {};
}

Result<> Server::fork(const Fork& request) {
  WICK_CHECK(check(request));
  if (find(request.id) != nullptr) return fail(Errc::already_exists, "there is an instance of that id");
  const auto origin = by_id_.find(std::string(request.origin));
  const auto found = origin == by_id_.end() ? templates_.end() : templates_.find(origin->second);
  if (found == templates_.end()) return fail(Errc::unavailable, "there is no such template");
  WICK_TRY(const std::size_t slot, found->second->fork(request, {buffer_.data(), size_}, next_cgroup()));
  shares_.add_alone(request.share, slot, weigh());
  by_id_.emplace(slots_.at(slot)->id(), slot);
  hear(slot);
  return {};
}

Result<std::size_t> Server::take_prepared() {
  if (prepared_.empty()) return prepare_one();
  const std::size_t slot = prepared_.front();
  prepared_.pop_front();
  return slot;
}

Result<std::size_t> Server::prepare_one(CgroupSharePtr share) {
  WICK_TRY(const std::size_t slot,
           slots_.add([&](std::size_t free) { return Instance::prepare(host_, next_cgroup(), user_of(host_, free), std::move(share)); }));
  if (auto watched = slots_.watch(slot); !watched) {
    slots_.remove(slot);
    return std::unexpected(std::move(watched).error());
  }
  return slot;
}

bool Server::wants_stock() const {
  return (stocking_ && prepared_.size() < kPrepared) ||
         std::ranges::any_of(templates_, [](const auto& one) { return one.second->wants_seat() || one.second->wants_fork(); });
}

void Server::stock_up() {
  for (const auto& [slot, one] : templates_) {
    if (one->wants_fork()) one->fork_ahead();
    if (!one->wants_seat()) continue;
    if (auto made = one->make_seat(next_cgroup()); !made) complain(made.error());
  }
  if (!stocking_ || prepared_.size() >= kPrepared) return;
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
  hear(by_id_.at(instance->id()));
}

void Server::handle(const GetUsage& request) {
  const Instance* instance = find(request.id);
  send(UsageReply{.id = std::string(request.id), .usage = instance != nullptr ? instance->usage() : Usage{}});
}

Instance* Server::find(std::string_view id) const {
  const auto found = by_id_.find(std::string(id));
  return found == by_id_.end() ? nullptr : slots_.at(found->second);
}

void Server::hear_event(std::uint64_t key) {
  if ((key & kKeeper) == 0) return hear(key);
  if (const auto one = templates_.find(key & ~kKeeper); one != templates_.end()) hear_all(one->second->hear());
}

void Server::hear_all(const Template::News& slots) {
  for (const std::size_t slot : slots) hear(slot);
}

void Server::hear(std::size_t slot) {
  Instance* instance = slots_.at(slot);
  if (instance == nullptr) return;  // ended by an earlier event of the same round
  while (const auto news = instance->next_news()) {
    if (std::holds_alternative<Booted>(*news)) {
      if (instance->is_template()) begin_template(slot);
      send(*news, instance->daemon_ends());
      instance->close_daemon_ends();
    } else if (by_id_.contains(instance->id())) {
      send(*news);
      by_id_.erase(instance->id());
    } else if (const auto* failed = std::get_if<Failed>(&*news); failed != nullptr && std::erase(prepared_, slot) > 0 && !ending_) {
      complain({failed->code, failed->message});  // while it waited
      stocking_ = false;
    }
  }
  if (instance->is_template()) {
    tend_template(slot);
    if (slots_.at(slot) == nullptr) return;
  }
  if (instance->finished())
    forget(slot);
  else
    watch_turns(slot);
}

Shares::Weigh Server::weigh() const {
  return [this](std::size_t slot, unsigned halvings) { slots_.at(slot)->weigh(halvings); };
}

void Server::begin_template(std::size_t slot) {
  const TemplateTraits traits = booting_[slot];
  booting_.erase(slot);
  auto begun = Template::open(host_, slots_, slot, traits);
  if (begun) {
    if (auto watched = slots_.watch((*begun)->descriptor(), slot | kKeeper); !watched) begun = std::unexpected(watched.error());
  }
  if (!begun) {
    complain(begun.error());
    return slots_.at(slot)->kill();
  }
  templates_[slot] = std::move(*begun);
}

void Server::tend_template(std::size_t slot) {
  const auto found = templates_.find(slot);
  if (found == templates_.end()) return;
  hear_all(found->second->take_child_ends());
  const Instance* instance = slots_.at(slot);  // it may have ended by that
  if (instance == nullptr || !instance->is_ending()) return;
  hear_all(found->second->end());
  // Without forks nothing holds its first process, at whose end the kernel kills all that is left below it, in whatever group.
  const auto left = templates_.find(slot);
  if (left != templates_.end() && !left->second->has_forks()) slots_.at(slot)->end();
}

void Server::shrink_templates() {
  const MonoTime now = Clock::system().monotonic();
  for (const auto& [slot, one] : templates_) {
    if (one->has_many_seats()) hear_all(one->shrink(now));
  }
}

void Server::watch_turns(std::size_t slot) {
  if (slots_.at(slot)->needs_turns()) turning_.insert(slot);
}

void Server::take_turns() {
  const MonoTime now = Clock::system().monotonic();
  if (turning_.empty() || now < next_turn_) return;
  next_turn_ = now + kTurn;
  for (const std::size_t slot : std::exchange(turning_, {})) {
    if (slots_.at(slot) == nullptr) continue;
    slots_.at(slot)->turn();
    hear(slot);
  }
}

void Server::forget(std::size_t slot) {
  by_id_.erase(slots_.at(slot)->id());
  booting_.erase(slot);
  shares_.remove(slot, weigh());
  templates_.erase(slot);
  for (const auto& [other, one] : templates_) one->forget(slot);
  leftovers_.add(slots_.at(slot)->take_cgroup(), Clock::system().monotonic());
  slots_.remove(slot);
}

void Server::end_all() {
  ending_ = true;
  for (const auto& [slot, one] : templates_) (void)one->end();
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_.at(slot) == nullptr) continue;
    slots_.at(slot)->end();
    watch_turns(slot);
  }
  const MonoTime deadline = Clock::system().monotonic() + kEndMax;
  while (!slots_.empty() && Clock::system().monotonic() < deadline) {
    const auto events = slots_.wait(static_cast<int>(kTurn.count()));
    take_turns();
    if (!events) continue;
    for (const epoll_event& event : *events) {
      if (event.data.u64 != kDaemon) hear_event(event.data.u64);
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
