// What an instance is: what runs in it, what it sees, how it ends.
#include <gmock/gmock.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include <fmt/format.h>

#include "sandbox/fixture_test.h"

namespace wick::sandbox {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using InstanceTest = SandboxTest;
INSTANTIATE_TEST_SUITE_P(Modes, InstanceTest, testing::Values(Mode::root, Mode::rootless), name_of);

TEST_P(InstanceTest, RunsTheFunctionsOwnBootstrap) {
  const Outcome outcome = run_shell("echo out; echo err >&2; pwd; exit 7");
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(outcome.output, "out\nerr\n/var/task\n");
  EXPECT_TRUE(WIFEXITED(outcome.exit.status));
  EXPECT_EQ(WEXITSTATUS(outcome.exit.status), 7);
  EXPECT_FALSE(outcome.exit.out_of_memory);
}

TEST_P(InstanceTest, HasTheEnvironmentOfItsSpecAndNoOther) {
  Spec spec = spec_of(make_package({{"bootstrap", "#!/usr/bin/env -S sh -c 'tr \"\\\\0\" \"\\\\n\" </proc/self/environ'\n"}}));
  spec.environment = {"PATH=/usr/bin", "A=1", "EMPTY=", "LONG=" + std::string(4000, 'x')};
  const Outcome outcome = run(std::move(spec));
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_THAT(outcome.output, HasSubstr("A=1\n"));
  EXPECT_THAT(outcome.output, HasSubstr("EMPTY=\n"));
  EXPECT_THAT(outcome.output, HasSubstr("LONG=" + std::string(4000, 'x') + "\n"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("HOME=")));
}

TEST_P(InstanceTest, IsAnUnprivilegedUserOnAMachineOfItsOwn) {
  const Outcome outcome = run_shell(
      "id; hostname; tty; ulimit -n; grep -c '^Max core file size *1 *1 ' /proc/self/limits; cat /etc/resolv.conf; ls -d /tmp/* /dev/shm/* 2>&1 | wc "
      "-l");
  EXPECT_EQ(outcome.output,
            GetParam() == Mode::root || geteuid() == 0
                ? "uid=993(sbx_user1051) gid=990(sbx_user1051) groups=990(sbx_user1051)\nsandbox\nnot a tty\n1024\n1\n2\n"
                : outcome.output);  // an ordinary user's supplementary groups come along
}

TEST_P(InstanceTest, SeesItsOwnProcessesOnly) {
  const Outcome outcome = run_shell("sleep 100 & set -- /proc/[0-9]*; echo $#; wc -l < /proc/net/dev");
  EXPECT_EQ(outcome.output, "2\n3\n");  // sh and sleep; two lines of heading and loopback
}

TEST_P(InstanceTest, MountsLayersAtOpt) {
  Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\ncat /opt/lib/text; echo x > /opt/lib/text || echo read-only\n"}}));
  spec.layers = make_package({{"lib/text", "of the layer\n"}}, "layers");
  EXPECT_THAT(run(std::move(spec)).output, HasSubstr("of the layer\n"));
}

TEST_P(InstanceTest, TakesTheBootstrapOfALayer) {
  Spec spec = spec_of(make_package({{"handler", ""}}));
  spec.layers = make_package({{"bootstrap", "#!/bin/sh\necho layer in $PWD\n"}}, "layers");
  EXPECT_EQ(run(std::move(spec)).output, "layer in /var/task\n");
}

TEST_P(InstanceTest, SaysWhyABootstrapCannotRun) {
  const Outcome none = run(spec_of(make_package({{"handler", ""}})));
  ASSERT_TRUE(none.error);
  EXPECT_EQ(none.error->code, Errc::failed_precondition);
  EXPECT_EQ(none.error->message, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");

  const std::string locked = make_package({{"bootstrap", "#!/bin/sh\n"}});
  fs::permissions(folder_ / "data/packages" / locked / "bootstrap", fs::perms(0644));
  const Outcome not_executable = run(spec_of(locked));
  ASSERT_TRUE(not_executable.error);
  EXPECT_EQ(not_executable.error->code, Errc::failed_precondition);
  EXPECT_EQ(not_executable.error->message, "fork/exec /var/task/bootstrap: Permission denied");

  const Outcome no_program = run(spec_of(make_package({{"bootstrap", "not a program"}})));
  ASSERT_TRUE(no_program.error);
  EXPECT_EQ(no_program.error->message, "fork/exec /var/task/bootstrap: Exec format error");
}

TEST_P(InstanceTest, RefusesWhatIsNotThere) {
  Spec spec = spec_of(std::string(64, 'f'));
  EXPECT_EQ(run(spec).error->code, Errc::not_found);
  spec.package = make_package({{"bootstrap", "#!/bin/sh\n"}});
  spec.layers = std::string(64, 'e');
  EXPECT_EQ(run(spec).error->code, Errc::not_found);
  spec.layers.clear();
  spec.runtime = "nodejs99.x";
  const Outcome outcome = run(spec);
  EXPECT_EQ(outcome.error->code, Errc::not_found);
  EXPECT_THAT(outcome.error->message, HasSubstr("nodejs99.x is not installed"));
  spec.package = "../" + std::string(61, 'a');
  EXPECT_EQ(run(spec).error->code, Errc::invalid_argument);
}

TEST_P(InstanceTest, FollowsNoLinkOutOfThePackages) {
  const std::string name(64, 'd');
  fs::create_directory_symlink("/etc", folder_ / "data/packages" / name);
  EXPECT_EQ(run(spec_of(name)).error->code, Errc::not_found);
}

TEST_P(InstanceTest, EndsWithItsRuntimeAndTakesOrphansAlong) {
  const Outcome outcome = run_shell("(sleep 1000 & sleep 1000 &) ; setsid sleep 1000 & kill -SEGV $$");
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_TRUE(WIFSIGNALED(outcome.exit.status));
  EXPECT_EQ(WTERMSIG(outcome.exit.status), SIGSEGV);
}

TEST_P(InstanceTest, ReapsOrphans) {
  // Each subshell leaves an orphan that ends at once; no zombie is to be seen afterwards.
  const Outcome outcome = run_shell("for i in 1 2 3 4 5; do (true &); done; sleep 0.1; cat /proc/[0-9]*/stat | grep -c ' Z '");
  EXPECT_EQ(outcome.output, "0\n");
}

TEST_P(InstanceTest, IsKilled) {
  bool exited = false;
  Exit exit;
  const Booted booted = boot(spec_of(make_package({{"bootstrap", "#!/bin/sh\ntrap '' TERM INT\necho up\nsleep 1000\n"}})), [&](const Exit& e) {
    exit = e;
    exited = true;
  });
  warden_->backend->end_init(booted.id);
  warden_->backend->kill(booted.id);
  run_until([&exited] { return exited; });
  EXPECT_TRUE(WIFSIGNALED(exit.status));
  EXPECT_EQ(WTERMSIG(exit.status), SIGKILL);
  EXPECT_FALSE(exit.out_of_memory);
  warden_->backend->kill(booted.id);  // harmless
  warden_->backend->end_init(booted.id);
}

TEST_P(InstanceTest, RunsAnInterpreterWithWicksBootstrapAndTheChannel) {
  // A stand-in for Python: a shell whose "bootstrap.py" the share folder does not have; only what it is given counts.
  const fs::path root = folder_ / "python";
  fs::create_directories(root / "bin");
  std::ofstream(root / "bin/python3.77")
      << "#!/bin/sh\necho \"$@\"; ls -l /proc/self/fd/3 | grep -o 'socket'; ls /var/runtime; echo hello >&3; cat <&3\n";
  fs::permissions(root / "bin/python3.77", fs::perms(0755));
  fs::copy(root, folder_ / "data/runtimes/python3.77", fs::copy_options::recursive);  // installed while the warden runs
  Spec spec = spec_of(make_package({{"handler.py", ""}}));
  spec.runtime = "python3.77";
  bool exited = false;
  const Booted booted = boot(std::move(spec), [&exited](const Exit&) { exited = true; });
  char text[6] = {};
  run_until([&] { return recv(booted.channel.get(), text, 6, MSG_DONTWAIT) == 6; });
  EXPECT_EQ(std::string(text, 6), "hello\n");
  ASSERT_EQ(send(booted.channel.get(), "from the daemon\n", 16, MSG_NOSIGNAL), 16);
  ASSERT_EQ(shutdown(booted.channel.get(), SHUT_WR), 0);
  run_until([&exited] { return exited; });
  const std::string output = read_to_end(booted.log.get());
  EXPECT_THAT(output, HasSubstr("/var/runtime/bootstrap.py\nsocket\n"));
  EXPECT_THAT(output, HasSubstr("from the daemon\n"));
}

TEST_P(InstanceTest, RunsAManagedRuntimeByTheWrapperThatItsEnvironmentNames) {
  const fs::path root = folder_ / "data/runtimes/python3.77";
  fs::create_directories(root / "bin");
  std::ofstream(root / "bin/python3.77") << "#!/bin/sh\necho ran $EXTRA \"$@\"; echo hello >&3\n";
  fs::permissions(root / "bin/python3.77", fs::perms(0755));
  Spec spec = spec_of(make_package({{"wrapper", "#!/bin/sh\nexport EXTRA=more\nexec \"$@\"\n"}}));
  spec.runtime = "python3.77";
  spec.environment.emplace_back("AWS_LAMBDA_EXEC_WRAPPER=/var/task/wrapper");
  EXPECT_EQ(run(spec).output, "ran more /var/runtime/bootstrap.py\n");
  spec.environment.back() = "AWS_LAMBDA_EXEC_WRAPPER=";
  EXPECT_EQ(run(spec).output, "ran /var/runtime/bootstrap.py\n");
  spec.environment.back() = "AWS_LAMBDA_EXEC_WRAPPER=/opt/none";
  const Outcome outcome = run(spec);
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(WEXITSTATUS(outcome.exit.status), 127);
  EXPECT_THAT(outcome.output, HasSubstr("/opt/none: not found"));
}

TEST_P(InstanceTest, RunsNode) {
  if (access("/usr/bin/node", X_OK) != 0) GTEST_SKIP() << "there is no /usr/bin/node";
  open({{"nodejs20.x", "/usr"}});
  Spec spec = spec_of(make_package({{"index.mjs", "export const handler = async () => 1;"}}));
  spec.runtime = "nodejs20.x";
  spec.environment = {"_HANDLER=index.handler", "LAMBDA_TASK_ROOT=/var/task", "PATH=/usr/bin"};
  bool exited = false;
  const Booted booted = boot(std::move(spec), [&exited](const Exit&) { exited = true; });
  char header[8] = {};
  run_until([&] { return recv(booted.channel.get(), header, 8, MSG_DONTWAIT) == 8; });
  EXPECT_EQ(header[4], 'R') << read_to_end(booted.log.get());
  warden_->backend->kill(booted.id);
  run_until([&exited] { return exited; });
}

}  // namespace
}  // namespace wick::sandbox
