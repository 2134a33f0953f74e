#include "service/usage/books.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>

#include "base/random.h"
#include "kv/key.h"
#include "service/usage/usage_fixture.h"

namespace wick::service::usage {
namespace {

using std::chrono::hours;

struct BooksTest : testing::Test {
  BooksTest() {
    directory = testing::TempDir() + "wick_usage_XXXXXX";
    EXPECT_NE(mkdtemp(directory.data()), nullptr);
    open();
  }
  ~BooksTest() override {
    store.reset();
    std::filesystem::remove_all(directory);
  }
  void open() {
    books.reset();
    store.reset();
    store = kv::open_rocksdb(directory).value();
    books.emplace(*store, clock, [this](const function::FunctionName& name) { return tags[name.str()]; }, retention);
  }
  void append(std::vector<invoke::UsageRecord> calls) {
    Buffer buffer({.calls = 1'000'000});
    for (auto& call : calls) buffer.add(std::move(call));
    ASSERT_TRUE(books->append(buffer.take()));
  }
  std::size_t entries(std::string_view kind) { return store->scan(kv::prefix_range(kv::make_key("usage", kind)), SIZE_MAX).value().size(); }

  std::map<std::pair<Hour, std::string>, Totals> rows(Hour from = 0, Hour to = 1'000'000) {
    std::map<std::pair<Hour, std::string>, Totals> found;
    EXPECT_TRUE(books->visit(from, to, [&](const RowKey& key, const Totals& totals) {
      std::string name = key.function + ":" + key.version;
      for (const auto& [tag, value] : key.tags) name += " " + tag + "=" + value;
      EXPECT_TRUE(found.emplace(std::pair{key.hour, name}, totals).second);
    }));
    return found;
  }

