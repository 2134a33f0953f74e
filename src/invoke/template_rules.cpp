#include "invoke/template_rules.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "function/custom_runtime.h"

namespace wick::invoke {
namespace {

// Variables, or beginnings of their names, that the interpreter, its libraries or the C library read once, when the process starts.
constexpr std::array<std::string_view, 12> kReadAtStart{"NODE_",   "PYTHON", "LD_",  "UV_", "SSL_CERT_", "OPENSSL_",
                                                        "MALLOC_", "GLIBC_", "LANG", "LC_", "TZ",        "AWS_LAMBDA_EXEC_WRAPPER"};

constexpr const char* kWrapper = "AWS_LAMBDA_EXEC_WRAPPER";

}  // namespace

std::string why_no_template(const function::Version& version) {
  if (is_custom_runtime(version)) return "custom runtimes bring a program of their own, which Wick does not fork";
  if (version.environment.contains(kWrapper)) return "AWS_LAMBDA_EXEC_WRAPPER starts a program of its own in the runtime's place";
  return {};
}

bool can_use_bare_template(const function::Version& version) {
  if (is_custom_runtime(version)) return false;
  return std::ranges::none_of(version.environment, [](const auto& variable) {
    return std::ranges::any_of(kReadAtStart, [&](std::string_view beginning) { return variable.first.starts_with(beginning); });
  });
}

bool has_snap_start(const function::Version& version) { return version.snap_start == "PublishedVersions" && version.version != function::kLatest; }

}  // namespace wick::invoke
