#pragma once
// The platform's own lines in a function's log, in AWS's text form (START, END, REPORT, INIT_REPORT, RESTORE_START, RESTORE_REPORT) or its JSON form
// (platform.start, platform.report, platform.initReport; AWS, "Lambda Telemetry API Event schema reference").
//
// Each returns an empty string where the version's format or system log level has no such line.
#include <string>
#include <string_view>

#include "base/clock.h"
#include "function/version.h"
#include "invoke/invocation.h"

namespace wick::invoke {

struct Report {
  RequestId id;
  Timing timing;
  std::string status;      // success, error, timeout
  std::string error_type;  // of status error: set where the runtime failed, not where the handler answered with an error
};

std::string start_line(const function::Version& version, const RequestId& id, WallTime now);
std::string end_line(const function::Version& version, const RequestId& id);
std::string report_line(const function::Version& version, const Report& report, WallTime now);
// An init phase that failed (status error) or was over its time (status timeout).
std::string init_report_line(const function::Version& version, std::int64_t init_us, std::string_view status, std::string_view error_type,
                             WallTime now);

// The restore of a version's template, in place of an init phase.
std::string restore_start_line(const function::Version& version, const std::string& region, WallTime now);
std::string restore_report_line(const function::Version& version, std::int64_t restore_us, std::string_view status, std::string_view error_type,
                                WallTime now);

// AWS names the exact build of a runtime by a hash; Wick's is stable for each runtime.
std::string runtime_version_arn(const std::string& region, const std::string& runtime);

}  // namespace wick::invoke