  std::string directory;
  SetClock clock;
  Retention retention;
  std::map<std::string, function::Tags> tags;
  std::unique_ptr<kv::Store> store;
  std::optional<Books> books;
};

TEST_F(BooksTest, SumsGrowByHourFunctionVersionAndTags) {
  const auto one = make_version("f", "1"), two = make_version("f", "2");
  append({make_call(one, clock.time, "a", 10), make_call(two, clock.time, "b", 1)});
  append({make_call(one, clock.time, "c", 5), make_call(one, clock.time + hours(1), "d", 7)});
  tags["f"] = {{"team", "red"}, {"", "\0x"}};
  append({make_call(one, clock.time, "e", 3)});
  open();
  const auto found = rows();
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found.at({490'000, "f:1"}).billed_ms, 15u);
  EXPECT_EQ(found.at({490'000, "f:2"}).billed_ms, 1u);
  EXPECT_EQ(found.at({490'001, "f:1"}).billed_ms, 7u);
  EXPECT_EQ(found.at({490'000, "f:1 = team=red"}).billed_ms, 3u);
  EXPECT_EQ(rows(490'001, 490'002).size(), 1u);
  EXPECT_EQ(rows(0, 490'000).size(), 0u);
}

// Sums are the same however the calls were cut into batches, and whatever was reopened between.
TEST_F(BooksTest, SumsAreExact) {
  const auto random = Random::seeded(20'251'124);
  const std::vector<function::VersionPtr> versions{make_version("a"), make_version("a", "1", 512), make_version("b", "1", 10'240, 1'024)};
  std::map<std::pair<Hour, std::string>, Totals> expected;
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<invoke::UsageRecord> calls(random->next() % 200);
    for (auto& call : calls) {
      const auto& version = versions[random->next() % versions.size()];
      call = make_call(version, clock.time + hours(random->next() % 3), uuid4(*random), static_cast<std::int64_t>(random->next() % 900'000));
      call.end = static_cast<invoke::UsageRecord::End>(random->next() % 6);
      call.timing.level = static_cast<invoke::StartLevel>(random->next() % 4);
      call.timing.run_us = static_cast<std::int64_t>(random->next() % 900'000'000);
      call.cpu_nanos = random->next() % 1'000'000'000'000;
      expected[{hour_of(call.time), version->name.str() + ":" + version->version}].add(call);
    }
    append(std::move(calls));
    if (batch % 8 == 0) open();
  }
  EXPECT_EQ(rows(), expected);
}

TEST_F(BooksTest, CallsAreFoundByTheirRequestId) {
  const auto f = make_version("f");
  std::vector<invoke::UsageRecord> calls;
  for (int i = 0; i < 3'000; ++i) calls.push_back(make_call(f, clock.time, "call-" + std::to_string(i), i));
  append(std::move(calls));
  append({make_call(f, clock.time + std::chrono::seconds(5), "call-7", 8)});  // an event's second attempt
  open();
  EXPECT_EQ(entries("ids"), 4u);
  const auto seven = books->calls("call-7").value();
  ASSERT_EQ(seven.size(), 2u);
  EXPECT_EQ(seven[0].timing.billed_ms, 7);
  EXPECT_EQ(seven[1].timing.billed_ms, 8);
  EXPECT_EQ(books->calls("call-2999").value().size(), 1u);
  EXPECT_EQ(books->calls("call-3000").value().size(), 0u);
  EXPECT_EQ(books->calls("").value().size(), 0u);
}

TEST_F(BooksTest, TheNewestCallsAreKept) {
  retention.calls = 10;
  open();
  for (int i = 0; i < 50; ++i)
    append({make_call(make_version("f"), clock.time, "a" + std::to_string(i)), make_call(make_version("f"), clock.time, "b")});
  EXPECT_EQ(entries("ids"), 5u);
  EXPECT_EQ(entries("calls"), 5u);
  EXPECT_EQ(books->calls("a44").value().size(), 0u);
  EXPECT_EQ(books->calls("a45").value().size(), 1u);
  EXPECT_EQ(books->calls("b").value().size(), 5u);
  EXPECT_EQ(rows().begin()->second.calls, 100u);
}

TEST_F(BooksTest, CallsOfYesterdayGo) {
  append({make_call(make_version("f"), clock.time, "old")});
  clock.time += hours(23);
  append({make_call(make_version("f"), clock.time, "new")});
  EXPECT_EQ(books->calls("old").value().size(), 1u);
  clock.time += hours(2);
  append({make_call(make_version("f"), clock.time, "newer")});
  EXPECT_EQ(books->calls("old").value().size(), 0u);
  EXPECT_EQ(books->calls("new").value().size(), 1u);
}

TEST_F(BooksTest, SumsAreKeptFor400Days) {
  std::vector<invoke::UsageRecord> calls;
  std::vector<function::VersionPtr> versions;
  for (int i = 0; i < 1'500; ++i) versions.push_back(make_version("f" + std::to_string(i)));
  for (const auto& version : versions) calls.push_back(make_call(version, clock.time, "x"));
  append(std::move(calls));
  clock.time += hours(400 * 24);
  append({make_call(make_version("g"), clock.time, "x")});
  EXPECT_EQ(rows().size(), 1'501u);
  clock.time += hours(1);
  append({make_call(make_version("g"), clock.time, "x")});
  append({make_call(make_version("g"), clock.time, "x")});  // the rest of what is too old
  EXPECT_EQ(rows().size(), 2u);
}

TEST_F(BooksTest, LossesAreKeptByHour) {
  Batch batch;
  batch.losses = {{490'000, {.details = 2, .records = 1}}, {490'001, {.details = 1, .records = 0}}};
  ASSERT_TRUE(books->append(batch));
  ASSERT_TRUE(books->append(batch));
  open();
  EXPECT_EQ(books->losses(490'000, 490'001).value(), (Losses{.details = 4, .records = 2}));
  EXPECT_EQ(books->losses(490'000, 490'002).value(), (Losses{.details = 6, .records = 2}));
  EXPECT_EQ(books->losses(490'002, 490'003).value(), Losses{});
}

}  // namespace
}  // namespace wick::service::usage
