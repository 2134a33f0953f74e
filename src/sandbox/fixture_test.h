#pragma once
// A real warden with packages made on the spot, for the tests of this folder. Each test runs in both of the warden's modes: as root
// (skipped unless the tests run as root) and rootless (as another user, which root becomes for it).
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "sandbox/backend.h"
#include "sandbox/census_test.h"
#include "sandbox/start.h"

namespace wick::sandbox {

enum class Mode { root, rootless };

// What came of one run of a package until its end.
struct Outcome {
  std::optional<Error> error;  // of boot()
  std::string output;
  Exit exit;
};

class SandboxTest : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override;
  void TearDown() override;

  void open(std::vector<warden::HostRuntime> runtimes = {});  // starts the warden; SetUp() has done so
  // A folder of DATA/packages (or layers) with these files, all of them executable. Returns its name.
  std::string make_package(const std::map<std::string, std::string>& files, const std::string& kind = "packages");
  std::string package_of_program(const std::filesystem::path& program);  // as its bootstrap
  Spec spec_of(std::string package) const;

  Outcome run(Spec spec);
  Outcome run_shell(const std::string& script) { return run(spec_of(make_package({{"bootstrap", "#!/bin/sh\n" + script}}))); }
  std::vector<Outcome> run_all(std::vector<Spec> specs);  // at the same time

  // Runs the loop until done() or, which fails the test, for 30 seconds.
  void run_until(std::function<bool()> done);
  Booted boot(Spec spec, std::function<void(Exit)> on_exit);  // fails the test when it fails
  Result<Booted> fork(ForkSpec spec, std::function<void(Exit)> on_exit);

  // What there is of the warden's, once those that are kept ready have moved to their places; that there is no more than before, within 5 s.
  Census census_at_rest() const;
  void expect_nothing_more(const Census& before) const;
  bool has_limits() const;  // whether memory, processor and processes can be limited by cgroups here

  std::filesystem::path folder_;
  boost::asio::io_context loop_;
  std::optional<ProcessBackend> warden_;
  pid_t pid_ = -1;
  bool lost_ = false;

 private:
  int packages_ = 0;
};

std::filesystem::path program_beside_this(const std::string& name);
std::string read_to_end(int fd);  // blocks
std::string name_of(const testing::TestParamInfo<Mode>& info);

}  // namespace wick::sandbox
