#include "event/ledger.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

namespace wick::event {
namespace {

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    directory_ = testing::TempDir() + "wick_ledger_XXXXXX";
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    store_ = kv::open_rocksdb(directory_).value();
  }
  ~LedgerTest() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  static Entry entry(const std::string& id) {
    Entry made;
    made.record.id = invoke::RequestId(id);
    made.payload = "payload of " + id;
    return made;
  }
  static WallTime at(std::int64_t second) { return WallTime(std::chrono::seconds(second)); }
  static std::vector<std::string> keys(const std::vector<Due>& events) {
    std::vector<std::string> found;
    for (const auto& event : events) found.push_back(event.key);
    return found;
  }
  std::vector<std::string> all_due(Ledger& ledger) { return keys(ledger.due(due_range().begin, 1'000).value()); }
  std::vector<Due> waiting() {
    std::vector<Due> found;
    EXPECT_TRUE(Ledger(*store_).open([&](const Due& event) { found.push_back(event); }));
    return found;
  }

  std::string directory_;
  std::unique_ptr<kv::Store> store_;
};

TEST_F(LedgerTest, AddsMovesAndRemoves) {
  Ledger ledger(*store_);
  EXPECT_TRUE(waiting().empty());
  auto a = entry("a");
  a.record.function = function::FunctionName("f");
  a.record.payload_bytes = a.payload.size();
  const auto first = due_key(at(1), a.record.id);
  const auto later = due_key(at(60), a.record.id);
  ASSERT_TRUE(ledger.add(first, a));
  EXPECT_EQ(ledger.load(first)->value().payload, "payload of a");

  a.record.function_errors = 1;
  ASSERT_TRUE(ledger.reschedule(first, later, a.record));
  EXPECT_FALSE(ledger.load(first)->has_value());
  EXPECT_EQ(ledger.load(later)->value().record.function_errors, 1u);
  EXPECT_EQ(ledger.load(later)->value().payload, "payload of a");
  EXPECT_EQ(all_due(ledger), std::vector{later});
  ASSERT_EQ(waiting().size(), 1u);
  EXPECT_EQ(waiting()[0].function.str(), "f");
  EXPECT_EQ(waiting()[0].payload_bytes, 12u);

  ASSERT_TRUE(ledger.remove(later, a.record.id, at(61), {}));
  EXPECT_TRUE(store_->scan({}, 10)->empty());
}

TEST_F(LedgerTest, ScansInOrderOfDueTimeFromAKeyOn) {
  Ledger ledger(*store_);
  std::vector<std::string> keys;
  for (std::size_t n = 0; n < 5; ++n) keys.push_back(due_key(at(static_cast<int>(n)), invoke::RequestId(std::string(1, "edcba"[n]))));
  for (const std::size_t n : {3, 1, 4, 0, 2}) ASSERT_TRUE(ledger.add(keys[n], entry(std::string(1, "edcba"[n]))));
  EXPECT_EQ(all_due(ledger), keys);
  EXPECT_EQ(LedgerTest::keys(ledger.due(keys[2], 2).value()), (std::vector{keys[2], keys[3]}));
}

TEST_F(LedgerTest, PutsTheDestinationsEventInPlaceOfTheOldOne) {
  Ledger ledger(*store_);
  const auto a = entry("a");
  const auto key = due_key(at(1), a.record.id);
  ASSERT_TRUE(ledger.add(key, a));
  const auto b = entry("b");
  const auto b_key = due_key(at(2), b.record.id);
  ASSERT_TRUE(ledger.remove(key, a.record.id, at(2), DestinationEvent{b_key, b}));
  EXPECT_EQ(all_due(ledger), std::vector{b_key});
  EXPECT_EQ(store_->scan({}, 10)->size(), 2u);
}

TEST_F(LedgerTest, KeepsTheNewestUndeliveredResultsHoweverManyThreadsAddThem) {
  constexpr int kThreads = 4;
  constexpr int kEach = 100;
  for (int run = 0; run < 2; ++run) {
    Ledger ledger(*store_);
    ASSERT_TRUE(ledger.open([](const Due&) {}));  // the second run counts what the first left
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int n = 0; n < kEach; ++n) {
          const invoke::RequestId id(std::to_string(thread));
          EXPECT_TRUE(ledger.remove("", id, at(run * kEach + n), Undelivered{"arn", std::to_string(run)}));
        }
      });
    }
    threads.clear();
    const auto kept = store_->scan(undelivered_range(), SIZE_MAX).value();
    ASSERT_EQ(kept.size(), kUndeliveredMax);
    for (const auto& result : kept) EXPECT_EQ(decode_undelivered(result.value)->record, std::to_string(run));
  }
}

}  // namespace
}  // namespace wick::event
