#include "invoke/log_lines.h"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

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

std::string json_report(const function::Version& version, const Report& report) {
  const Timing& timing = report.timing;
  return fmt::format(R"("requestId":"{}","metrics":{{"durationMs":{},"billedDurationMs":{},"memorySizeMB":{},"maxMemoryUsedMB":{}{}}},{})",
                     report.id.str(), millis(timing.run_us), timing.billed_ms, version.memory_mb, timing.memory_peak_mb,
                     timing.cold() ? fmt::format(R"(,"initDurationMs":{})", millis(timing.init_us)) : std::string(),
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
  if (timing.cold()) line += fmt::format("Init Duration: {} ms\t", millis(timing.init_us));
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

}  // namespace wick::invoke
