// Templates and their forks: a small program (probe/template.cpp) whose forks run shell scripts.
#include <gmock/gmock.h>

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>

#include "sandbox/census_test.h"
#include "sandbox/fixture_test.h"
#include "sandbox/warden/rules.h"

namespace wick::sandbox {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using warden::kMiB;

class ForkTest : public SandboxTest {
 protected:
  struct Life {
    Booted booted;
    std::shared_ptr<std::optional<Exit>> exit = std::make_shared<std::optional<Exit>>();
    bool has_ended() const { return exit->has_value(); }
  };
  static std::function<void(Exit)> note_in(const Life& life) {
    return [exit = life.exit](const Exit& how) { *exit = how; };
  }

  void SetUp() override {
#if __has_feature(thread_sanitizer)
    GTEST_SKIP() << "the warden's steps into a fork's namespaces share its memory, which its ThreadSanitizer does not stand";
#endif
    SandboxTest::SetUp();
    if (!IsSkipped() && !HasFatalFailure() && !warden_->backend->can_fork()) GTEST_SKIP() << "templates cannot be forked on this machine";
  }

  // The program, parked.
  Life make_template(Spec spec) {
    Life life;
    spec.is_template = true;
    life.booted = boot(std::move(spec), note_in(life));
    char text[6] = {};
    run_until([&] { return recv(life.booted.channel.get(), text, 6, MSG_DONTWAIT) == 6; });
    EXPECT_EQ(std::string(text, 6), "parked");
    return life;
  }
  Spec spec_of_template() { return spec_of(package_of_program(program_beside_this("wick_sandbox_template"))); }
  Life make_template() { return make_template(spec_of_template()); }
  Life make_template(const std::string& mode) {  // of probe/template.cpp
    Spec spec = spec_of_template();
    spec.environment.push_back("MODE=" + mode);
    return make_template(std::move(spec));
  }
  // The program stands for a managed runtime's interpreter.
  Life make_bare_template() {
    const fs::path root = folder_ / "data/runtimes/python3.77/bin";
    fs::create_directories(root);
    fs::copy_file(program_beside_this("wick_sandbox_template"), root / "python3.77");
    Spec bare = spec_of({});
    bare.runtime = "python3.77";
    return make_template(std::move(bare));
  }

  ForkSpec fork_of(const Life& origin, const std::string& script) const {
    return {.origin = origin.booted.id, .package = {}, .layers = {}, .environment = {"DO=" + script}, .share = {}, .limits = spec_of({}).limits};
  }
  Life begin(ForkSpec spec) {
    Life life;
    auto booted = fork(std::move(spec), note_in(life));
    EXPECT_TRUE(booted) << booted.error().message;
    if (booted) life.booted = std::move(*booted);
    return life;
  }
  // What a fork writes until its end, which run() waits for.
  std::string run_fork(ForkSpec spec, Exit* exit = nullptr) {
    const Life life = begin(std::move(spec));
    if (!life.booted.log) return {};
    run_until([&] { return life.has_ended(); });
    if (exit != nullptr) *exit = **life.exit;
    return read_to_end(life.booted.log.get());
  }
  std::string run_fork(const Life& origin, const std::string& script) { return run_fork(fork_of(origin, script)); }
  // Of a template that stops its places in the making: the first forks have places that were made before, or too quickly for it.
  std::optional<Error> fork_until_refused(const Life& origin, std::vector<Life>& forked) {
    while (forked.size() < 16) {
      Life life;
      auto booted = fork(fork_of(origin, "sleep 1000"), note_in(life));
      if (!booted) return std::move(booted).error();
      life.booted = std::move(*booted);
      forked.push_back(std::move(life));
    }
    return std::nullopt;
  }
  // Forks that wait for their orders, and those that have them: each is the third process of its pid namespace, below the template's.
  std::set<pid_t> forks() const {
    std::set<pid_t> found = descendants(pid_);
    std::erase_if(found, [](pid_t pid) {
      std::istringstream status(text_of(fmt::format("/proc/{}/status", pid)));
      for (std::string line; std::getline(status, line);) {
        if (line.starts_with("NSpid:")) return std::ranges::count(line, '\t') != 3 || !line.ends_with("\t3");
      }
      return true;
    });
    return found;
  }
  static bool is_stopped(pid_t pid) { return state_of(pid) == 'T'; }
  // The folders of a process's own control groups.
  static std::vector<fs::path> groups_of(pid_t pid) {
    std::vector<fs::path> trees{"/sys/fs/cgroup"};
    for (const fs::directory_entry& entry : fs::directory_iterator(trees.front())) trees.push_back(entry.path());
    std::vector<fs::path> groups;
    std::istringstream lines(text_of(fmt::format("/proc/{}/cgroup", pid)));
    for (std::string line; std::getline(lines, line);) {
      const std::string group = line.substr(line.find(':', line.find(':') + 1) + 2);
      if (group.find("wick-") == std::string::npos) continue;
      for (const fs::path& tree : trees) {
        if (fs::is_directory(tree / group)) groups.push_back(tree / group);
      }
    }
    return groups;
  }
  static pid_t parent_of(pid_t pid) {
    std::istringstream status(text_of(fmt::format("/proc/{}/status", pid)));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("PPid:")) return std::stoi(line.substr(5));
    }
    return -1;
  }
  pid_t wait_for_a_fork() {
    std::set<pid_t> found;
    run_until([&] { return !(found = forks()).empty(); });
    return found.empty() ? -1 : *found.begin();
  }
  // The first line of what it writes.
  static std::string read_line(const Life& life) {
    std::string line;
    for (char c = 0; read(life.booted.log.get(), &c, 1) == 1 && c != '\n';) line.push_back(c);
    return line;
  }
};
INSTANTIATE_TEST_SUITE_P(Modes, ForkTest, testing::Values(Mode::root), name_of);

