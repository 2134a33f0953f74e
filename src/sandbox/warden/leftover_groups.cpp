#include "sandbox/warden/leftover_groups.h"

#include <utility>

namespace wick::sandbox::warden {

void LeftoverGroups::add(std::unique_ptr<Cgroup> group, MonoTime now) {
  if (!group) return;
  if (groups_.empty()) next_ = now + kPause;
  groups_.push_back(std::move(group));
}

void LeftoverGroups::try_again(MonoTime now) {
  if (groups_.empty() || now < next_) return;
  next_ = now + kPause;
  std::erase_if(groups_, [](const std::unique_ptr<Cgroup>& group) {
    group->kill();
    return group->remove().has_value();
  });
}

}  // namespace wick::sandbox::warden
