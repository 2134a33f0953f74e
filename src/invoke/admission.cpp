#include "invoke/admission.h"

#include <algorithm>
#include <string>

#include "invoke/engine.h"

namespace wick::invoke {

void Admission::update(const function::FunctionName& name, const Function& value) {
  Function& function = functions_[name];
  set_aside_ = set_aside_ - share(function) + share(value);
  function = value;
  if (!value.reserved && value.provisioned == 0 && value.running == 0) functions_.erase(name);
}

void Admission::set_reserved(const function::FunctionName& name, std::optional<std::uint32_t> limit) {
  Function changed = functions_[name];
  changed.reserved = limit;
  update(name, changed);
}

void Admission::add_provisioned(const function::FunctionName& name, std::int64_t change) {
  Function changed = functions_[name];
  changed.provisioned = static_cast<std::uint32_t>(std::max<std::int64_t>(0, changed.provisioned + change));
  update(name, changed);
}

Result<Admission::Slot> Admission::admit(const function::FunctionName& name, Kind kind) {
  const auto found = functions_.find(name);
  const std::optional<std::uint32_t> reserved = found == functions_.end() ? std::nullopt : found->second.reserved;
  if (reserved == 0) return fail(Errc::throttled, std::string(kReservedLimit));
  if (kind == Kind::provisioned) return Slot(nullptr, {}, false);
  if (reserved) {
    const Function& function = found->second;
    if (function.running + function.provisioned >= *reserved) return fail(Errc::throttled, std::string(kReservedLimit));
  } else if (unreserved_running_ + set_aside_ >= account_) {
    return fail(Errc::throttled, std::string(kAccountLimit));
  }
  if (!reserved) ++unreserved_running_;
  ++functions_[name].running;
  return Slot(this, name, !reserved);
}

void Admission::give_back(const Slot& slot) {
  if (slot.unreserved_) --unreserved_running_;
  const auto found = functions_.find(slot.name_);
  Function& function = found->second;
  --function.running;
  if (!function.reserved && function.provisioned == 0 && function.running == 0) functions_.erase(found);
}

}  // namespace wick::invoke
