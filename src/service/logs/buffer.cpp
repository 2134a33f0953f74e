#include "service/logs/buffer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace wick::service::logs {
namespace {

constexpr std::size_t kEventOverhead = 200;  // bytes, about what an event takes beside its message

std::size_t size_of(const invoke::LogEvent& event) { return event.message.size() + kEventOverhead; }

}  // namespace

void Buffer::add(invoke::LogEvent event) {
  const std::size_t size = size_of(event);
  Share& share = shares_[event.function];
  share.bytes += size;
  bytes_ += size;
  share.events.push_back({++number_, std::move(event)});
  while (bytes_ > bytes_max_) make_room();
}

void Buffer::make_room() {
  const auto heaviest = std::ranges::max_element(shares_, {}, [](const auto& entry) { return entry.second.bytes; });
  Share& share = heaviest->second;
  const std::size_t size = size_of(share.events.front().event);
  share.bytes -= size;
  bytes_ -= size;
  lose_one(std::move(share.events.front().event));
  share.events.pop_front();
  if (share.events.empty()) shares_.erase(heaviest);
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
  if (const auto share = shares_.find(function); share != shares_.end()) {
    bytes_ -= share->second.bytes;
    shares_.erase(share);
  }
  lost_.erase(function);
}

std::vector<invoke::LogEvent> Buffer::take() {
  std::vector<Waiting> waiting;
  for (auto& [function, share] : shares_) std::ranges::move(share.events, std::back_inserter(waiting));
  std::ranges::sort(waiting, {}, &Waiting::number);
  std::vector<invoke::LogEvent> taken;
  taken.reserve(lost_.size() + waiting.size());
  for (auto& [function, loss] : lost_) {
    loss.last.message = fmt::format("[{} log events are missing here: they came faster than they could be written]", loss.count);
    taken.push_back(std::move(loss.last));
  }
  for (Waiting& one : waiting) taken.push_back(std::move(one.event));
  lost_.clear();
  shares_.clear();
  bytes_ = 0;
  return taken;
}

}  // namespace wick::service::logs