class RootlessForkTest : public SandboxTest {};
INSTANTIATE_TEST_SUITE_P(Modes, RootlessForkTest, testing::Values(Mode::rootless), name_of);

TEST_P(RootlessForkTest, HasNoTemplates) {
  EXPECT_FALSE(warden_->backend->can_fork());
  EXPECT_THAT(warden_->missing, testing::Contains(HasSubstr("no templates")));
  Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\n"}}));
  spec.is_template = true;
  EXPECT_EQ(run(spec).error->code, Errc::unavailable);
}

TEST_P(ForkTest, IsAnInstanceOfItsOwn) {
  ASSERT_TRUE(warden_->backend->can_fork());
  const Life origin = make_template();
  ForkSpec spec = fork_of(origin, "echo $$ $VALUE; hostname; id -u; pwd; echo x > /tmp/x; ls /tmp; echo /proc/[0-9]*; echo $LANG");
  spec.environment.emplace_back("VALUE=a b");
  EXPECT_EQ(run_fork(spec), "3 a b\nsandbox\n993\n/var/task\nx\n/proc/3\nC\n");
  EXPECT_EQ(run_fork(origin, "ls /tmp; echo $VALUE"), "\n");
}

TEST_P(ForkTest, IsMadeAheadOfItsOrder) {
  const Life origin = make_template();
  const pid_t waiting = wait_for_a_fork();
  EXPECT_THAT(text_of(fmt::format("/proc/{}/status", waiting)), HasSubstr("\nCapEff:\t0000000000000000\n"));
  const Life one = begin(fork_of(origin, "echo up; cat <&3"));
  EXPECT_EQ(read_line(one), "up");
  EXPECT_THAT(text_of(fmt::format("/proc/{}/cmdline", waiting)), testing::StartsWith("sh"));
  run_until([&] { return forks().size() == 2; });  // the next one
}

TEST_P(ForkTest, OneThatEndsBeforeItsOrderIsReplaced) {
  const Life origin = make_template();
  const pid_t waiting = wait_for_a_fork();
  ASSERT_EQ(kill(waiting, SIGKILL), 0);
  run_until([&] { return !runs(waiting); });
  EXPECT_EQ(run_fork(origin, "echo well"), "well\n");
  const pid_t other = wait_for_a_fork();
  EXPECT_NE(other, waiting);
  EXPECT_EQ(run_fork(origin, "echo well"), "well\n");
  EXPECT_FALSE(runs(other));
}

TEST_P(ForkTest, SharesTheProcessorWithTheOthersOfItsTemplate) {
  const Life origin = make_template();
  const Life one = begin(fork_of(origin, "echo up; cat <&3"));
  const Life two = begin(fork_of(origin, "echo up; cat <&3"));
  EXPECT_EQ(read_line(one) + read_line(two), "upup");
  std::set<std::string> shares;
  for (const pid_t pid : forks()) shares.insert(cpu_parent_of(pid));
  EXPECT_THAT(shares, testing::ElementsAre("share-" + origin.booted.id.str()));
}

