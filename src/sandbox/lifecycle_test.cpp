// Nothing is left behind, whoever ends first.
#include <gmock/gmock.h>

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <memory>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "sandbox/fixture_test.h"

namespace wick::sandbox {
namespace {

namespace fs = std::filesystem;

using LifecycleTest = SandboxTest;
INSTANTIATE_TEST_SUITE_P(Modes, LifecycleTest, testing::Values(Mode::root, Mode::rootless), name_of);

bool is_number(const std::string& text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos; }

// As much as can be read: a process may end meanwhile.
std::string text_of(const fs::path& path) {
  std::string text;
  if (const std::unique_ptr<FILE, decltype([](FILE* f) { std::fclose(f); })> file(std::fopen(path.c_str(), "r")); file) {
    char piece[4096];
    while (const std::size_t size = std::fread(piece, 1, sizeof(piece), file.get())) text.append(piece, size);
  }
  return text;
}

// Whether it still runs: one that only waits to be reaped by whoever is its parent now does not.
bool runs(pid_t pid) {
  const std::string stat = text_of(fmt::format("/proc/{}/stat", pid));
  const std::size_t end = stat.rfind(')');
  return end != std::string::npos && stat[end + 2] != 'Z' && stat[end + 2] != 'X';
}

// Every descendant of a process.
std::set<pid_t> descendants(pid_t ancestor) {
  std::multimap<pid_t, pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    if (!is_number(entry.path().filename())) continue;
    const std::string stat = text_of(entry.path() / "stat");
    const std::size_t end = stat.rfind(')');
    if (end != std::string::npos) children.emplace(std::stoi(stat.substr(end + 4)), std::stoi(entry.path().filename()));
  }
  std::set<pid_t> found;
  const auto visit = [&](auto& self, pid_t parent) -> void {
    const auto [begin, last] = children.equal_range(parent);
    for (auto child = begin; child != last; ++child) {
      found.insert(child->second);
      self(self, child->second);
    }
  };
  visit(visit, ancestor);
  return found;
}

// Folders whose path has name in it. Others come and go meanwhile, so that what cannot be read does not count.
std::size_t count_below(const fs::path& folder, const std::string& name, int depth) {
  std::size_t count = 0;
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    if (entry->is_directory(gone)) folders.push_back(entry->path());
  }
  for (const fs::path& path : folders) {
    if (path.string().find(name) != std::string::npos) ++count;
    if (depth > 0) count += count_below(path, name, depth - 1);
  }
  return count;
}

// The warden's cgroup folders for this data directory, and those below them.
std::size_t cgroup_count(const fs::path& data) {
  struct stat status{};
  stat(data.c_str(), &status);
  const std::string name = fmt::format("wick-{:x}-{:x}", status.st_dev, status.st_ino);
  return count_below("/sys/fs/cgroup", name, 8);
}

struct Census {
  std::size_t processes = 0;
  std::size_t cgroups = 0;
  std::size_t mounts = 0;       // of the warden
  std::size_t descriptors = 0;  // of this process
  std::size_t networks = 0;     // namespaces of all processes
  bool operator==(const Census&) const = default;
};

std::size_t entries(const fs::path& folder) {
  std::error_code error;
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder, error), {}));
}

Census take_census(pid_t warden, const fs::path& data) {
  std::set<std::string> networks;
  for (const pid_t pid : descendants(getpid())) {
    std::error_code error;
    networks.insert(fs::read_symlink(fmt::format("/proc/{}/ns/net", pid), error).string());
  }
  const std::string mounts = text_of(fmt::format("/proc/{}/mountinfo", warden));
  return {.processes = descendants(getpid()).size(),
          .cgroups = cgroup_count(data),
          .mounts = static_cast<std::size_t>(std::ranges::count(mounts, '\n')),
          .descriptors = entries("/proc/self/fd"),
          .networks = networks.size()};
}

std::ostream& operator<<(std::ostream& out, const Census& census) {
  return out << fmt::format("{} processes, {} cgroups, {} mounts, {} descriptors, {} networks", census.processes, census.cgroups, census.mounts,
                            census.descriptors, census.networks);
}

// For states that nothing announces.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

TEST_P(LifecycleTest, FiftyBootsLeaveNothing) {
  const Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\nsleep 1000 &\nexit 3\n"}}));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // until those that are kept ready have moved to their places
  const Census before = take_census(pid_, folder_ / "data");
  for (int round = 0; round < 5; ++round) {
    for (const Outcome& outcome : run_all(std::vector(10, spec))) {
      ASSERT_FALSE(outcome.error) << outcome.error->message;
      EXPECT_EQ(WEXITSTATUS(outcome.exit.status), 3);
    }
  }
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(run(spec_of(std::string(64, 'f'))).error);
  Census after;
  EXPECT_TRUE(eventually([&] { return (after = take_census(pid_, folder_ / "data")) == before; }, std::chrono::seconds(5))) << before << "\n"
                                                                                                                            << after;
}

TEST_P(LifecycleTest, EverythingEndsWithTheDaemon) {
  const Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\ntrap '' TERM HUP INT\nsetsid sleep 1000 &\necho up\nsleep 1000\n"}}));
  for (int i = 0; i < 3; ++i) {
    const Booted booted = boot(spec, [](const Exit&) { ADD_FAILURE() << "the backend is gone"; });
    char up[3];
    EXPECT_EQ(read(booted.log.get(), up, 3), 3);
  }
  const std::set<pid_t> processes = descendants(pid_);
  EXPECT_GE(processes.size(), 12U);
  const auto start = std::chrono::steady_clock::now();
  warden_.reset();  // closes the socket, as the daemon's end does
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  for (const pid_t pid : processes) EXPECT_FALSE(runs(pid)) << text_of(fmt::format("/proc/{}/cmdline", pid));
  EXPECT_EQ(cgroup_count(folder_ / "data"), 0U);
}

TEST_P(LifecycleTest, NothingOutlivesAKilledWarden) {
  bool exited = false;
  const Booted booted = boot(spec_of(make_package({{"bootstrap", "#!/bin/sh\nsetsid sleep 1000 &\necho up\nsleep 1000\n"}})), [&](const Exit& exit) {
    exited = true;
    EXPECT_EQ(exit.status, SIGKILL);
  });
  char up[3];
  EXPECT_EQ(read(booted.log.get(), up, 3), 3);
  const std::set<pid_t> processes = descendants(pid_);
  ASSERT_EQ(kill(pid_, SIGKILL), 0);
  run_until([&] { return lost_; });
  EXPECT_TRUE(exited);
  EXPECT_TRUE(eventually([&] { return std::ranges::none_of(processes, runs); }, std::chrono::seconds(1)));
  EXPECT_EQ(run(spec_of(std::string(64, 'f'))).error->code, Errc::unavailable);
  open();  // takes away what the killed one could not
  EXPECT_EQ(run_shell("echo again").output, "again\n");
  warden_.reset();
  EXPECT_EQ(cgroup_count(folder_ / "data"), 0U);
}

TEST_P(LifecycleTest, ManyAtOnce) {
  const Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\necho $$ > /tmp/x; cat /tmp/x\n"}}));
  for (const Outcome& outcome : run_all(std::vector(40, spec))) {
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    EXPECT_EQ(outcome.output, "2\n");
  }
}

}  // namespace
}  // namespace wick::sandbox
