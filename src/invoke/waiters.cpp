#include "invoke/waiters.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace wick::invoke {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kPause{1};  // between two looks at all of them

}  // namespace

Waiters::Waiters(asio::any_io_executor loop, const Clock& clock)
    : loop_(std::move(loop)), clock_(clock), overdue_(loop_, clock, [this] { release_overdue(); }) {}

asio::awaitable<InstancePtr> Waiters::wait(MonoTime since, MonoTime until) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(InstancePtr)>(
      [this, since, until](auto handler) {
        auto place = queue_.end();
        while (place != queue_.begin() && std::prev(place)->since > since) --place;
        queue_.insert(place,
                      {since, until, [handler = std::move(handler)](InstancePtr instance) mutable { std::move(handler)(std::move(instance)); }});
        if (until < overdue_.at()) overdue_.set(until);
      },
      asio::use_awaitable);
}

bool Waiters::give(const InstancePtr& instance) {
  if (queue_.empty()) return false;
  resume_first(instance);
  return true;
}

// Through the loop: whoever gives has its own caller to answer first.
void Waiters::resume(Waiter waiter, InstancePtr instance) {
  asio::post(loop_, [resume = std::move(waiter.resume), instance = std::move(instance)]() mutable { resume(std::move(instance)); });
}

void Waiters::resume_first(InstancePtr instance) {
  resume(std::move(queue_.front()), std::move(instance));
  queue_.pop_front();
}

void Waiters::release_overdue() {
  const MonoTime now = clock_.monotonic();
  MonoTime next = Watchdog::kNever;
  std::deque<Waiter> left;
  for (Waiter& one : queue_) {
    if (one.until <= now) {
      resume(std::move(one), nullptr);
    } else {
      next = std::min(next, std::max(one.until, now + kPause));
      left.push_back(std::move(one));
    }
  }
  queue_ = std::move(left);
  overdue_.set(next);
}

void Waiters::release_beyond(std::size_t count) {
  while (queue_.size() > count) resume_first(nullptr);
}

}  // namespace wick::invoke
