#pragma once
// Who may run now: reserved concurrency of each function, and the account's concurrency for all the others, as AWS counts them.
//
// Reserved concurrency is taken out of the account's whether it is used or not. Provisioned concurrency is taken out of its function's
// reserved concurrency, or of the account's where the function has none; calls that run on it are counted no further.
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

  // One running invocation's place, given back with it.
  class Slot {
   public:
    Slot(Slot&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)), name_(std::move(other.name_)), unreserved_(other.unreserved_) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (admission_) admission_->give_back(*this);
    }

   private:
    friend class Admission;
    Slot(Admission* admission, function::FunctionName name, bool unreserved)
        : admission_(admission), name_(std::move(name)), unreserved_(unreserved) {}
    Admission* admission_;  // nullptr: not counted
    function::FunctionName name_;
    bool unreserved_;
  };

  // provisioned: an instance of provisioned concurrency is free for the call. Error: throttled, message is a Reason of engine.h.
  enum class Kind { on_demand, provisioned };
  Result<Slot> admit(const function::FunctionName& name, Kind kind);

 private:
  struct Function {
    std::optional<std::uint32_t> reserved;
    std::uint32_t provisioned = 0;
    std::uint32_t running = 0;  // on demand
  };

  void give_back(const Slot& slot);
  void update(const function::FunctionName& name, const Function& value);
  static std::uint64_t share(const Function& function) { return function.reserved ? *function.reserved : function.provisioned; }

  const std::uint32_t account_;
  std::uint64_t set_aside_ = 0;  // of the account's, for reserved and provisioned concurrency
  std::uint64_t unreserved_running_ = 0;
  std::unordered_map<function::FunctionName, Function> functions_;  // that have a limit or a running invocation
};

}  // namespace wick::invoke
