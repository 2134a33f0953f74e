#include "sandbox/warden/entry.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "sandbox/warden/file_at.h"
#include "sandbox/warden/rules.h"

namespace wick::sandbox::warden {
namespace {

// AWS's runtime gives V8 nine tenths of the function's memory, so that it collects before the kernel kills, and longer headers.
// A template can only be forked while it has one thread.
std::vector<std::string> node_arguments(const std::string& prefix, const Boot& boot) {
  std::vector<std::string> arguments{prefix + "/bin/node", fmt::format("--max-old-space-size={}", boot.limits.memory_bytes / kMiB * 9 / 10),
                                     "--max-http-header-size=81920"};
  if (boot.is_template) arguments.insert(arguments.end(), {"--single-threaded", "--v8-pool-size=0"});
  arguments.emplace_back("/var/runtime/bootstrap.cjs");
  return arguments;
}

}  // namespace

Result<Entry> find_entry(const Boot& boot, const Options& options, int data) {
  if (boot.runtime.starts_with("provided.")) return Entry{};
  Entry entry;
  std::string prefix = "/var/lang";
  const std::string name(boot.runtime);
  const auto known = std::ranges::find(options.runtimes, name, &HostRuntime::name);
  if (known == options.runtimes.end()) {
    if (!open_folder_beneath(data, "runtimes/" + name)) return fail(Errc::not_found, "the runtime " + name + " is not installed");
    entry.language_folder = "data/runtimes/" + name;
  } else if (is_in_usr(*known)) {
    prefix = known->root;
  } else {
    entry.language_folder = "runtimes/" + name;
  }
  if (name.starts_with("nodejs")) {
    entry.arguments = node_arguments(prefix, boot);
    entry.runtime_folder = "node";
  } else {
    entry.arguments = {prefix + "/bin/" + name, "/var/runtime/bootstrap.py"};
    entry.runtime_folder = "python";
  }
  return entry;
}

std::vector<std::string> wrapped(std::vector<std::string> arguments, const std::vector<std::string_view>& environment) {
  constexpr std::string_view kWrapper = "AWS_LAMBDA_EXEC_WRAPPER=";
  for (const std::string_view variable : environment) {
    if (!variable.starts_with(kWrapper) || variable.size() == kWrapper.size()) continue;
    const std::string wrapper(variable.substr(kWrapper.size()));
    const std::string shell[] = {"/bin/sh", "-c", R"(exec "$0" "$@")", wrapper};
    arguments.insert(arguments.begin(), std::begin(shell), std::end(shell));
    break;
  }
  return arguments;
}

Result<std::string> find_bootstrap() {
  for (const char* path : {"/var/task/bootstrap", "/opt/bootstrap"}) {
    if (access(path, F_OK) == 0) return path;
  }
  return fail(Errc::failed_precondition, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
}

}  // namespace wick::sandbox::warden