TEST_P(ForkTest, ThoseThatWaitGoWithTheirTemplate) {
  const Census before = census_at_rest();
  {
    const Life origin = make_template();
    wait_for_a_fork();
    warden_->backend->kill(origin.booted.id);
    run_until([&] { return origin.has_ended(); });
  }
  expect_nothing_more(before);
}

TEST_P(ForkTest, CodeInItTriesInVain) {
  Spec spec = spec_of_template();
  fs::copy_file(program_beside_this("wick_sandbox_probe"), folder_ / "data/packages" / spec.package / "probe");
  const Life origin = make_template(spec);
  const std::string output = run_fork(origin, "exec /var/task/probe 3<&-");
  EXPECT_THAT(output, HasSubstr("unshare user: refused"));
  EXPECT_THAT(output, HasSubstr("setns: refused, Function not implemented"));
  EXPECT_THAT(output, HasSubstr("see other processes: refused"));
  EXPECT_THAT(output, HasSubstr("\nCapEff:\t0000000000000000\n"));
  EXPECT_THAT(output, HasSubstr("\nCapPrm:\t0000000000000000\n"));
  EXPECT_THAT(output, HasSubstr("\nNoNewPrivs:\t1\n"));
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("may "))
      EXPECT_THAT(line, HasSubstr(": DONE"));
    else
      EXPECT_THAT(line, Not(HasSubstr("DONE")));
  }
}

TEST_P(ForkTest, TellsHowItEnded) {
  const Life origin = make_template();
  Exit exit;
  run_fork(fork_of(origin, "exit 5"), &exit);
  EXPECT_TRUE(WIFEXITED(exit.status) && WEXITSTATUS(exit.status) == 5) << exit.status;
  run_fork(fork_of(origin, "sleep 1000 & kill -SEGV $$"), &exit);
  EXPECT_TRUE(WIFSIGNALED(exit.status) && WTERMSIG(exit.status) == SIGSEGV) << exit.status;
  EXPECT_FALSE(exit.out_of_memory);
}

TEST_P(ForkTest, MemoryEndsItAlone) {
  const Life origin = make_template();
  const Life other = begin(fork_of(origin, "echo up; cat <&3"));
  EXPECT_EQ(read_line(other), "up");
  ForkSpec spec = fork_of(origin, "exec perl -e '$x = \"x\" x (400 << 20); print \"not stopped\\n\"'");
  spec.limits.memory_bytes = 64 * kMiB;
  Exit exit;
  EXPECT_EQ(run_fork(spec, &exit), "");
  EXPECT_TRUE(exit.out_of_memory);
  EXPECT_TRUE(WIFSIGNALED(exit.status) && WTERMSIG(exit.status) == SIGKILL);
  EXPECT_GT(exit.memory_peak_bytes, 60 * kMiB);
  EXPECT_EQ(run_fork(origin, "echo well"), "well\n");
  EXPECT_FALSE(other.has_ended());
}

TEST_P(ForkTest, HasItsOwnProcessesAndTmp) {
  const Life origin = make_template();
  ForkSpec spec = fork_of(origin, "i=0; while [ $i -lt 30 ]; do sleep 100 & i=$((i+1)); done 2>&1; echo all");
  spec.limits.pids = 16;
  EXPECT_THAT(run_fork(spec), HasSubstr("Cannot fork"));
  spec = fork_of(origin, "dd if=/dev/zero of=/tmp/x bs=1M count=40 2>/dev/null; stat -c %s /tmp/x");
  spec.limits.tmp_bytes = 32 * kMiB;
  EXPECT_EQ(run_fork(spec), fmt::format("{}\n", 32 * kMiB));
  EXPECT_EQ(run_fork(origin, "dd if=/dev/zero of=/tmp/x bs=1M count=40 2>/dev/null; stat -c %s /tmp/x"), fmt::format("{}\n", 16 * kMiB));
}

TEST_P(ForkTest, ASignalToTheGroupReachesNobodyElse) {
  const Life origin = make_template();
  const Life other = begin(fork_of(origin, "echo up; cat <&3"));
  EXPECT_EQ(read_line(other), "up");
  run_fork(origin, "kill -KILL 0");
  EXPECT_THAT(run_fork(origin, "kill -KILL -1 2>/dev/null; echo well"), testing::EndsWith("well\n"));
  EXPECT_FALSE(other.has_ended());
  EXPECT_FALSE(origin.has_ended());
}

