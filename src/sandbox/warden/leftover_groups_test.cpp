#include "sandbox/warden/leftover_groups.h"

#include <gmock/gmock.h>

namespace wick::sandbox::warden {
namespace {

struct Fate {
  int kills_needed = 0;
  int kills = 0;
  bool removed = false;
};

class FakeGroup final : public Cgroup {
 public:
  explicit FakeGroup(Fate& fate) : fate_(fate) {}
  Result<> limit(const Limits&, OutOfMemory) override { return {}; }
  Result<> limit_cpu(std::uint32_t) override { return {}; }
  Result<> weigh(unsigned) override { return {}; }
  Result<UniqueFd> birthplace() const override { return UniqueFd(); }
  Result<> enter() const override { return {}; }
  Result<std::vector<UniqueFd>> doors() const override { return std::vector<UniqueFd>(); }
  int out_of_memory_event() const override { return -1; }
  bool out_of_memory() const override { return false; }
  void kill() override { ++fate_.kills; }
  bool kill_but(pid_t) override { return true; }
  Usage usage() const override { return {}; }
  Result<> remove() override {
    if (fate_.kills < fate_.kills_needed) return fail(Errc::io, "busy");
    fate_.removed = true;
    return {};
  }

 private:
  Fate& fate_;
};

TEST(LeftoverGroups, AreKilledAndRemovedAtLast) {
  MonoTime now{};
  Fate slow{.kills_needed = 3};
  Fate quick{.kills_needed = 1};
  LeftoverGroups groups;
  groups.add(nullptr, now);
  EXPECT_TRUE(groups.empty());
  groups.add(std::make_unique<FakeGroup>(slow), now);
  groups.add(std::make_unique<FakeGroup>(quick), now);
  groups.try_again(now);
  EXPECT_EQ(slow.kills, 0);  // not yet
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(groups.empty());
    groups.try_again(now += LeftoverGroups::kPause);
    EXPECT_TRUE(quick.removed);
  }
  EXPECT_TRUE(slow.removed);
  EXPECT_EQ(slow.kills, 3);
  EXPECT_EQ(quick.kills, 1);
  EXPECT_TRUE(groups.empty());
}

}  // namespace
}  // namespace wick::sandbox::warden
