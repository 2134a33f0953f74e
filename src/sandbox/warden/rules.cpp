#include "sandbox/warden/rules.h"

#include <algorithm>

#include <fmt/format.h>

namespace wick::sandbox::warden {
namespace {

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 2 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Result<> check_range(const char* what, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  if (value >= least && value <= most) return {};
  return fail(Errc::invalid_argument, fmt::format("{} is {}, not between {} and {}", what, value, least, most));
}

Result<> check_limits(const Limits& limits) {
  WICK_CHECK(check_range("memory", limits.memory_bytes, 32 * kMiB, 10240 * kMiB));
  WICK_CHECK(check_range("cpu", limits.cpu_millis, 10, 6000));
  WICK_CHECK(check_range("pids", limits.pids, 8, 1024));
  return check_range("/tmp", limits.tmp_bytes, kMiB, 10240 * kMiB);
}

Result<> check_environment(const std::vector<std::string_view>& environment) {
  for (const std::string_view entry : environment) {
    const std::size_t sign = entry.find('=');
    if (sign == 0 || sign == std::string_view::npos) return fail(Errc::invalid_argument, "an environment entry is not K=V");
  }
  return {};
}

}  // namespace

bool is_instance_id(std::string_view text) { return is_hex(text, 32); }
bool is_content_name(std::string_view text) { return is_hex(text, 64); }

bool is_runtime_name(std::string_view text) {
  if (text == "provided.al2" || text == "provided.al2023") return true;
  if (text.starts_with("nodejs") && text.ends_with(".x")) return is_number(text.substr(6, text.size() - 8));
  return text.starts_with("python3.") && is_number(text.substr(8));
}

Result<> check(const Boot& boot) {
  if (!is_instance_id(boot.id)) return fail(Errc::invalid_argument, "not an instance id");
  if (!is_runtime_name(boot.runtime)) return fail(Errc::invalid_argument, "not a runtime's name");
  const bool bare = boot.is_template && boot.package.empty() && boot.layers.empty();
  if (!bare && !is_content_name(boot.package)) return fail(Errc::invalid_argument, "not a package's name");
  if (!boot.layers.empty() && !is_content_name(boot.layers)) return fail(Errc::invalid_argument, "not a layer folder's name");
  if (boot.share.size() > kShareNameMax) return fail(Errc::invalid_argument, "not a share's name");
  WICK_CHECK(check_limits(boot.limits));
  return check_environment(boot.environment);
}

Result<> check(const Fork& fork) {
  if (!is_instance_id(fork.id) || !is_instance_id(fork.origin)) return fail(Errc::invalid_argument, "not an instance id");
  const bool own = fork.package.empty() && fork.layers.empty();
  if (!own && !is_content_name(fork.package)) return fail(Errc::invalid_argument, "not a package's name");
  if (!fork.layers.empty() && !is_content_name(fork.layers)) return fail(Errc::invalid_argument, "not a layer folder's name");
  if (fork.share.size() > kShareNameMax) return fail(Errc::invalid_argument, "not a share's name");
  WICK_CHECK(check_limits(fork.limits));
  WICK_CHECK(check_environment(fork.environment));
  std::size_t size = 0;
  for (const std::string_view entry : fork.environment) size += entry.size() + 1;
  return check_range("environment", size, 1, kForkEnvironmentMax);
}

}  // namespace wick::sandbox::warden
