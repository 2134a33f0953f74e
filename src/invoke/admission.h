#pragma once
// Who may run now: reserved concurrency of each function, and the account's concurrency for all the others, as AWS counts them.
//
// Reserved concurrency is taken out of the account's whether it is used or not. Provisioned concurrency is taken out of its function's
// reserved concurrency, or of the account's where the function has none; calls that run on it are counted with it, and by themselves where
// it ends before they do. Whatever changes meanwhile, what runs is counted until it ends.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/result.h"
#include "function/version.h"

namespace wick::invoke {

class Admission {
 public:
  explicit Admission(std::uint32_t account) : account_(account) {}

  void set_reserved(const function::FunctionName& name, std::optional<std::uint32_t> limit);
  // Adds to (or takes from) what is provisioned for all versions of the function.
  void add_provisioned(const function::FunctionName& name, std::int64_t change);

  enum class Kind { on_demand, provisioned };

  // One running invocation's place, given back with it.
  class Slot {
   public:
    Slot(Slot&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)), name_(std::move(other.name_)), kind_(other.kind_) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (admission_) admission_->give_back(*this);
    }

   private:
    friend class Admission;
    Slot(Admission* admission, function::FunctionName name, Kind kind) : admission_(admission), name_(std::move(name)), kind_(kind) {}
    Admission* admission_;
    function::FunctionName name_;
    Kind kind_;
  };

  // provisioned: an instance of provisioned concurrency is free for the call. Error: throttled, message is a Reason of engine.h.
  Result<Slot> admit(const function::FunctionName& name, Kind kind);

 private:
  struct Function {
    std::optional<std::uint32_t> reserved;
    std::uint32_t provisioned = 0;
    std::uint32_t on_demand = 0, on_provisioned = 0;  // running

    std::uint64_t used() const { return std::uint64_t{on_demand} + std::max(provisioned, on_provisioned); }
    std::uint64_t share() const { return std::max<std::uint64_t>(reserved.value_or(0), used()); }  // of the account's
    bool unused() const { return !reserved && used() == 0; }
  };

  Result<> check(const Function& now, const Function& then) const;
  void give_back(const Slot& slot);
  Function find(const function::FunctionName& name) const;
  void update(const function::FunctionName& name, const Function& now, const Function& then);

  const std::uint32_t account_;
  std::uint64_t used_ = 0;  // of the account's: all shares
  std::unordered_map<function::FunctionName, Function> functions_;
};

}  // namespace wick::invoke
