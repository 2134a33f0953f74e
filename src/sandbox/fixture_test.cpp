#include "sandbox/fixture_test.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sandbox/warden/rules.h"

namespace wick::sandbox {
namespace asio = boost::asio;
namespace fs = std::filesystem;
using warden::kMiB;

namespace {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
constexpr int kOrdinaryUser = 12345;

asio::awaitable<std::string> read_log(asio::any_io_executor loop, UniqueFd log) {
  asio::posix::stream_descriptor stream(loop, log.release());
  std::string text;
  std::string piece(4096, '\0');
  while (text.size() < 1024 * 1024) {
    const auto [error, size] = co_await stream.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
    if (error) break;
    text.append(piece, 0, size);
  }
  co_return text;
}

struct Running {
  Outcome outcome;
  bool exited = false;
  bool read = false;
};

asio::awaitable<void> run_one(asio::any_io_executor loop, Backend& backend, Spec spec, std::shared_ptr<Running> running) {
  auto booted = co_await backend.boot(std::move(spec), [running](const Exit& exit) {
    running->outcome.exit = exit;
    running->exited = true;
  });
  if (!booted) {
    running->outcome.error = booted.error();
    running->exited = running->read = true;
    co_return;
  }
  running->outcome.output = co_await read_log(loop, std::move(booted->log));
  running->read = true;
}

}  // namespace

fs::path program_beside_this(const std::string& name) { return fs::read_symlink("/proc/self/exe").parent_path() / name; }

std::string read_to_end(int fd) {
  std::string text;
  char piece[4096];
  while (true) {
    pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
    poll(&waited, 1, 10'000);
    const ssize_t size = read(fd, piece, sizeof(piece));
    if (size <= 0) return text;
    text.append(piece, static_cast<std::size_t>(size));
  }
}

std::string name_of(const testing::TestParamInfo<Mode>& info) { return info.param == Mode::root ? "root" : "rootless"; }

void SandboxTest::SetUp() {
  if (GetParam() == Mode::root && geteuid() != 0) GTEST_SKIP() << "the warden's root mode can only be tested by root";
  if (GetParam() == Mode::rootless && kSanitized) GTEST_SKIP() << "the data limit of this mode leaves no room for a sanitizer's memory";
  std::string pattern = (fs::temp_directory_path() / "wick-sandbox-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  fs::permissions(folder_, fs::perms(0755));
  for (const char* name : {"data/packages", "data/layers", "data/runtimes"}) fs::create_directories(folder_ / name);
  open();
}

void SandboxTest::TearDown() {
  warden_.reset();
  loop_.restart();
  loop_.poll();
  if (!folder_.empty()) fs::remove_all(folder_);
}

void SandboxTest::open(std::vector<warden::HostRuntime> runtimes) {
  warden_.reset();
  fs::path program = program_beside_this("wick-warden");
  ASSERT_TRUE(fs::exists(program)) << program;
  if (GetParam() == Mode::rootless && geteuid() == 0) {
    // A copy, since the other user may not be able to reach the build folder.
    fs::copy_file(program, folder_ / "wick-warden", fs::copy_options::overwrite_existing);
    std::ofstream(folder_ / "as-user") << fmt::format("#!/bin/sh\nexec setpriv --reuid={0} --regid={0} --clear-groups {1} \"$@\"\n", kOrdinaryUser,
                                                      (folder_ / "wick-warden").string());
    program = folder_ / "as-user";
    fs::permissions(program, fs::perms(0755));
  }
  auto started = start_warden(program, {.data_directory = folder_ / "data", .share_directory = WICK_SHARE_FOR_TESTS, .runtimes = runtimes});
  ASSERT_TRUE(started) << started.error().message;
  pid_ = started->pid;
  auto backend = open_process_backend(loop_.get_executor(), std::move(*started), [this] { lost_ = true; });
  ASSERT_TRUE(backend) << backend.error().message;
  warden_ = std::move(*backend);
}

std::string SandboxTest::make_package(const std::map<std::string, std::string>& files, const std::string& kind) {
  const std::string name = fmt::format("{:064x}", ++packages_);
  for (const auto& [path, text] : files) {
    const fs::path file = folder_ / "data" / kind / name / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    fs::permissions(file, fs::perms(0755));
  }
  return name;
}

std::string SandboxTest::package_of_program(const fs::path& program) {
  const std::string name = make_package({{"placeholder", ""}});
  fs::copy_file(program, folder_ / "data" / "packages" / name / "bootstrap");
  return name;
}

Census SandboxTest::census_at_rest() const {
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  return take_census(pid_, folder_ / "data");
}

void SandboxTest::expect_nothing_more(const Census& before) const {
  Census after;
  const auto is_as_before = [&] { return (after = take_census(pid_, folder_ / "data")) == before; };
  EXPECT_TRUE(eventually(is_as_before, std::chrono::seconds(5))) << before << "\n" << after;
}

Spec SandboxTest::spec_of(std::string package) const {
  return {.runtime = "provided.al2023",
          .package = std::move(package),
          .layers = {},
          .environment = {"PATH=/usr/bin:/bin", "LANG=C"},
          .limits = {.memory_bytes = 256 * kMiB, .cpu_millis = 1000, .pids = 64, .tmp_bytes = 16 * kMiB},
          .network = Network::api_only,
          .share = {}};
}

Outcome SandboxTest::run(Spec spec) {
  std::vector<Spec> specs;
  specs.push_back(std::move(spec));
  return run_all(std::move(specs)).front();
}

std::vector<Outcome> SandboxTest::run_all(std::vector<Spec> specs) {
  std::vector<std::shared_ptr<Running>> running;
  for (Spec& spec : specs) {
    running.push_back(std::make_shared<Running>());
    asio::co_spawn(loop_, run_one(loop_.get_executor(), *warden_->backend, std::move(spec), running.back()), asio::detached);
  }
  run_until([&running] { return std::ranges::all_of(running, [](const auto& one) { return one->exited && one->read; }); });
  std::vector<Outcome> outcomes;
  for (const auto& one : running) outcomes.push_back(std::move(one->outcome));
  return outcomes;
}

void SandboxTest::run_until(std::function<bool()> done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  loop_.restart();
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("not done in time");
    if (loop_.run_one_for(std::chrono::milliseconds(100)) == 0) loop_.restart();
  }
}

Booted SandboxTest::boot(Spec spec, std::function<void(Exit)> on_exit) {
  std::optional<Result<Booted>> result;
  asio::co_spawn(loop_, warden_->backend->boot(std::move(spec), std::move(on_exit)),
                 [&result](const std::exception_ptr&, Result<Booted> booted) { result = std::move(booted); });
  run_until([&result] { return result.has_value(); });
  if (!result || !*result) {
    ADD_FAILURE() << (result ? result->error().message : "no answer");
    return {};
  }
  return std::move(**result);
}

Result<Booted> SandboxTest::fork(ForkSpec spec, std::function<void(Exit)> on_exit) {
  std::optional<Result<Booted>> result;
  asio::co_spawn(loop_, warden_->backend->fork(std::move(spec), std::move(on_exit)),
                 [&result](const std::exception_ptr&, Result<Booted> booted) { result = std::move(booted); });
  run_until([&result] { return result.has_value(); });
  return std::move(*result);
}

bool SandboxTest::has_limits() const {
  return std::ranges::none_of(warden_->missing, [](std::string_view sentence) { return sentence.starts_with("no limits"); });
}

}  // namespace wick::sandbox
