#pragma once
// Where an event's outcome goes: the record that a destination gets (Lambda Developer Guide, "Adding a destination"), and the
// function that a destination ARN names. Pure functions.
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "event/record.h"
#include "function/registry.h"
#include "invoke/invocation.h"

namespace wick::event {

// A loop of functions that are each other's destination ends here, as AWS's recursive loop detection ends it.
inline constexpr std::uint32_t kHopsMax = 16;

struct FunctionDestination {
  function::FunctionName function;
  std::string qualifier;
};

// nullopt for an ARN of anything but a Lambda function.
std::optional<FunctionDestination> parse_function_arn(std::string_view arn);

// record, payload: the event. outcome: of its last attempt, null when that did not run. condition: as in event/retry.h.
// A response payload that would make the record larger than an event may be is left out.
std::string destination_record(const Record& record, std::string_view payload, std::string_view condition, const function::Target& target,
                               const invoke::Outcome* outcome, WallTime now);

}  // namespace wick::event
