// Forks of a small template, by the runtimes' native library, each into the namespaces of a first process made ahead of it ("seat"), as decision 021
// describes.
#include "sandbox/warden/admission.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <set>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "base/fd.h"
#include "native/wick_fork.h"
#include "sandbox/warden/capabilities.h"
#include "sandbox/warden/file_at.h"
#include "sandbox/warden/identity.h"
#include "sandbox/warden/packet.h"
#include "sandbox/warden/seccomp.h"

namespace wick::sandbox::warden {
namespace {

constexpr uid_t kUser = 1'459'617'792;
constexpr unsigned long kInstanceNamespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

#define ORDIE(call) \
  if (!(call)) _exit(100 + __LINE__ % 100)

long clone_here(unsigned long flags) { return syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr); }

Pair make_sockets() {
  auto pair = make_pair_that_knows_senders();
  EXPECT_TRUE(pair);
  return pair ? std::move(*pair) : Pair();
}

// A packet and who sent it, by the kernel's word.
pid_t hear(int socket, char* text, std::size_t size) {
  pid_t sender = 0;
  const auto received = receive_packet(socket, {text, size}, nullptr, Wait::yes, &sender);
  return received && *received > 0 ? sender : -1;
}

int attempts_that_succeed() {
  int done = 0;
  for (const unsigned long flag : {CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNS, CLONE_NEWNET}) {
    const long pid = clone_here(flag);
    if (pid == 0) _exit(0);
    if (pid > 0) ++done;
    if (unshare(static_cast<int>(flag)) == 0) ++done;
  }
  if (syscall(SYS_setns, open("/proc/self/ns/user", O_RDONLY), 0) == 0) ++done;
  return done;
}

// The earliest code of a function's in a fork: handlers that it has given to fork(3), in process A and in the fork.
int g_capabilities_seen = 0;
void look_for_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[2]{};
  if (syscall(SYS_capget, &header, sets) != 0) ++g_capabilities_seen;
  for (const auto& set : sets) {
    if ((set.effective | set.permitted | set.inheritable) != 0) ++g_capabilities_seen;
  }
}

// As a runtime's interpreter, with the control socket as descriptor 4.
[[noreturn]] void run_program(const std::vector<std::string>& program, int control) {
  ORDIE(control == 4 ? fcntl(4, F_SETFD, 0) == 0 : dup2(control, 4) == 4);
  std::vector<char*> argv;
  for (const std::string& argument : program) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/bin:/bin";
  char* const environment[] = {path, nullptr};
  execve(argv[0], argv.data(), environment);
  _exit(1);
}

[[noreturn]] void run_template(int control) {
  char environment[WICK_ENVIRONMENT_MAX];
  pthread_atfork(look_for_capabilities, nullptr, look_for_capabilities);
  if (attempts_that_succeed() > 0) _exit(1);
  wick_park(control);
  const int size = wick_adopt(environment);
  const std::string report =
      fmt::format("{} {} {} {} {} {}", getpid(), gettid(), getuid(), attempts_that_succeed() + g_capabilities_seen, size, environment);
  (void)send(3, report.data(), report.size(), 0);
  _exit(0);
}

class AdmissionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    proc_.reset(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    control_ = make_sockets();
    Pair ready = make_sockets();
    const long init = clone_here(kInstanceNamespaces);
    ASSERT_GE(init, 0);
    if (init == 0) run_template_init(ready.theirs.get());
    init_ = static_cast<pid_t>(init);
    control_.theirs.reset();
    char byte = 0;
    ASSERT_EQ(recv(ready.ours.get(), &byte, 1, 0), 1);
    template_ = open_namespaces(init_);
  }
  void TearDown() override {
    if (init_ > 0) kill(init_, SIGKILL);
    while (waitpid(-1, nullptr, 0) > 0) {
    }
  }

  // What the template is, where it is not the little one of this file.
  virtual std::vector<std::string> program() const { return {}; }

  void run_template_init(int ready) {
    const auto proc_self = open_folder("/proc/self");
    auto filter = compile_syscall_filter(FilterFor::templates);
    ORDIE(proc_self && filter);
    ORDIE(become_nobody(proc_self->get(), true, kUser));
    ORDIE(load_syscall_filter(*filter));
    if (fork() == 0) {
      if (!program().empty()) run_program(program(), control_.theirs.get());
      run_template(control_.theirs.get());
    }
    control_.theirs.reset();
    ORDIE(send(ready, "r", 1, 0) == 1);
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    _exit(0);
  }

  std::vector<UniqueFd> open_namespaces(pid_t process) const {
    std::vector<UniqueFd> fds;
    for (const char* name : kJoinedNamespaces)
      fds.emplace_back(openat(proc_.get(), fmt::format("{}/ns/{}", process, name).c_str(), O_RDONLY | O_CLOEXEC));
    return fds;
  }

  struct Seat {
    pid_t process = -1;
    std::vector<UniqueFd> namespaces;
    UniqueFd lifeline;
  };
  // The first process of an instance whose pid and user namespace lie in the template's, so that the template's processes may join.
  Seat make_seat() const {
    Pair socket = make_sockets();
    const pid_t first = fork();
    if (first == 0) {
      ORDIE(setns(template_[1].get(), CLONE_NEWPID) == 0 && setns(template_[2].get(), CLONE_NEWNS) == 0);
      ORDIE(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && setresgid(kUser, kUser, kUser) == 0 && setresuid(kUser, kUser, kUser) == 0);
      ORDIE(keep_capabilities({CAP_SYS_ADMIN}));
      ORDIE(setns(template_[0].get(), CLONE_NEWUSER) == 0);
      const pid_t second = fork();  // a pid namespace is only made from within its parent
      if (second != 0) _exit(waitpid(second, nullptr, 0) == second ? 0 : 1);
      ORDIE(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);  // for the map files
      const long seat = clone_here(CLONE_NEWUSER | kInstanceNamespaces | CLONE_PARENT);
      ORDIE(seat >= 0);
      if (seat > 0) _exit(0);
      socket.ours.reset();
      ORDIE(write_at(proc_.get(), "self/uid_map", "993 993 1"));
      ORDIE(write_at(proc_.get(), "self/setgroups", "deny"));
      ORDIE(write_at(proc_.get(), "self/gid_map", "990 990 1"));
      bound_capabilities({});
      ORDIE(keep_capabilities({}));
      // The template is process 2. A fork that were process 2 as well would not look like one to OpenSSL, which compares pids, and
      // would go on with the template's random numbers.
      const pid_t unused = fork();
      if (unused == 0) _exit(0);
      ORDIE(waitpid(unused, nullptr, 0) == 2);
      ORDIE(send(socket.theirs.get(), "r", 1, 0) == 1);
      char end = 0;
      (void)recv(socket.theirs.get(), &end, 1, 0);
      _exit(0);
    }
    EXPECT_EQ(waitpid(first, nullptr, 0), first);
    socket.theirs.reset();
    Seat seat;
    char byte = 0;
    seat.process = hear(socket.ours.get(), &byte, 1);
    EXPECT_GT(seat.process, 0);
    seat.namespaces = open_namespaces(seat.process);
    seat.lifeline = std::move(socket.ours);
    return seat;
  }

  // Returns what the fork says of itself; empty when it was not admitted.
  std::string fork_into(const Seat& seat, const std::vector<UniqueFd>& sent) {
    Namespaces wanted{};
    std::vector<int> numbers;
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = seat.namespaces[i].get();
    for (const UniqueFd& fd : sent) numbers.push_back(fd.get());
    char text[256] = {};
    if (!parked_) (void)hear(control_.ours.get(), text, sizeof(text));
    parked_ = true;
    EXPECT_EQ(send(control_.ours.get(), "F", 1, 0), 1);
    const pid_t process = hear(control_.ours.get(), text, sizeof(text));
    auto admission = Admission::seize(process);
    EXPECT_TRUE(admission) << admission.error().message;
    Pair channel = make_sockets();
    Pair own = make_sockets();
    numbers.push_back(own.theirs.get());
    const auto ordered = send_packet(control_.ours.get(), "O", numbers, Wait::yes);
    EXPECT_TRUE(ordered);
    if (!ordered) return {};
    own.theirs.reset();
    if (auto admitted = admission->admit(wanted, own_cgroups(), proc_.get()); !admitted) {
      refusal_ = admitted.error().message;
      return {};
    }
    fork_ = hear(own.ours.get(), text, sizeof(text));
    EXPECT_TRUE(send_packet(own.ours.get(), {"A=1", 4}, std::array<int, 2>{channel.theirs.get(), STDERR_FILENO}, Wait::yes));
    channel.theirs.reset();
    std::memset(text, 0, sizeof(text));
    (void)hear(channel.ours.get(), text, sizeof(text) - 1);
    return text;
  }

  // No group is made here, so that everybody stays in this process's.
  std::string own_cgroups() const { return *read_at(proc_.get(), "self/cgroup"); }

  UniqueFd proc_;
  Pair control_;
  bool parked_ = false;
  pid_t init_ = -1;
  pid_t fork_ = -1;
  std::string refusal_;
  std::vector<UniqueFd> template_;
};

TEST_F(AdmissionTest, AForkIsInTheSeatsNamespacesWithNothing) {
  const Seat seat = make_seat();
  // The third process of its pid namespace (the second was made on purpose); no attempt to make or join a namespace succeeds.
  EXPECT_EQ(fork_into(seat, seat.namespaces), "3 3 993 0 4 A=1");
  EXPECT_NE(fork_, seat.process);
}