TEST_P(ForkTest, IsKilledAlone) {
  const Life origin = make_template();
  const Life one = begin(fork_of(origin, "trap '' TERM; (setsid sleep 1000 &); echo up; sleep 1000"));
  const Life other = begin(fork_of(origin, "echo up; read x <&3; echo $x"));
  EXPECT_EQ(read_line(one), "up");
  EXPECT_EQ(read_line(other), "up");
  warden_->backend->kill(one.booted.id);
  run_until([&] { return one.has_ended(); });
  EXPECT_TRUE(WIFSIGNALED((*one.exit)->status));
  ASSERT_EQ(send(other.booted.channel.get(), "there\n", 6, MSG_NOSIGNAL), 6);
  run_until([&] { return other.has_ended(); });
  EXPECT_EQ(read_to_end(other.booted.log.get()), "there\n");
}

TEST_P(ForkTest, LivesOnWhenItsTemplateIsKilled) {
  const Life origin = make_template();
  const Life one = begin(fork_of(origin, "echo up; read x <&3; echo $x; exit 4"));
  EXPECT_EQ(read_line(one), "up");
  warden_->backend->kill(origin.booted.id);
  run_until([&] { return origin.has_ended(); });
  EXPECT_TRUE(WIFSIGNALED((*origin.exit)->status));
  const auto refused = fork(fork_of(origin, "true"), [](const Exit&) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_FALSE(one.has_ended());
  ASSERT_EQ(send(one.booted.channel.get(), "there\n", 6, MSG_NOSIGNAL), 6);
  run_until([&] { return one.has_ended(); });
  EXPECT_EQ(read_to_end(one.booted.log.get()), "there\n");
  EXPECT_EQ(WEXITSTATUS((*one.exit)->status), 4);
}

TEST_P(ForkTest, ATemplateThatDoesNotAnswerIsEnded) {
  for (const std::string mode : {"stop", "deaf", "leave"}) {
    const Life origin = make_template(mode);
    const auto start = std::chrono::steady_clock::now();
    const auto refused = fork(fork_of(origin, "true"), [](const Exit&) {});
    ASSERT_FALSE(refused) << mode;
    EXPECT_EQ(refused.error().code, Errc::unavailable) << mode;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << mode;
    run_until([&] { return origin.has_ended(); });
  }
}

TEST_P(ForkTest, PlacesThatATemplateStopsAreGivenUp) {
  const Census before = census_at_rest();
  {
    const Life origin = make_template("harass");
    wait_for_a_fork();
    ASSERT_EQ(send(origin.booted.channel.get(), "!", 1, MSG_NOSIGNAL), 1);
    std::vector<Life> forked;
    const auto refused = fork_until_refused(origin, forked);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, Errc::unavailable) << refused->message;
    for (const Life& life : forked) warden_->backend->kill(life.booted.id);
    warden_->backend->kill(origin.booted.id);
    run_until([&] { return origin.has_ended() && std::ranges::all_of(forked, &Life::has_ended); });
  }
  expect_nothing_more(before);
}

TEST_P(ForkTest, PlacesInTheMakingGoWithTheirTemplate) {
  const Census before = census_at_rest();
  {
    const Life origin = make_template("harass");
    const pid_t first_process = parent_of(wait_for_a_fork());
    ASSERT_EQ(send(origin.booted.channel.get(), "!", 1, MSG_NOSIGNAL), 1);
    const std::jthread killer([&] {
      EXPECT_TRUE(eventually([&] { return std::ranges::any_of(descendants(pid_), is_stopped); }, std::chrono::seconds(10)));
      EXPECT_EQ(kill(first_process, SIGKILL), 0);
    });
    std::vector<Life> forked;
    const auto refused = fork_until_refused(origin, forked);  // the last one waits for a place
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, Errc::unavailable) << refused->message;
    run_until([&] { return origin.has_ended() && std::ranges::all_of(forked, &Life::has_ended); });
  }
  expect_nothing_more(before);
}

TEST_P(ForkTest, ThoseThatHideInItsPlacesGoWithThem) {
  const Census before = census_at_rest();
  {
    const Life origin = make_template("squat");
    const std::vector<fs::path> groups = groups_of(wait_for_a_fork());
    EXPECT_FALSE(groups.empty());
    EXPECT_EQ(run_fork(origin, "echo well"), "well\n");
    for (const fs::path& group : groups) EXPECT_TRUE(eventually([&] { return !fs::exists(group); }, std::chrono::seconds(5))) << group;
    warden_->backend->kill(origin.booted.id);
    run_until([&] { return origin.has_ended(); });
  }
  expect_nothing_more(before);
}

