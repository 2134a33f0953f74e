#include "event/shares.h"

#include <algorithm>

namespace wick::event {

Shares::Shares(const QueueOptions& options) : workers_(options.workers), events_max_(options.backlog_max), bytes_max_(options.backlog_bytes_max) {}

bool Shares::may_keep(const function::FunctionName& function, std::uint64_t bytes) const {
  const auto found = shares_.find(function);
  const Share share = found == shares_.end() ? Share{} : found->second;
  const auto events_left = events_max_ - std::min(events_, events_max_);
  const auto bytes_left = bytes_max_ - std::min(bytes_, bytes_max_);
  return share.events < events_left && bytes <= bytes_left && share.bytes < bytes_left;
}

void Shares::keep(const function::FunctionName& function, std::uint64_t bytes) {
  Share& share = shares_[function];
  ++share.events;
  share.bytes += bytes;
  ++events_;
  bytes_ += bytes;
}

void Shares::drop(const function::FunctionName& function, std::uint64_t bytes) {
  Share& share = shares_[function];
  --share.events;
  share.bytes -= bytes;
  --events_;
  bytes_ -= bytes;
  tidy(function);
}

bool Shares::may_run(const function::FunctionName& function) const {
  const auto found = shares_.find(function);
  return may_run(found == shares_.end() ? Share{} : found->second);
}

void Shares::begin(const function::FunctionName& function) {
  ++shares_[function].running;
  ++running_;
}

void Shares::end(const function::FunctionName& function) {
  --shares_[function].running;
  --running_;
  tidy(function);
}

bool Shares::anyone_may_run() const {
  return std::ranges::any_of(shares_, [this](const auto& entry) { return entry.second.events > entry.second.running && may_run(entry.second); });
}

void Shares::tidy(const function::FunctionName& function) {
  const auto found = shares_.find(function);
  if (found->second.events == 0 && found->second.running == 0) shares_.erase(found);
}

}  // namespace wick::event
