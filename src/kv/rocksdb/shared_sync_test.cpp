#include "kv/rocksdb/shared_sync.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace wick::kv {
namespace {

TEST(SharedSync, SyncsOnlyWhatIsNotOnDisk) {
  int syncs = 0;
  SharedSync sync([&]() -> Result<> {
    ++syncs;
    return {};
  });
  EXPECT_TRUE(sync.wait(0));
  EXPECT_EQ(syncs, 0);
  const auto first = sync.written();
  const auto second = sync.written();
  EXPECT_TRUE(sync.wait(first));
  EXPECT_TRUE(sync.wait(second));
  EXPECT_EQ(syncs, 1);
}

TEST(SharedSync, WritersDuringASyncShareTheNextOne) {
  constexpr int kWaiting = 8;
  std::latch started(1);
  std::latch all_written(kWaiting);
  std::atomic<int> syncs = 0;
  SharedSync sync([&]() -> Result<> {
    if (++syncs == 1) {
      started.count_down();
      all_written.wait();
    }
    return {};
  });
  std::vector<std::jthread> threads;
  threads.emplace_back([&] { EXPECT_TRUE(sync.wait(sync.written())); });
  started.wait();
  for (int i = 0; i < kWaiting; ++i) {
    threads.emplace_back([&] {
      const auto ticket = sync.written();
      all_written.count_down();
      EXPECT_TRUE(sync.wait(ticket));
    });
  }
  threads.clear();
  EXPECT_EQ(syncs, 2);
}

TEST(SharedSync, AFailedSyncIsFinal) {
  int calls = 0;
  SharedSync sync([&]() -> Result<> {
    if (++calls == 2) return fail(Errc::io, "disk is gone");
    return {};
  });
  EXPECT_TRUE(sync.wait(sync.written()));
  EXPECT_EQ(sync.wait(sync.written()).error().message, "disk is gone");
  EXPECT_EQ(sync.wait(sync.written()).error().message, "disk is gone");
  EXPECT_FALSE(sync.wait(0));
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace wick::kv