// What each of many forks says, and how long it took from the order to that.
std::vector<std::string> fork_many(const std::function<std::string()>& fork_once, const std::function<void()>& prepare) {
  std::vector<double> micros;
  std::vector<std::string> words;
  for (int i = 0; i < 201; ++i) {
    prepare();
    const auto start = std::chrono::steady_clock::now();
    words.push_back(fork_once());
    // The template may still be starting when the first one is asked for.
    if (i > 0) micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(micros);
  fmt::print("order to the fork's own words: p50 {:.0f} us, p99 {:.0f} us\n", micros[100], micros[197]);
  return words;
}

TEST_F(AdmissionTest, TheTemplateForksAgainAndAgain) {
  Seat seat;
  const auto words = fork_many([&] { return fork_into(seat, seat.namespaces); }, [&] { seat = make_seat(); });
  for (const std::string& text : words) EXPECT_EQ(text, "3 3 993 0 4 A=1") << refusal_;
}

TEST_F(AdmissionTest, RefusesWhoeverIsElsewhere) {
  const Seat seat = make_seat();
  const Seat other = make_seat();
  EXPECT_EQ(fork_into(seat, other.namespaces), "");
  EXPECT_NE(refusal_, "");
  std::vector<UniqueFd> none;
  for (std::size_t i = 0; i < kJoinedNamespaces.size(); ++i) none.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(fork_into(seat, none), "");
  EXPECT_EQ(fork_into(seat, seat.namespaces), "3 3 993 0 4 A=1") << refusal_;  // the template is none the worse
}

// Forks of an interpreter: "PID VALUE..." in which nothing but the pid and the environment is the same twice.
void expect_fresh(const std::vector<std::string>& words) {
  std::set<std::string> seen;
  for (const std::string& text : words) {
    EXPECT_TRUE(text.starts_with("3 1 ")) << text;
    std::istringstream values(text.substr(std::min<std::size_t>(text.size(), 4)));
    for (std::string value; values >> value;) EXPECT_TRUE(seen.insert(value).second) << text;
  }
  EXPECT_GE(seen.size(), 3 * words.size());
}

class NodeForkTest : public AdmissionTest {
 protected:
  std::vector<std::string> program() const override {
    return {WICK_NODE, "--single-threaded", "--v8-pool-size=0", "-e",
            fmt::format(R"(
const native = require('{0}/runtime/node/wick_fork.node');
const fresh = require('{0}/runtime/node/fresh.cjs');
const crypto = require('node:crypto');
fresh.install();
const {{ random }} = Math;  // as a module may keep it
random(), crypto.randomUUID(), crypto.randomBytes(8);
native.park(4);
fresh.refresh();
native.adopt();
const environment = process.env.A;
(async () => {{
  await new Promise(setImmediate);
  const text = [process.pid, environment, random(), crypto.randomUUID(), crypto.randomBytes(8).toString('hex')].join(' ');
  require('node:fs').writeSync(3, text);
  native.exit(0);
}})();
)",
                        WICK_SHARE_BUILT)};
  }
};

TEST_F(NodeForkTest, ForksAreThemselves) {
  Seat seat;
  expect_fresh(fork_many([&] { return fork_into(seat, seat.namespaces); }, [&] { seat = make_seat(); }));
}

class PythonForkTest : public AdmissionTest {
 protected:
  std::vector<std::string> program() const override {
    return {"/usr/bin/python3", "-c",
            fmt::format(R"(
import ctypes, os, random, secrets, uuid
native = ctypes.PyDLL('{0}/runtime/python/wick_fork.so')
environment = ctypes.create_string_buffer(8192)
random.random(), uuid.uuid4()
ctypes.pythonapi.PyOS_BeforeFork()
native.wick_park(4)
ctypes.pythonapi.PyOS_AfterFork_Child()
native.wick_adopt(environment)
os.write(3, f"{{os.getpid()}} {{environment.value.decode()[2:]}} {{random.random()}} {{uuid.uuid4()}} {{secrets.token_hex(8)}}".encode())
os._exit(0)
)",
                        WICK_SHARE_BUILT)};
  }
};

TEST_F(PythonForkTest, ForksAreThemselves) {
  Seat seat;
  expect_fresh(fork_many([&] { return fork_into(seat, seat.namespaces); }, [&] { seat = make_seat(); }));
}

TEST(TemplateFilter, HasNoSetnsForTheUntraced) {
  auto filter = compile_syscall_filter(FilterFor::templates);
  ASSERT_TRUE(filter);
  const pid_t pid = fork();
  if (pid == 0) {
    if (!set_no_new_privs() || !load_syscall_filter(*filter)) _exit(255);
    _exit(syscall(SYS_setns, -1, 0) == 0 ? 0 : errno);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), ENOSYS);
}

}  // namespace
}  // namespace wick::sandbox::warden