TEST_P(ForkTest, MayHaveMoreMemoryThanItsTemplate) {
  const Life origin = make_template();
  for (const std::uint64_t memory : {1024 * kMiB, 64 * kMiB, 512 * kMiB}) {
    ForkSpec spec = fork_of(origin, "exec perl -e '$x = \"x\" x (100 << 20); print \"well\"'");
    spec.limits.memory_bytes = memory;
    EXPECT_EQ(run_fork(spec), memory > 100 * kMiB ? "well" : "");
  }
}

TEST_P(ForkTest, OfABareTemplateHasThePackageThatItIsGiven) {
  const Life origin = make_bare_template();
  ForkSpec spec = fork_of(origin, "pwd; cat text /opt/text; ls /opt; echo x > /var/task/x");
  spec.package = make_package({{"text", "package\n"}});
  spec.layers = make_package({{"text", "layers\n"}}, "layers");
  spec.limits.tmp_bytes = 20 * kMiB;
  EXPECT_EQ(run_fork(spec), "/var/task\npackage\nlayers\ntext\nsh: 1: cannot create /var/task/x: Read-only file system\n");
  spec.layers.clear();
  spec.environment = {"DO=ls /opt; cat text"};
  EXPECT_EQ(run_fork(spec), "package\n");

  spec.package = std::string(64, 'f');
  EXPECT_EQ(fork(spec, [](const Exit&) {}).error().code, Errc::not_found);
  spec.package.clear();
  EXPECT_EQ(fork(spec, [](const Exit&) {}).error().code, Errc::invalid_argument);
  const Life own = make_template();
  spec = fork_of(own, "true");
  spec.package = make_package({{"text", ""}});
  EXPECT_EQ(fork(spec, [](const Exit&) {}).error().code, Errc::invalid_argument);
  EXPECT_EQ(run_fork(own, "echo well"), "well\n");  // it is none the worse
}

TEST_P(ForkTest, ThoseOfABareTemplateOfOneNameWeighAsOne) {
  const Life origin = make_bare_template();
  const auto weight_of = [this](const std::string& command) {
    for (const pid_t pid : forks()) {
      if (!text_of(fmt::format("/proc/{}/cmdline", pid)).ends_with(command + '\0')) continue;
      for (const fs::path& group : groups_of(pid)) {
        for (const char* file : {"cpu.shares", "cpu.weight"}) {
          if (const std::string weight = text_of(group / file); !weight.empty()) return std::stoi(weight);
        }
      }
    }
    return 0;
  };
  std::vector<Life> booted;
  for (const std::string seconds : {"1001", "1002", "1003", "1004"}) {
    ForkSpec spec = fork_of(origin, "echo up; exec sleep " + seconds);
    spec.package = make_package({{"text", ""}});
    spec.share = seconds == "1004" ? "other" : "one";
    booted.push_back(begin(std::move(spec)));
    EXPECT_EQ(read_line(booted.back()), "up");
  }
  int whole = 0;
  run_until([&] { return (whole = weight_of("1004")) > 0; });  // it has said that it is up, and may be between two programs
  for (const char* seconds : {"1001", "1002", "1003"}) EXPECT_EQ(weight_of(seconds), whole / 2) << seconds;
}

TEST_P(ForkTest, ReachesTheOutsideWhereItsTemplateDoes) {
  if (std::ranges::any_of(warden_->missing, [](std::string_view sentence) { return sentence.starts_with("no outside"); }))
    GTEST_SKIP() << "no outside network on this machine";
  const std::string script = "grep -c tap0 /proc/net/dev; cat /etc/resolv.conf";
  EXPECT_EQ(run_fork(make_template(), script), "0\n");
  Spec spec = spec_of_template();
  spec.network = Network::outside;
  EXPECT_EQ(run_fork(make_template(spec), script), "1\nnameserver 10.0.2.3\n");
}

TEST_P(ForkTest, RefusesWhatIsNoTemplate) {
  const Life instance{.booted = boot(spec_of(make_package({{"bootstrap", "#!/bin/sh\nsleep 1000\n"}})), [](const Exit&) {})};
  EXPECT_EQ(fork(fork_of(instance, "true"), [](const Exit&) {}).error().code, Errc::unavailable);
  ForkSpec spec = fork_of(instance, "true");
  spec.origin = InstanceId(std::string(32, 'f'));
  EXPECT_EQ(fork(spec, [](const Exit&) {}).error().code, Errc::unavailable);
}

