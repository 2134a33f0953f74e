#include "invoke/admission.h"

#include <string>

#include "invoke/engine.h"

namespace wick::invoke {

Admission::Function Admission::find(const function::FunctionName& name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? Function() : found->second;
}

void Admission::update(const function::FunctionName& name, const Function& now, const Function& then) {
  used_ = used_ - now.share() + then.share();
  if (then.unused()) {
    functions_.erase(name);
  } else {
    functions_[name] = then;
  }
}

void Admission::set_reserved(const function::FunctionName& name, std::optional<std::uint32_t> limit) {
  const Function now = find(name);
  Function then = now;
  then.reserved = limit;
  update(name, now, then);
}

void Admission::add_provisioned(const function::FunctionName& name, std::int64_t change) {
  const Function now = find(name);
  Function then = now;
  then.provisioned = static_cast<std::uint32_t>(std::max<std::int64_t>(0, now.provisioned + change));
  update(name, now, then);
}

Result<Admission::Slot> Admission::admit(const function::FunctionName& name, Kind kind) {
  const Function now = find(name);
  Function then = now;
  ++(kind == Kind::provisioned ? then.on_provisioned : then.on_demand);
  WICK_CHECK(check(now, then));
  update(name, now, then);
  return Slot(this, name, kind);
}

Result<> Admission::check(const Function& now, const Function& then) const {
  if (now.reserved == 0) return fail(Errc::throttled, std::string(kReservedLimit));
  if (then.used() == now.used()) return {};  // what is provisioned is set aside already
  if (then.reserved && then.used() > *then.reserved) return fail(Errc::throttled, std::string(kReservedLimit));
  if (!then.reserved && used_ - now.share() + then.share() > account_) return fail(Errc::throttled, std::string(kAccountLimit));
  return {};
}

void Admission::give_back(const Slot& slot) {
  const Function now = find(slot.name_);
  Function then = now;
  --(slot.kind_ == Kind::provisioned ? then.on_provisioned : then.on_demand);
  update(slot.name_, now, then);
}

}  // namespace wick::invoke
