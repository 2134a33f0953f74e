#pragma once
// How instances share the processor beside others (docs/decisions/023-shares-of-the-processor.md), so that many of one name, which is one
// version's of a function, are not many times as strong as one of another. There are two kinds:
//
// - those whose control group is made when their name is known lie in a group of all of them (cgroup.h);
// - those whose group was made ahead stand alone, with weights that together come to about one.
//
// Forks of a template with a package are neither: they lie in a group of their template's.
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "sandbox/warden/cgroup.h"

namespace wick::sandbox::warden {

class Shares {
 public:
  // Each instance is told what its weight is to be, as Cgroup::weigh() takes it, whenever that changes: seldom, when others of its name have
  // become twice as many, or a fourth.
  using Weigh = std::function<void(std::size_t slot, unsigned halvings)>;

  // For one more beside others of its name: null where there are none, and always for the empty name. Errors: make's.
  Result<CgroupSharePtr> find(std::string_view name, const std::function<Result<CgroupSharePtr>()>& make);

  // An instance in a slot has begun, in the group or alone; it has gone, of which nothing need be known.
  void add_to_group(std::string_view name, std::size_t slot);
  void add_alone(std::string_view name, std::size_t slot, const Weigh& weigh);
  void remove(std::size_t slot, const Weigh& weigh);

 private:
  struct Name {
    std::size_t in_group = 0;
    CgroupSharePtr share;
    std::set<std::size_t> alone;
    unsigned halvings = 0;  // of the weight of each of these
  };
  std::map<std::string, Name, std::less<>> names_;          // of those that there are instances of
  std::unordered_map<std::size_t, std::string> instances_;  // their names, by slot
};

}  // namespace wick::sandbox::warden
