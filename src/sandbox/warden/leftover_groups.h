#pragma once
// Control groups that could not be removed with their instances: a process in them takes long to die, or a template that has kept their
// doors lets others in. They are tried again, with a kill each time, until they are gone; what is left at the warden's end goes with that.
#include <memory>
#include <vector>

#include "base/clock.h"
#include "sandbox/warden/cgroup.h"

namespace wick::sandbox::warden {

class LeftoverGroups {
 public:
  static constexpr Millis kPause{1000};

  void add(std::unique_ptr<Cgroup> group, MonoTime now);  // null: there is nothing to do
  bool empty() const { return groups_.empty(); }
  void try_again(MonoTime now);  // no sooner than after the pause

 private:
  std::vector<std::unique_ptr<Cgroup>> groups_;
  MonoTime next_;
};

}  // namespace wick::sandbox::warden
