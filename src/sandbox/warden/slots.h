#pragma once
// The warden's instances, each in a slot whose number is also that of its host user, and what its one loop waits for.
#include <sys/epoll.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/warden/instance.h"

namespace wick::sandbox::warden {

class Slots {
 public:
  static Result<Slots> open();

  // Places what make gives for the slot. Errors: throttled (all are taken), those of make.
  Result<std::size_t> add(const std::function<Result<std::unique_ptr<Instance>>(std::size_t)>& make);
  Instance* at(std::size_t slot) const { return slot < instances_.size() ? instances_[slot].get() : nullptr; }
  void remove(std::size_t slot) { instances_[slot].reset(); }
  std::size_t size() const { return instances_.size(); }  // slots that have been used
  bool empty() const;

  // Whatever becomes readable is reported with its key, an instance's descriptors with its slot.
  Result<> watch(int fd, std::uint64_t key) const;
  Result<> watch(std::size_t slot) const;
  // Those that are readable, waiting for at most so many milliseconds, or for ever (-1).
  Result<std::span<const epoll_event>> wait(int millis);

 private:
  explicit Slots(UniqueFd epoll) : epoll_(std::move(epoll)), events_(64) {}

  UniqueFd epoll_;
  std::vector<epoll_event> events_;
  std::vector<std::unique_ptr<Instance>> instances_;  // null for a free one
};

}  // namespace wick::sandbox::warden
