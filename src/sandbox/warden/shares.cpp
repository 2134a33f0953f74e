#include "sandbox/warden/shares.h"

#include <bit>

namespace wick::sandbox::warden {

Result<CgroupSharePtr> Shares::find(std::string_view name, const std::function<Result<CgroupSharePtr>()>& make) {
  const auto found = names_.find(name);
  if (found == names_.end()) return CgroupSharePtr();
  if (!found->second.share) {
    WICK_TRY(found->second.share, make());
  }
  return found->second.share;
}

void Shares::add_to_group(std::string_view name, std::size_t slot) {
  if (name.empty()) return;
  ++names_[std::string(name)].in_group;
  instances_.emplace(slot, name);
}

void Shares::add_alone(std::string_view name, std::size_t slot, const Weigh& weigh) {
  if (name.empty()) return;
  Name& all = names_[std::string(name)];
  all.alone.insert(slot);
  instances_.emplace(slot, name);
  const auto halvings = static_cast<unsigned>(std::bit_width(all.alone.size()) - 1);
  if (halvings > all.halvings) {
    all.halvings = halvings;
    for (const std::size_t each : all.alone) weigh(each, halvings);
  } else if (all.halvings > 0) {
    weigh(slot, all.halvings);
  }
}

void Shares::remove(std::size_t slot, const Weigh& weigh) {
  const auto instance = instances_.find(slot);
  if (instance == instances_.end()) return;
  const auto found = names_.find(instance->second);
  Name& all = found->second;
  if (all.alone.erase(slot) == 0) --all.in_group;
  if (all.in_group == 0 && all.alone.empty()) {
    names_.erase(found);
  } else if (const auto halvings = static_cast<unsigned>(std::bit_width(all.alone.size())); !all.alone.empty() && halvings < all.halvings) {
    all.halvings = halvings;  // one more than now, so that a number that goes up and down does not mean work each time
    for (const std::size_t each : all.alone) weigh(each, halvings);
  } else if (all.alone.empty()) {
    all.halvings = 0;
  }
  instances_.erase(instance);
}

}  // namespace wick::sandbox::warden
