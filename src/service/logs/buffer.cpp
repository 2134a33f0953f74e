#include "service/logs/buffer.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace wick::service::logs {
namespace {

constexpr std::size_t kEventOverhead = 200;  // bytes, about what an event takes beside its message

std::size_t size_of(const invoke::LogEvent& event) { return event.message.size() + kEventOverhead; }

}  // namespace

void Buffer::add(invoke::LogEvent event) {
  bytes_ += size_of(event);
  events_.push_back(std::move(event));
  while (bytes_ > bytes_max_) {
    bytes_ -= size_of(events_.front());
    lose_one(std::move(events_.front()));
    events_.pop_front();
  }
}

void Buffer::lose(const std::vector<invoke::LogEvent>& events) {
  for (const auto& event : events) lose_one(event);
}

void Buffer::lose_one(invoke::LogEvent event) {
  auto& loss = lost_[event.function];
  ++loss.count;
  event.message.clear();
  loss.last = std::move(event);
}

void Buffer::forget(const function::FunctionName& function) {
  std::erase_if(events_, [&](const auto& event) {
    if (event.function != function) return false;
    bytes_ -= size_of(event);
    return true;
  });
  lost_.erase(function);
}

std::vector<invoke::LogEvent> Buffer::take() {
  std::vector<invoke::LogEvent> taken;
  for (auto& [function, loss] : lost_) {
    loss.last.message = fmt::format("[{} log events are missing here: they came faster than they could be written]", loss.count);
    taken.push_back(std::move(loss.last));
  }
  taken.insert(taken.end(), std::make_move_iterator(events_.begin()), std::make_move_iterator(events_.end()));
  lost_.clear();
  events_.clear();
  bytes_ = 0;
  return taken;
}

}  // namespace wick::service::logs
