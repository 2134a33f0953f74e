#pragma once
// Control groups: what an instance may use, and what it has used. One interface over version 2 (cgroup_v2.h) and version 1
// (cgroup_v1.h), whose controllers each have a tree of their own; find_cgroups() says which this machine has.
//
// The warden owns one group, named after the data directory, and below it one for each instance, or a share of some instances, in which
// theirs are. What a killed warden left there is removed at the next start.
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/limits.h"

namespace wick::sandbox::warden {

// One instance's group. It must be empty of processes when it goes.
class Cgroup {
 public:
  virtual ~Cgroup() = default;

  // Memory without swap, and processes and threads. The processor stays free until limit_cpu(). What the kernel kills for memory is
  // the whole group, where it can (version 2), or the largest of its processes.
  enum class OutOfMemory { ends_all, ends_one };
  virtual Result<> limit(const Limits& limits, OutOfMemory effect) = 0;
  virtual Result<> limit_cpu(std::uint32_t cpu_millis) = 0;
  // What it gets of the processor beside others, as so many times halved. The kernel knows no less than 1/512 (version 1) or 1/64.
  virtual Result<> weigh(unsigned halvings) = 0;

  // How a new process gets in: born there where the kernel can (the folder for CLONE_INTO_CGROUP), or else by enter(), which
  // moves the calling process, which must have one thread.
  virtual Result<UniqueFd> birthplace() const = 0;  // no descriptor where enter() is needed
  virtual Result<> enter() const = 0;
  // Files by which a process that may not open them gets in: it writes "0" to each.
  virtual Result<std::vector<UniqueFd>> doors() const = 0;

  // An eventfd that becomes readable a moment before the kernel kills one process of the group for memory, or decides to kill
  // elsewhere, in a group further up; -1 where it kills all of the group by itself.
  virtual int out_of_memory_event() const = 0;
  virtual bool out_of_memory() const = 0;  // whether it has killed here

  // Kills every process in the group and lets it have the processor that it takes to die. Does not wait, and need not get them all
  // where the kernel cannot kill a group (version 1): to be repeated until they are gone.
  virtual void kill() = 0;
  // The same to all but one, which cannot start others either. True once there is no other.
  virtual bool kill_but(pid_t spared) = 0;

  virtual Usage usage() const = 0;
  virtual Result<> remove() = 0;  // does not wait: fails while the kernel is not done with processes that have just gone
};

// A group above those of some instances: beside other groups all of them together get as much of the processor as one instance does, and
// divide that. It is removed with the last that has it, each instance's group among them.
class CgroupShare {
 public:
  // Made in these folders, which stay their owner's and outlive it.
  CgroupShare(std::vector<int> folders, std::string name) : folders_(std::move(folders)), name_(std::move(name)) {}
  ~CgroupShare();
  CgroupShare(const CgroupShare&) = delete;
  CgroupShare& operator=(const CgroupShare&) = delete;

  const std::string& name() const { return name_; }

 private:
  const std::vector<int> folders_;
  const std::string name_;
};
using CgroupSharePtr = std::shared_ptr<const CgroupShare>;

class Cgroups {
 public:
  virtual ~Cgroups() = default;
  virtual Result<CgroupSharePtr> make_share(const std::string& name) = 0;
  virtual Result<std::unique_ptr<Cgroup>> make(const std::string& name, CgroupSharePtr share = nullptr) = 0;  // null: directly below the warden's
  // Kills what is left in the instances' groups, and removes them and the group above them.
  virtual void clear() = 0;
};

struct FoundCgroups {
  std::unique_ptr<Cgroups> cgroups;  // null where none can be used
  std::vector<std::string> missing;  // limits that will not hold, as sentences
};

// name is that of the warden's own group. Reads /proc/self.
FoundCgroups find_cgroups(const std::string& name);

// AWS's period, by which 128 MB of memory, 72 thousandths of a core, still get 1.4 ms of each 20.
inline constexpr std::uint32_t kCpuPeriodMicros = 20'000;
std::uint64_t cpu_quota_micros(std::uint32_t cpu_millis);  // in each period; at least the kernel's 1000

}  // namespace wick::sandbox::warden
