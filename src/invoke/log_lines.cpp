#include "invoke/log_lines.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/digest.h"

namespace wick::invoke {
namespace {

enum class Level { debug, info, warn };

Level lowest_level(const function::Version& version) {
  if (version.system_log_level == "WARN") return Level::warn;
  return version.system_log_level == "DEBUG" ? Level::debug : Level::info;
}

bool is_json(const function::Version& version) { return version.log_format == function::LogFormat::json; }

std::string millis(std::int64_t us) { return fmt::format("{:.2f}", static_cast<double>(us) / 1000.0); }

// record: the members of an object. Numbers are put in as text, since boost::json would write 110.1 as 1.101E2.
std::string event(WallTime now, std::string_view type, std::string_view record) {
  return fmt::format(R"({{"time":"{}","type":"{}","record":{{{}}}}})", format_iso8601_zulu(now), type, record);
}

std::string json_status(std::string_view status, std::string_view error_type) {
  std::string out = fmt::format(R"("status":"{}")", status);
  if (!error_type.empty()) out += R"(,"errorType":)" + boost::json::serialize(boost::json::value(error_type));
  return out;
}

std::string text_status(std::string_view status, std::string_view error_type) {
  if (error_type.empty()) return fmt::format("Status: {}", status);
  return fmt::format("Status: {}\tError Type: {}", status, error_type);
}

std::string json_start(const Timing& timing) {
  if (!timing.cold()) return {};
  if (!timing.restored()) return fmt::format(R"(,"initDurationMs":{})", millis(timing.init_us));
  return fmt::format(R"(,"restoreDurationMs":{},"billedRestoreDurationMs":{})", millis(timing.restore_us()), timing.billed_restore_ms());
}

std::string text_start(const Timing& timing) {
  if (!timing.cold()) return {};
  if (!timing.restored()) return fmt::format("Init Duration: {} ms\t", millis(timing.init_us));
  return fmt::format("Restore Duration: {} ms\tBilled Restore Duration: {} ms\t", millis(timing.restore_us()), timing.billed_restore_ms());
}

// nodejs22.x as AWS names builds of it: nodejs:22.v1.
std::string runtime_version(const std::string& runtime) {
  const auto digit = std::min(runtime.find_first_of("0123456789"), runtime.size());
  std::string number = runtime.substr(digit);
  if (number.ends_with(".x")) number.resize(number.size() - 2);
  return fmt::format("{}:{}.v1", runtime.substr(0, digit), number);
}

std::string json_report(const function::Version& version, const Report& report) {
  const Timing& timing = report.timing;
  return fmt::format(R"("requestId":"{}","metrics":{{"durationMs":{},"billedDurationMs":{},"memorySizeMB":{},"maxMemoryUsedMB":{}{}}},{})",
                     report.id.str(), millis(timing.run_us), timing.billed_ms, version.memory_mb, timing.memory_peak_mb, json_start(timing),
                     json_status(report.status, report.error_type));
}

}  // namespace

std::string start_line(const function::Version& version, const RequestId& id, WallTime now) {
  if (!is_json(version)) return fmt::format("START RequestId: {} Version: {}", id.str(), version.version);
  if (lowest_level(version) > Level::info) return {};
  return event(now, "platform.start", fmt::format(R"("requestId":"{}","version":"{}")", id.str(), version.version));
}

std::string end_line(const function::Version& version, const RequestId& id) {
  return is_json(version) ? std::string() : fmt::format("END RequestId: {}", id.str());
}

std::string report_line(const function::Version& version, const Report& report, WallTime now) {
  const Timing& timing = report.timing;
  const bool success = report.status == "success";
  if (is_json(version)) {
    if (success && lowest_level(version) > Level::info) return {};
    return event(now, "platform.report", json_report(version, report));
  }
  std::string line = fmt::format("REPORT RequestId: {}\tDuration: {} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
                                 report.id.str(), millis(timing.run_us), timing.billed_ms, version.memory_mb, timing.memory_peak_mb);
  line += text_start(timing);
  if (!success) line += text_status(report.status, report.error_type);
  return line;
}

std::string init_report_line(const function::Version& version, std::int64_t init_us, std::string_view status, std::string_view error_type,
                             WallTime now) {
  if (is_json(version)) {
    return event(now, "platform.initReport",
                 fmt::format(R"("phase":"init","metrics":{{"durationMs":{}}},{})", millis(init_us), json_status(status, error_type)));
  }
  return fmt::format("INIT_REPORT Init Duration: {} ms\tPhase: init\t{}", millis(init_us), text_status(status, error_type));
}

std::string restore_start_line(const function::Version& version, const std::string& region, WallTime now) {
  const std::string arn = runtime_version_arn(region, version.runtime);
  if (is_json(version)) {
    if (lowest_level(version) > Level::info) return {};
    return event(now, "platform.restoreStart",
                 fmt::format(R"("runtimeVersion":"{}","runtimeVersionArn":"{}","functionName":"{}","functionVersion":"{}")",
                             runtime_version(version.runtime), arn, version.name.str(), version.version));
  }
  return fmt::format("RESTORE_START Runtime Version: {}\tRuntime Version ARN: {}", runtime_version(version.runtime), arn);
}

std::string restore_report_line(const function::Version& version, std::int64_t restore_us, std::string_view status, std::string_view error_type,
                                WallTime now) {
  const bool success = status == "success";
  if (is_json(version)) {
    if (success && lowest_level(version) > Level::info) return {};
    return event(now, "platform.restoreReport",
                 fmt::format(R"("metrics":{{"durationMs":{}}},{})", millis(restore_us), json_status(status, error_type)));
  }
  std::string line = fmt::format("RESTORE_REPORT Restore Duration: {} ms", millis(restore_us));
  if (!success) line += "\t" + text_status(status, error_type);
  return line;
}

std::string runtime_version_arn(const std::string& region, const std::string& runtime) {
  return fmt::format("arn:aws:lambda:{}::runtime:{}", region, to_hex(bytes_of(sha256(runtime))));
}

}  // namespace wick::invoke
