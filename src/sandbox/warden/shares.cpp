#include "sandbox/warden/shares.h"

namespace wick::sandbox::warden {

Result<CgroupSharePtr> Shares::of(std::string_view name, const std::function<Result<CgroupSharePtr>()>& make) {
  const auto found = names_.find(name);
  if (found == names_.end()) return CgroupSharePtr();
  if (!found->second.share) {
    WICK_TRY(found->second.share, make());
  }
  return found->second.share;
}

void Shares::add(std::string_view name, std::size_t slot) {
  if (name.empty()) return;
  ++names_[std::string(name)].instances;
  instances_.emplace(slot, name);
}

void Shares::remove(std::size_t slot) {
  const auto instance = instances_.find(slot);
  if (instance == instances_.end()) return;
  const auto name = names_.find(instance->second);
  if (--name->second.instances == 0) names_.erase(name);
  instances_.erase(instance);
}

}  // namespace wick::sandbox::warden
