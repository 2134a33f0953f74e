#include "kv/store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <thread>

namespace wick::kv {
namespace {

class RocksdbStoreTest : public testing::Test {
 protected:
  RocksdbStoreTest() {
    std::string name = testing::TempDir() + "wick_kv_XXXXXX";
    directory_ = std::string(mkdtemp(name.data())) + "/made/when/missing";
    store_ = open_rocksdb(directory_).value();
  }
  ~RocksdbStoreTest() override {
    store_.reset();
    std::filesystem::remove_all(std::filesystem::path(directory_).parent_path().parent_path().parent_path());
  }

  void put(std::string_view key, std::string_view value) {
    ASSERT_TRUE(store_->transact([&](Transaction& t) -> Result<> { return t.put(key, value), Result<>(); }));
  }
  std::string keys(Reader& reader, const KeyRange& range, std::size_t limit = 100) {
    std::string joined;
    for (const auto& entry : reader.scan(range, limit).value()) joined += entry.key + "=" + entry.value + " ";
    return joined;
  }

  std::string directory_;
  std::unique_ptr<Store> store_;
};

TEST(PrefixRange, EndsAtTheNextKeyThatLacksThePrefix) {
  EXPECT_EQ(prefix_range("ab").begin, "ab");
  EXPECT_EQ(prefix_range("ab").end, "ac");
  EXPECT_EQ(prefix_range("a\x7f").end, "a\x80");
  EXPECT_EQ(prefix_range("a\xff").end, "b");
  EXPECT_EQ(prefix_range("a\xff\xff").end, "b");
  EXPECT_EQ(prefix_range("\xff\xff").end, "");
  EXPECT_EQ(prefix_range("").end, "");
}

TEST_F(RocksdbStoreTest, ATransactionReadsItsOwnWrites) {
  put("a", "1");
  put("b", "1");
  put("c", "1");
  const auto done = store_->transact([&](Transaction& t) -> Result<> {
    t.put("b", "2");
    t.erase("c");
    t.put("d", "2");
    t.put("d", "3");
    EXPECT_EQ(t.get("a").value(), "1");
    EXPECT_EQ(t.get("b").value(), "2");
    EXPECT_EQ(t.get("c").value(), std::nullopt);
    EXPECT_EQ(keys(t, {"a", ""}), "a=1 b=2 d=3 ");
    EXPECT_EQ(keys(t, {"a", "d"}), "a=1 b=2 ");
    EXPECT_EQ(keys(t, {"a", ""}, 2), "a=1 b=2 ");
    EXPECT_EQ(store_->get("b").value(), "1");  // not yet there for others
    return {};
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(keys(*store_, {"", ""}), "a=1 b=2 d=3 ");
}

TEST_F(RocksdbStoreTest, AnErrorFromTheBodyCommitsNothing) {
  const auto done = store_->transact([](Transaction& t) -> Result<> {
    t.put("a", "1");
    return fail(Errc::already_exists, "taken");
  });
  EXPECT_EQ(done.error().code, Errc::already_exists);
  EXPECT_EQ(store_->get("a").value(), std::nullopt);
  EXPECT_THROW((void)store_->transact([](Transaction& t) -> Result<> {
    t.put("a", "1");
    throw std::runtime_error("a bug");
  }),
               std::runtime_error);
  EXPECT_EQ(store_->get("a").value(), std::nullopt);
  put("a", "2");
  EXPECT_EQ(store_->get("a").value(), "2");
}

TEST_F(RocksdbStoreTest, ScansAreHalfOpenAndLimited) {
  for (const char* key : {"a", "b", "b1", "c", "\xff", "\xff\xff"}) put(key, "");
  EXPECT_EQ(keys(*store_, {"b", "c"}), "b= b1= ");
  EXPECT_EQ(keys(*store_, prefix_range("b")), "b= b1= ");
  EXPECT_EQ(keys(*store_, prefix_range("\xff")), "\xff= \xff\xff= ");
  EXPECT_EQ(keys(*store_, {"", ""}, 2), "a= b= ");
  EXPECT_EQ(keys(*store_, {"", ""}, 0), "");
  EXPECT_EQ(keys(*store_, {"c", "b"}), "");
  EXPECT_EQ(keys(*store_, {"b", "b"}), "");
}

TEST_F(RocksdbStoreTest, KeysAndValuesAreAnyBytes) {
  const std::string bytes("\0k\0", 3);
  put(bytes, bytes);
  put("", "empty key");
  EXPECT_EQ(store_->get(bytes).value(), bytes);
  EXPECT_EQ(store_->get("").value(), "empty key");
}

TEST_F(RocksdbStoreTest, OpeningTwiceSaysThatItIsInUse) {
  const auto second = open_rocksdb(directory_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  EXPECT_NE(second.error().message.find(directory_ + " is in use"), std::string::npos) << second.error().message;
}

TEST_F(RocksdbStoreTest, AFileInTheWayIsAnError) {
  const std::string file = directory_ + "/CURRENT";
  EXPECT_EQ(open_rocksdb(file).error().code, Errc::io);
}

TEST_F(RocksdbStoreTest, WhatWasCommittedIsThereAfterReopening) {
  put("synced", "1");
  ASSERT_TRUE(store_->transact([](Transaction& t) -> Result<> { return t.put("buffered", "2"), Result<>(); }, Durability::buffered));
  store_.reset();
  store_ = open_rocksdb(directory_).value();
  EXPECT_EQ(keys(*store_, {"", ""}), "buffered=2 synced=1 ");
}

// Serializability where it hurts: each transaction decides by a scan, so a lost conflict would give two the same number.
TEST_F(RocksdbStoreTest, ConcurrentTransactionsBehaveAsIfOneByOne) {
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kEach; ++n) {
        const auto done = store_->transact(
            [&](Transaction& t) -> Result<> {
              WICK_TRY(const auto taken, t.scan(prefix_range("ticket/"), 10'000));
              t.put("ticket/" + std::to_string(100'000 + taken.size()), std::to_string(i));
              return {};
            },
            n % 2 == 0 ? Durability::synced : Durability::buffered);
        EXPECT_TRUE(done);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(store_->scan(prefix_range("ticket/"), 10'000).value().size(), kThreads * kEach);
}

TEST_F(RocksdbStoreTest, AgreesWithAMapOverRandomWork) {
  constexpr unsigned kSeed = 20260101;
  std::mt19937 random(kSeed);
  std::map<std::string, std::string> model;
  const auto some_key = [&] { return std::string(1 + random() % 3, static_cast<char>('a' + random() % 4)) + static_cast<char>(random() % 256); };
  const auto compare = [&](Reader& reader, const std::map<std::string, std::string>& expected) {
    KeyRange range{random() % 8 == 0 ? "" : some_key(), random() % 8 == 0 ? "" : some_key()};
    const std::size_t limit = random() % 20;
    std::vector<std::pair<std::string, std::string>> want;
    for (auto it = expected.lower_bound(range.begin); it != expected.end() && want.size() < limit; ++it) {
      if (!range.end.empty() && it->first >= range.end) break;
      want.push_back(*it);
    }
    std::vector<std::pair<std::string, std::string>> got;
    for (auto& entry : reader.scan(range, limit).value()) got.emplace_back(entry.key, entry.value);
    ASSERT_EQ(got, want) << "seed " << kSeed;
    const auto key = some_key();
    const auto it = expected.find(key);
    ASSERT_EQ(reader.get(key).value(), it == expected.end() ? std::nullopt : std::optional(it->second)) << "seed " << kSeed;
  };
  for (int round = 0; round < 300 && !HasFatalFailure(); ++round) {
    auto changed = model;
    const bool commit = random() % 4 != 0;
    const auto done = store_->transact(
        [&](Transaction& t) -> Result<> {
          for (unsigned step = random() % 20; step > 0; --step) {
            const auto key = some_key();
            if (random() % 3 == 0) {
              t.erase(key);
              changed.erase(key);
            } else {
              const auto value = std::to_string(random());
              t.put(key, value);
              changed[key] = value;
            }
            compare(t, changed);
          }
          if (!commit) return fail(Errc::failed_precondition, "taken back");
          return {};
        },
        Durability::buffered);
    ASSERT_EQ(done.has_value(), commit);
    if (commit) model = std::move(changed);
    compare(*store_, model);
    if (round % 100 == 99) {
      store_.reset();
      store_ = open_rocksdb(directory_).value();
    }
  }
}

}  // namespace
}  // namespace wick::kv
