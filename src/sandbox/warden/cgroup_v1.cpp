#include "sandbox/warden/cgroup_v1.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <fmt/format.h>

#include "sandbox/warden/cgroup_folder.h"
#include "sandbox/warden/file_at.h"

namespace wick::sandbox::warden {
namespace {

constexpr std::uint64_t kTcpShare = 4;  // TCP's buffers are counted beside the memory, and may come to a fourth of it

struct Controller {
  std::string name;
  UniqueFd parent;
  UniqueFd own;
};
using Controllers = std::vector<Controller>;

class CgroupV1 final : public Cgroup {
 public:
  CgroupV1(const Controllers& controllers, std::string name) : controllers_(controllers), name_(std::move(name)) {}

  Result<> make() {
    for (const Controller& controller : controllers_) WICK_CHECK(make_group(controller.own.get(), name_));
    return watch_memory();
  }
  Result<> limit(const Limits& limits, OutOfMemory) override {
    const std::string memory = std::to_string(limits.memory_bytes);
    WICK_CHECK(set("memory", "memory.limit_in_bytes", memory));
    (void)set("memory", "memory.memsw.limit_in_bytes", memory);  // not there without swap accounting
    (void)set("memory", "memory.swappiness", "0");
    (void)set("memory", "memory.kmem.tcp.limit_in_bytes", std::to_string(limits.memory_bytes / kTcpShare));
    return set("pids", "pids.max", std::to_string(limits.pids));
  }
  Result<> limit_cpu(std::uint32_t cpu_millis) override {
    WICK_CHECK(set("cpu", "cpu.cfs_period_us", std::to_string(kCpuPeriodMicros)));
    return set("cpu", "cpu.cfs_quota_us", std::to_string(cpu_quota_micros(cpu_millis)));
  }
  Result<UniqueFd> birthplace() const override { return UniqueFd(); }
  Result<> enter() const override {
    // By thread, of which it has one: the kernel takes no lock for that which waits for an RCU grace period (7 ms against 0.3).
    for (const Controller& controller : controllers_) WICK_CHECK(write_at(controller.own.get(), name_ + "/tasks", "0"));
    return {};
  }
  Result<std::vector<UniqueFd>> doors() const override {
    std::vector<UniqueFd> doors;
    for (const Controller& controller : controllers_) {
      WICK_TRY(UniqueFd door, open_door(controller.own.get(), name_ + "/tasks"));
      doors.push_back(std::move(door));
    }
    return doors;
  }
  void kill() override { (void)kill_but(0); }
  bool kill_but(pid_t spared) override {
    (void)set("pids", "pids.max", "0");
    (void)set("cpu", "cpu.cfs_quota_us", "-1");
    return kill_group(controllers_.front().own.get(), name_, spared);
  }
  int out_of_memory_event() const override { return event_.get(); }
  bool out_of_memory() const override {
    const auto control = read_at(folder("memory"), name_ + "/memory.oom_control");
    return control && number_of(*control, "oom_kill") > 0;
  }
  Usage usage() const override {
    return {.memory_peak_bytes = read_number(folder("memory"), name_ + "/memory.max_usage_in_bytes"),
            .cpu_nanos = read_number(folder("cpuacct"), name_ + "/cpuacct.usage")};
  }
  Result<> remove() override {
    Result<> result;
    for (const Controller& controller : controllers_) {
      if (auto removed = remove_group(controller.own.get(), name_); !removed) result = std::move(removed);
    }
    return result;
  }

 private:
  int folder(std::string_view controller) const {
    for (const Controller& candidate : controllers_) {
      if (candidate.name == controller) return candidate.own.get();
    }
    return -1;
  }
  Result<> set(std::string_view controller, const char* file, const std::string& value) {
    const int own = folder(controller);
    return own < 0 ? Result<>() : write_at(own, name_ + "/" + file, value);
  }
  Result<> watch_memory() {
    const int memory = folder("memory");
    if (memory < 0) return {};
    const UniqueFd control(openat(memory, (name_ + "/memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
    if (!control) return fail_errno("open memory.oom_control of", name_);
    event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event_) return fail_errno("make an eventfd");
    return set("memory", "cgroup.event_control", fmt::format("{} {}", event_.get(), control.get()));
  }

  const Controllers& controllers_;
  std::string name_;
  UniqueFd event_;
};

class CgroupsV1 final : public Cgroups {
 public:
  CgroupsV1(Controllers controllers, std::string name) : controllers_(std::move(controllers)), name_(std::move(name)) {}

  Result<std::unique_ptr<Cgroup>> make(const std::string& name) override {
    auto cgroup = std::make_unique<CgroupV1>(controllers_, name);
    if (auto made = cgroup->make(); !made) {
      (void)cgroup->remove();
      return std::unexpected(std::move(made).error());
    }
    return cgroup;
  }
  void clear() override {
    for (const Controller& controller : controllers_) {
      clear_groups(controller.own.get());
      (void)remove_group(controller.parent.get(), name_);
    }
  }

 private:
  Controllers controllers_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<Cgroups>> open_cgroups_v1(std::vector<ControllerFolder> folders, const std::string& name) {
  Controllers controllers;
  for (ControllerFolder& folder : folders) {
    WICK_CHECK(make_group(folder.parent.get(), name));
    UniqueFd own(openat(folder.parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!own) return fail_errno("open cgroup", name);
    clear_groups(own.get());
    controllers.push_back({std::move(folder.controller), std::move(folder.parent), std::move(own)});
  }
  return std::make_unique<CgroupsV1>(std::move(controllers), name);
}

}  // namespace wick::sandbox::warden
