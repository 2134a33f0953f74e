#pragma once
// Which share of the processor (cgroup.h) a booted instance gets, so that many of one function are not many times as strong as one of
// another (docs/decisions/023-shares-of-the-processor.md). The first of a name stands alone, since its group may have been made before its
// name was known; those that are booted beside others of their name have a share together.
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "sandbox/warden/cgroup.h"

namespace wick::sandbox::warden {

class Shares {
 public:
  // For the next one of that name: null for the first, and always for the empty name. Errors: make's.
  Result<CgroupSharePtr> of(std::string_view name, const std::function<Result<CgroupSharePtr>()>& make);

  // The instance in slot has begun; it has gone, of which nothing need be known.
  void add(std::string_view name, std::size_t slot);
  void remove(std::size_t slot);

 private:
  struct Name {
    std::size_t instances = 0;
    CgroupSharePtr share;
  };
  std::map<std::string, Name, std::less<>> names_;          // of those that there are instances of
  std::unordered_map<std::size_t, std::string> instances_;  // their names, by slot
};

}  // namespace wick::sandbox::warden