TEST_P(ForkTest, FortyAtOnceLeaveNothing) {
  const Census before = census_at_rest();
  {
    const Life origin = make_template();
    std::vector<Life> lives(40);
    std::size_t answered = 0;
    for (Life& life : lives) {
      boost::asio::co_spawn(loop_, warden_->backend->fork(fork_of(origin, "sleep 1000 & echo $$; read x <&3; exit 3"), note_in(life)),
                            [&life, &answered](const std::exception_ptr&, Result<Booted> booted) {
                              EXPECT_TRUE(booted) << booted.error().message;
                              if (booted) life.booted = std::move(*booted);
                              ++answered;
                            });
    }
    run_until([&] { return answered == lives.size(); });
    for (const Life& life : lives) EXPECT_EQ(read_line(life), "3");
    warden_->backend->kill(origin.booted.id);
    for (std::size_t i = 0; i < lives.size(); ++i) {
      if (i % 2 == 0)
        warden_->backend->kill(lives[i].booted.id);
      else
        ASSERT_EQ(send(lives[i].booted.channel.get(), "\n", 1, MSG_NOSIGNAL), 1);
    }
    run_until([&] { return origin.has_ended() && std::ranges::all_of(lives, [](const Life& life) { return life.has_ended(); }); });
    for (std::size_t i = 1; i < lives.size(); i += 2) EXPECT_EQ(WEXITSTATUS((*lives[i].exit)->status), 3);
  }
  expect_nothing_more(before);
}

TEST_P(ForkTest, OfManyThatEndAtOnceEachIsTold) {
  const Life origin = make_template();
  std::vector<Life> lives(40);
  for (std::size_t i = 0; i < lives.size(); ++i) {
    boost::asio::co_spawn(loop_, warden_->backend->fork(fork_of(origin, fmt::format("exit {}", i)), note_in(lives[i])),
                          [](const std::exception_ptr&, const Result<Booted>& booted) { EXPECT_TRUE(booted) << booted.error().message; });
  }
  run_until([&] { return std::ranges::all_of(lives, [](const Life& life) { return life.has_ended(); }); });
  for (std::size_t i = 0; i < lives.size(); ++i) EXPECT_EQ(WEXITSTATUS((*lives[i].exit)->status), i);
}

TEST_P(ForkTest, EndsWithTheDaemon) {
  const Life origin = make_template();
  const Life one = begin(fork_of(origin, "trap '' TERM HUP INT; setsid sleep 1000 & echo up; sleep 1000"));
  EXPECT_EQ(read_line(one), "up");
  const std::set<pid_t> processes = descendants(pid_);
  warden_.reset();
  EXPECT_TRUE(eventually([&] { return std::ranges::none_of(processes, runs); }, std::chrono::seconds(1)));
  EXPECT_EQ(cgroup_count(folder_ / "data"), 0U);
}

TEST_P(ForkTest, DoesNotOutliveAKilledWarden) {
  const Life origin = make_template();
  const Life one = begin(fork_of(origin, "trap '' TERM HUP INT; setsid sleep 1000 & echo up; sleep 1000"));
  EXPECT_EQ(read_line(one), "up");
  const std::set<pid_t> processes = descendants(pid_);
  ASSERT_EQ(kill(pid_, SIGKILL), 0);
  run_until([&] { return lost_ && one.has_ended() && origin.has_ended(); });
  // The first process of the template's pid namespace is gone once whoever the others belong to now has reaped them.
  for (const pid_t pid : processes)
    EXPECT_TRUE(eventually([pid] { return !runs(pid); }, std::chrono::seconds(10))) << text_of(fmt::format("/proc/{}/status", pid));
  open();
  EXPECT_EQ(run_fork(make_template(), "echo again"), "again\n");
}

// Not a bound, which a busy machine would break, but to be read.
TEST_P(ForkTest, TakesSoLong) {
  const Life origin = make_template();
  std::vector<double> micros;
  for (int i = 0; i < 100; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Life life = begin(fork_of(origin, "exit 0"));
    micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    run_until([&] { return life.has_ended(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // for seats to be made
  }
  std::ranges::sort(micros);
  fmt::print("order to Booted: p10 {:.0f} us, p50 {:.0f} us, p99 {:.0f} us\n", micros[10], micros[50], micros[98]);
}

}  // namespace
}  // namespace wick::sandbox
