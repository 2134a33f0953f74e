#include "sandbox/warden/options.h"

#include "sandbox/warden/rules.h"

namespace wick::sandbox::warden {

bool is_in_usr(const HostRuntime& runtime) { return runtime.root == "/usr" || runtime.root.starts_with("/usr/"); }

std::vector<std::string> to_arguments(const Options& options) {
  std::vector<std::string> arguments{"--data", options.data_directory, "--share", options.share_directory};
  for (const HostRuntime& runtime : options.runtimes) {
    arguments.emplace_back("--runtime");
    arguments.push_back(runtime.name + "=" + runtime.root);
  }
  return arguments;
}

Result<Options> parse_arguments(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const std::string& flag = arguments[i];
    const std::string& value = arguments[i + 1];
    if (flag == "--data") {
      options.data_directory = value;
    } else if (flag == "--share") {
      options.share_directory = value;
    } else if (flag == "--runtime") {
      const std::size_t sign = value.find('=');
      if (sign == std::string::npos || !is_runtime_name(value.substr(0, sign)) || value[sign + 1] != '/')
        return fail(Errc::invalid_argument, "--runtime takes NAME=/ROOT, not " + value);
      options.runtimes.push_back({value.substr(0, sign), value.substr(sign + 1)});
    } else {
      return fail(Errc::invalid_argument, "unknown flag " + flag);
    }
  }
  if (arguments.size() % 2 != 0 || options.data_directory.empty() || options.share_directory.empty())
    return fail(Errc::invalid_argument, "usage: wick-warden --data DIR --share DIR [--runtime NAME=/ROOT]...");
  return options;
}

}  // namespace wick::sandbox::warden
