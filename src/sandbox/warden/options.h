#pragma once
// The warden's command line, written by start_warden() (sandbox/start.h) and read by wick-warden:
//
//   wick-warden --data DIR --share DIR [--runtime NAME=ROOT]...
//
// with the socket to the daemon as descriptor 3. Run as root it keeps the capabilities it needs; run as another user it makes
// itself a user namespace (rootless mode).
#include <string>
#include <vector>

#include "base/result.h"

namespace wick::sandbox::warden {

inline constexpr int kDaemonSocket = 3;
inline constexpr int kHeldLock = 4;  // not used, only held: see start_warden()

// A managed runtime that was found on the host: root/bin holds its interpreter.
struct HostRuntime {
  std::string name;  // nodejs20.x
  std::string root;  // /usr; any other place is mounted at /var/lang
};

struct Options {
  std::string data_directory;   // holds packages/, layers/, runtimes/; exists
  std::string share_directory;  // holds node/ and python/, mounted at /var/runtime
  std::vector<HostRuntime> runtimes;
};

bool is_in_usr(const HostRuntime& runtime);  // then it is in every instance's /usr already

std::vector<std::string> to_arguments(const Options& options);
Result<Options> parse_arguments(const std::vector<std::string>& arguments);  // without the program's name

}  // namespace wick::sandbox::warden
