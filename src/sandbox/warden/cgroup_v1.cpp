#include "sandbox/warden/cgroup_v1.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <algorithm>

#include <fmt/format.h>

#include "sandbox/warden/cgroup_folder.h"
#include "sandbox/warden/file_at.h"

namespace wick::sandbox::warden {
namespace {

constexpr unsigned kShares = 1024;  // the kernel's default
constexpr unsigned kSharesMin = 2;
constexpr std::uint64_t kTcpShare = 4;  // TCP's buffers are counted beside the memory, and may come to a fourth of it

struct Controller {
  std::string name;
  UniqueFd parent;
  UniqueFd own;
  bool has_shares = false;  // the tree that is cpu's
};
using Controllers = std::vector<Controller>;

bool is_same(int folder, int other) {
  struct stat one{};
  struct stat two{};
  return fstat(folder, &one) == 0 && fstat(other, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

class CgroupV1 final : public Cgroup {
 public:
  CgroupV1(const Controllers& controllers, std::string name, CgroupSharePtr share)
      : controllers_(controllers), name_(std::move(name)), share_(std::move(share)) {}

  Result<> make() {
    for (const Controller& controller : controllers_) WICK_CHECK(make_group(controller.own.get(), path(controller)));
    return watch_memory();
  }
  Result<> limit(const Limits& limits, OutOfMemory) override {
    const std::string memory = std::to_string(limits.memory_bytes);
    // That of memory and swap, which is not there without swap accounting, is never to be below that of memory: a rise begins with it, and
    // a fall ends with it.
    (void)set("memory", "memory.memsw.limit_in_bytes", memory);
    WICK_CHECK(set("memory", "memory.limit_in_bytes", memory));
    (void)set("memory", "memory.memsw.limit_in_bytes", memory);
    (void)set("memory", "memory.swappiness", "0");
    (void)set("memory", "memory.kmem.tcp.limit_in_bytes", std::to_string(limits.memory_bytes / kTcpShare));
    return set("pids", "pids.max", std::to_string(limits.pids));
  }
  Result<> limit_cpu(std::uint32_t cpu_millis) override {
    WICK_CHECK(set("cpu", "cpu.cfs_period_us", std::to_string(kCpuPeriodMicros)));
    return set("cpu", "cpu.cfs_quota_us", std::to_string(cpu_quota_micros(cpu_millis)));
  }
  Result<> weigh(unsigned halvings) override { return set("cpu", "cpu.shares", std::to_string(std::max(kShares >> halvings, kSharesMin))); }
  Result<UniqueFd> birthplace() const override { return UniqueFd(); }
  Result<> enter() const override {
    // By thread, of which it has one: the kernel takes no lock for that which waits for an RCU grace period (7 ms against 0.3).
    for (const Controller& controller : controllers_) WICK_CHECK(write_at(controller.own.get(), path(controller) + "/tasks", "0"));
    return {};
  }
  Result<std::vector<UniqueFd>> doors() const override {
    std::vector<UniqueFd> doors;
    for (const Controller& controller : controllers_) {
      WICK_TRY(UniqueFd door, open_door(controller.own.get(), path(controller) + "/tasks"));
      doors.push_back(std::move(door));
    }
    return doors;
  }
  void kill() override { (void)kill_but(0); }
  bool kill_but(pid_t spared) override {
    (void)set("pids", "pids.max", "0");
    (void)set("cpu", "cpu.cfs_quota_us", "-1");
    bool alone = true;  // in each tree: whoever has got hold of doors may be in some of the groups only
    for (const Controller& controller : controllers_) alone = kill_group(controller.own.get(), path(controller), spared) && alone;
    return alone;
  }
  int out_of_memory_event() const override { return event_.get(); }
  bool out_of_memory() const override {
    const Controller* memory = find("memory");
    if (memory == nullptr) return false;
    const auto control = read_at(memory->own.get(), path(*memory) + "/memory.oom_control");
    return control && number_of(*control, "oom_kill") > 0;
  }
  Usage usage() const override {
    return {.memory_peak_bytes = number("memory", "memory.max_usage_in_bytes"), .cpu_nanos = number("cpuacct", "cpuacct.usage")};
  }
  Result<> remove() override {
    Result<> result;
    for (const Controller& controller : controllers_) {
      if (auto removed = remove_group(controller.own.get(), path(controller)); !removed) result = std::move(removed);
    }
    return result;
  }

 private:
  std::string path(const Controller& controller) const { return share_ && controller.has_shares ? share_->name() + "/" + name_ : name_; }
  const Controller* find(std::string_view name) const {
    const auto found = std::ranges::find(controllers_, name, &Controller::name);
    return found == controllers_.end() ? nullptr : &*found;
  }
  Result<> set(std::string_view name, const char* file, const std::string& value) {
    const Controller* controller = find(name);
    return controller == nullptr ? Result<>() : write_at(controller->own.get(), path(*controller) + "/" + file, value);
  }
  std::uint64_t number(std::string_view name, const char* file) const {
    const Controller* controller = find(name);
    return controller == nullptr ? 0 : read_number(controller->own.get(), path(*controller) + "/" + file);
  }
  Result<> watch_memory() {
    const Controller* memory = find("memory");
    if (memory == nullptr) return {};
    const UniqueFd control(openat(memory->own.get(), (path(*memory) + "/memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
    if (!control) return fail_errno("open memory.oom_control of", name_);
    event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event_) return fail_errno("make an eventfd");
    return set("memory", "cgroup.event_control", fmt::format("{} {}", event_.get(), control.get()));
  }

  const Controllers& controllers_;
  std::string name_;
  CgroupSharePtr share_;
  UniqueFd event_;
};

class CgroupsV1 final : public Cgroups {
 public:
  CgroupsV1(Controllers controllers, std::string name) : controllers_(std::move(controllers)), name_(std::move(name)) {}

  Result<CgroupSharePtr> make_share(const std::string& name) override {
    std::vector<int> folders;
    for (const Controller& controller : controllers_) {
      if (controller.has_shares) folders.push_back(controller.own.get());
    }
    auto share = std::make_shared<CgroupShare>(folders, name);
    for (const int folder : folders) WICK_CHECK(make_group(folder, name));
    return share;
  }
  Result<std::unique_ptr<Cgroup>> make(const std::string& name, CgroupSharePtr share) override {
    auto cgroup = std::make_unique<CgroupV1>(controllers_, name, std::move(share));
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
    controllers.push_back({.name = std::move(folder.controller), .parent = std::move(folder.parent), .own = std::move(own)});
  }
  const auto cpu = std::ranges::find(controllers, "cpu", &Controller::name);
  for (Controller& controller : controllers) controller.has_shares = cpu != controllers.end() && is_same(controller.own.get(), cpu->own.get());
  return std::make_unique<CgroupsV1>(std::move(controllers), name);
}

}  // namespace wick::sandbox::warden
