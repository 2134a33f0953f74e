#include "invoke/log_lines.h"

#include <gtest/gtest.h>

namespace wick::invoke {
namespace {

struct LogLinesTest : testing::Test {
  function::Version version;
  WallTime now{std::chrono::microseconds(1'767'323'045'678'000)};  // 2026-01-02T03:04:05.678Z
  Report report{RequestId("id"), {.run_us = 3014, .billed_ms = 4, .memory_peak_mb = 36}, "success", {}};
};

TEST_F(LogLinesTest, Text) {
  EXPECT_EQ(start_line(version, report.id, now), "START RequestId: id Version: $LATEST");
  EXPECT_EQ(end_line(version, report.id), "END RequestId: id");
  EXPECT_EQ(report_line(version, report, now),
            "REPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t");
  report.timing.level = StartLevel::boot;
  report.timing.init_us = 110'100;
  report.status = "error";
  report.error_type = "Runtime.ExitError";
  EXPECT_EQ(report_line(version, report, now),
            "REPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
            "Init Duration: 110.10 ms\tStatus: error\tError Type: Runtime.ExitError");
  EXPECT_EQ(init_report_line(version, 10'000'000, "timeout", {}, now), "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout");
}

TEST_F(LogLinesTest, Restore) {
  version.runtime = "nodejs22.x";
  report.timing.level = StartLevel::version_template;
  report.timing.start_us = 2'000;
  report.timing.init_us = 500;
  report.timing.billed_ms = 5;
  EXPECT_EQ(restore_start_line(version, "us-east-1", now),
            "RESTORE_START Runtime Version: nodejs:22.v1\tRuntime Version ARN: " + runtime_version_arn("us-east-1", "nodejs22.x"));
  EXPECT_EQ(restore_report_line(version, 2500, "success", {}, now), "RESTORE_REPORT Restore Duration: 2.50 ms");
  EXPECT_EQ(restore_report_line(version, 2500, "error", "E", now), "RESTORE_REPORT Restore Duration: 2.50 ms\tStatus: error\tError Type: E");
  EXPECT_EQ(report_line(version, report, now),
            "REPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
            "Restore Duration: 2.50 ms\tBilled Restore Duration: 1 ms\t");
  version.log_format = function::LogFormat::json;
  EXPECT_EQ(
      report_line(version, report, now),
      R"({"time":"2026-01-02T03:04:05.678Z","type":"platform.report","record":{"requestId":"id","metrics":{"durationMs":3.01,)"
      R"("billedDurationMs":5,"memorySizeMB":128,"maxMemoryUsedMB":36,"restoreDurationMs":2.50,"billedRestoreDurationMs":1},"status":"success"}})");
  EXPECT_EQ(restore_report_line(version, 2500, "success", {}, now),
            R"({"time":"2026-01-02T03:04:05.678Z","type":"platform.restoreReport","record":{"metrics":{"durationMs":2.50},"status":"success"}})");
}

TEST_F(LogLinesTest, Json) {
  version.log_format = function::LogFormat::json;
  EXPECT_EQ(start_line(version, report.id, now),
            R"({"time":"2026-01-02T03:04:05.678Z","type":"platform.start","record":{"requestId":"id","version":"$LATEST"}})");
  EXPECT_EQ(end_line(version, report.id), "");
  report.timing.level = StartLevel::boot;
  report.timing.init_us = 110'100;
  report.status = "error";
  report.error_type = "Quo\"ted";
  EXPECT_EQ(report_line(version, report, now),
            R"({"time":"2026-01-02T03:04:05.678Z","type":"platform.report","record":{"requestId":"id","metrics":{"durationMs":3.01,)"
            R"("billedDurationMs":4,"memorySizeMB":128,"maxMemoryUsedMB":36,"initDurationMs":110.10},"status":"error","errorType":"Quo\"ted"}})");
}

TEST_F(LogLinesTest, JsonLevels) {
  version.log_format = function::LogFormat::json;
  version.system_log_level = "WARN";
  EXPECT_EQ(start_line(version, report.id, now), "");
  EXPECT_EQ(report_line(version, report, now), "");
  report.status = "timeout";
  EXPECT_NE(report_line(version, report, now), "");
}

}  // namespace
}  // namespace wick::invoke
