#include "sandbox/warden/cgroup_v2.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sandbox/warden/cgroup_folder.h"
#include "sandbox/warden/file_at.h"

namespace wick::sandbox::warden {
namespace {

constexpr std::array kControllers{"cpu", "memory", "pids"};
constexpr unsigned kWeight = 100;  // the kernel's default

class CgroupV2 final : public Cgroup {
 public:
  CgroupV2(int parent, std::string name, CgroupSharePtr share) : parent_(parent), name_(std::move(name)), share_(std::move(share)) {}

  Result<> limit(const Limits& limits, OutOfMemory effect) override {
    WICK_CHECK(set("memory.max", std::to_string(limits.memory_bytes)));
    (void)set("memory.swap.max", "0");  // not there without swap
    WICK_CHECK(set("memory.oom.group", effect == OutOfMemory::ends_all ? "1" : "0"));
    return set("pids.max", std::to_string(limits.pids));
  }
  Result<> limit_cpu(std::uint32_t cpu_millis) override {
    return set("cpu.max", fmt::format("{} {}", cpu_quota_micros(cpu_millis), kCpuPeriodMicros));
  }
  Result<> weigh(unsigned halvings) override { return set("cpu.weight", std::to_string(std::max(kWeight >> halvings, 1U))); }
  Result<UniqueFd> birthplace() const override {
    UniqueFd folder(openat(parent_, name_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return fail_errno("open cgroup", name_);
    return folder;
  }
  Result<> enter() const override { return {}; }
  void kill() override {
    (void)set("cpu.max", fmt::format("max {}", kCpuPeriodMicros));
    if (!set("cgroup.kill", "1")) (void)kill_group(parent_, name_);  // Linux 5.14
  }
  Result<std::vector<UniqueFd>> doors() const override {
    std::vector<UniqueFd> doors;
    WICK_TRY(UniqueFd door, open_door(parent_, name_ + "/cgroup.procs"));
    doors.push_back(std::move(door));
    return doors;
  }
  bool kill_but(pid_t spared) override {
    (void)set("pids.max", "0");
    (void)set("cpu.max", fmt::format("max {}", kCpuPeriodMicros));
    return kill_group(parent_, name_, spared);
  }
  int out_of_memory_event() const override { return -1; }
  bool out_of_memory() const override {
    const auto events = read_at(parent_, name_ + "/memory.events");
    return events && number_of(*events, "oom_kill") > 0;
  }
  Usage usage() const override {
    const auto cpu = read_at(parent_, name_ + "/cpu.stat");
    return {.memory_peak_bytes = read_number(parent_, name_ + "/memory.peak"),  // Linux 5.19
            .cpu_nanos = cpu ? number_of(*cpu, "usage_usec") * 1000 : 0};
  }
  Result<> remove() override { return remove_group(parent_, name_); }

 private:
  Result<> set(const char* file, const std::string& value) { return write_at(parent_, name_ + "/" + file, value); }

  int parent_;
  std::string name_;  // with that of its share
  CgroupSharePtr share_;
};

class CgroupsV2 final : public Cgroups {
 public:
  CgroupsV2(UniqueFd parent, std::string name, UniqueFd own) : parent_(std::move(parent)), name_(std::move(name)), own_(std::move(own)) {}

  Result<CgroupSharePtr> make_share(const std::string& name) override {
    WICK_CHECK(make_group(own_.get(), name));
    auto share = std::make_shared<CgroupShare>(std::vector<int>{own_.get()}, name);
    for (const char* controller : kControllers) WICK_CHECK(write_at(own_.get(), name + "/cgroup.subtree_control", std::string("+") + controller));
    return share;
  }
  Result<std::unique_ptr<Cgroup>> make(const std::string& name, CgroupSharePtr share) override {
    const std::string path = share ? share->name() + "/" + name : name;
    WICK_CHECK(make_group(own_.get(), path));
    return std::make_unique<CgroupV2>(own_.get(), path, std::move(share));
  }
  void clear() override {
    clear_groups(own_.get());
    (void)remove_group(parent_.get(), name_);
  }

 private:
  UniqueFd parent_;
  std::string name_;
  UniqueFd own_;
};

}  // namespace

bool step_aside(int own, pid_t daemon, pid_t warden) {
  const auto processes = read_at(own, "cgroup.procs");
  if (!processes) return false;
  const std::string first = std::to_string(daemon);
  const std::string second = std::to_string(warden);
  if (*processes != first + "\n" + second + "\n" && *processes != second + "\n" + first + "\n") return false;
  return make_group(own, "daemon") && write_at(own, "daemon/cgroup.procs", first) && write_at(own, "daemon/cgroup.procs", second);
}

void enable_controllers(int folder, std::vector<std::string>& missing) {
  for (const char* controller : kControllers) {
    if (auto enabled = write_at(folder, "cgroup.subtree_control", std::string("+") + controller); !enabled)
      missing.push_back(fmt::format("no {} limits: the cgroup controller cannot be used ({})", controller, enabled.error().message));
  }
}

Result<std::unique_ptr<Cgroups>> open_cgroups_v2(UniqueFd parent, const std::string& name) {
  WICK_CHECK(make_group(parent.get(), name));
  UniqueFd own(openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return fail_errno("open cgroup", name);
  clear_groups(own.get());
  return std::make_unique<CgroupsV2>(std::move(parent), name, std::move(own));
}

}  // namespace wick::sandbox::warden
