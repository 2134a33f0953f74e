#include "sandbox/warden/slots.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "sandbox/warden/host.h"

namespace wick::sandbox::warden {

Result<Slots> Slots::open() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("make an epoll descriptor");
  return Slots(std::move(epoll));
}

Result<std::size_t> Slots::add(const std::function<Result<std::unique_ptr<Instance>>(std::size_t)>& make) {
  const auto free = std::ranges::find_if(instances_, [](const auto& instance) { return instance == nullptr; });
  const auto slot = static_cast<std::size_t>(free - instances_.begin());
  if (slot == kSlots) return fail(Errc::throttled, fmt::format("there are {} instances, the most that the warden holds", kSlots));
  WICK_TRY(auto instance, make(slot));
  if (free == instances_.end()) instances_.emplace_back();
  instances_[slot] = std::move(instance);
  return slot;
}

bool Slots::empty() const {
  return std::ranges::all_of(instances_, [](const auto& instance) { return instance == nullptr; });
}

Result<> Slots::watch(int fd, std::uint64_t key) const {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = key}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno("watch a descriptor");
  return {};
}

Result<> Slots::watch(std::size_t slot) const {
  for (const int fd : instances_[slot]->descriptors()) {
    if (fd >= 0) WICK_CHECK(watch(fd, slot));
  }
  return {};
}

Result<std::span<const epoll_event>> Slots::wait(int millis) {
  const int count = epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), millis);
  if (count < 0 && errno != EINTR) return fail_errno("wait for events");
  return std::span<const epoll_event>(events_.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
}

}  // namespace wick::sandbox::warden
