// wick_sim_test [--seeds N] [--seed S] [--seconds T] [--verbose]
// wick_sim_test --faults [--seeds N] [--seed S]
//
// Runs N seeds from S on, at most for T seconds; each hundredth one twice, which must go the same way. Ends with the first that breaks a
// promise. --faults: runs them with each fault of fault.h, which must be found.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "function/test_zip.h"
#include "world.h"

// Boost.Asio does without it then, and looks at its timers by itself: to set one costs more than all else of a step.
extern "C" int timerfd_create(int, int) noexcept {
  errno = ENOSYS;
  return -1;
}

// Says of a local socket that it is TCP: http::Server takes no other. What is sent over TCP arrives when the kernel comes to it, which is not
// always in the same step.
extern "C" int getsockname(int fd, sockaddr* name, socklen_t* size) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_getsockname, fd, name, size));
  if (result == 0 && name->sa_family == AF_UNIX) name->sa_family = AF_INET;
  return result;
}

namespace wick::sim {
namespace {

struct Arguments {
  std::uint64_t seeds = 1, first = 1, seconds = 0;
  bool verbose = false, faults = false;
};

bool parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--verbose" || name == "--faults") {
      (name == "--faults" ? out.faults : out.verbose) = true;
      continue;
    }
    std::uint64_t* value = name == "--seeds" ? &out.seeds : name == "--seed" ? &out.first : name == "--seconds" ? &out.seconds : nullptr;
    if (!value || ++i == argc) return false;
    *value = std::strtoull(argv[i], nullptr, 10);
  }
  return true;
}

double real_seconds() { return std::chrono::duration<double>(Clock::system().monotonic().time_since_epoch()).count(); }

bool run(const Arguments& arguments, const Ground& ground) {
  const double start = real_seconds();
  std::uint64_t seed = arguments.first, calls = 0, steps = 0;
  double virtual_seconds = 0;
  Verdict first;
  for (; seed < arguments.first + arguments.seeds; ++seed) {
    if (arguments.seconds > 0 && real_seconds() - start > static_cast<double>(arguments.seconds)) break;
    Verdict verdict = run_seed(seed, ground, Fault::none, arguments.verbose);
    if (seed == arguments.first) first = verdict;
    if ((seed - arguments.first) % 100 == 0 && verdict.broken.empty()) {
      const Verdict again = run_seed(seed, ground, Fault::none, false);
      if (again.trace != verdict.trace) verdict.broken = fmt::format("run again, it has another trace: {:016x}, {:016x}", verdict.trace, again.trace);
    }
    if (!verdict.broken.empty()) {
      fmt::print("seed {} has failed {}\nreplay it: wick_sim_test --seed {} --verbose\n", seed, verdict.broken, seed);
      return false;
    }
    calls += verdict.calls;
    steps += verdict.steps;
    virtual_seconds += verdict.seconds;
  }
  const double took = real_seconds() - start;
  fmt::print("seeds {} to {} hold: {} calls, {} steps, {:.0f} s of virtual time in {:.1f} s; trace of the first {:016x}\n", arguments.first, seed - 1,
             calls, steps, virtual_seconds, took, first.trace);
  return true;
}

bool find_faults(const Arguments& arguments, const Ground& ground) {
  bool all = true;
  for (std::size_t i = 1; i < kFaultNames.size(); ++i) {
    std::string found;
    std::uint64_t seed = arguments.first;
    while (found.empty() && seed < arguments.first + arguments.seeds) found = run_seed(seed++, ground, static_cast<Fault>(i), false).broken;
    fmt::print("{:15} {}\n", kFaultNames[i], found.empty() ? "NOT FOUND" : fmt::format("seed {} {}", seed - 1, found));
    all = all && !found.empty();
  }
  return all;
}

}  // namespace
}  // namespace wick::sim

int main(int argc, char** argv) {
  using namespace wick;
  sim::Arguments arguments;
  if (!sim::parse(argc, argv, arguments)) {
    fmt::print(stderr, "usage: wick_sim_test [--seeds N] [--seed FIRST] [--seconds AT_MOST] [--verbose] [--faults]\n");
    return 2;
  }
  if (!arguments.verbose) spdlog::set_level(spdlog::level::off);
  std::string folder = (std::filesystem::temp_directory_path() / "wick_sim_XXXXXX").string();
  if (!::mkdtemp(folder.data())) return 2;
  bool holds = false;
  {
    const auto blobs = blob::open_local(folder + "/blobs").value();
    const auto code = blobs->put(function::make_zip({{"index.py", "code"}})).value();
    const auto packages = function::Packages::open(folder, *blobs).value();
    const sim::Ground ground{*packages, code};
    holds = arguments.faults ? sim::find_faults(arguments, ground) : sim::run(arguments, ground);
  }
  std::filesystem::remove_all(folder);
  return holds ? 0 : 1;
}
