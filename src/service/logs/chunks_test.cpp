#include "service/logs/chunks.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace wick::service::logs {
namespace {

const function::FunctionName kF("f");

class ChunksTest : public testing::Test {
 protected:
  ChunksTest() {
    directory_ = testing::TempDir() + "wick_chunks_XXXXXX";
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    store_ = kv::open_rocksdb(directory_).value();
  }
  ~ChunksTest() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  static WallTime at(int second) { return WallTime(std::chrono::seconds(second)); }
  static invoke::LogEvent event(const function::FunctionName& function, int second, std::string message) {
    return {.function = function, .version = "$LATEST", .instance = "i-1", .time = at(second), .message = std::move(message)};
  }
  // The seconds of what read() finds.
  std::vector<int> seconds(Chunks& chunks, int since, std::size_t limit, const function::FunctionName& function = kF) {
    std::vector<int> found;
    const auto events = chunks.read(function, at(since), limit);
    EXPECT_TRUE(events) << events.error().message;
    for (const auto& e : *events) found.push_back(static_cast<int>(unix_millis(e.time) / 1000));
    return found;
  }

  std::string directory_;
  std::unique_ptr<kv::Store> store_;
};

TEST_F(ChunksTest, KeepsEveryField) {
  Chunks chunks(*store_, kChunkBytes);
  invoke::LogEvent written{.function = kF,
                           .version = "12",
                           .instance = "a longer instance name",
                           .time = WallTime(std::chrono::microseconds(1'767'323'045'678'901)),
                           .message = std::string("tab\tand nul\0and \xff", 17)};
  ASSERT_TRUE(chunks.append({written}));
  const auto read = chunks.read(kF, {}, 10);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().function, kF);
  EXPECT_EQ(read->front().version, written.version);
  EXPECT_EQ(read->front().instance, written.instance);
  EXPECT_EQ(read->front().time, written.time);
  EXPECT_EQ(read->front().message, written.message);
}

TEST_F(ChunksTest, FindsTheNewestSinceATime) {
  Chunks chunks(*store_, kChunkBytes);
  const function::FunctionName other("f2");
  ASSERT_TRUE(chunks.append({event(kF, 1, "a"), event(other, 1, "x"), event(kF, 2, "b")}));
  ASSERT_TRUE(chunks.append({event(kF, 3, "c")}));
  EXPECT_EQ(seconds(chunks, 0, 10), (std::vector{1, 2, 3}));
  EXPECT_EQ(seconds(chunks, 0, 2), (std::vector{2, 3}));
  EXPECT_EQ(seconds(chunks, 2, 10), (std::vector{2, 3}));
  EXPECT_EQ(seconds(chunks, 4, 10), std::vector<int>{});
  EXPECT_EQ(seconds(chunks, 0, 0), std::vector<int>{});
  EXPECT_EQ(seconds(chunks, 0, 10, other), std::vector{1});
  EXPECT_EQ(seconds(chunks, 0, 10, function::FunctionName("none")), std::vector<int>{});
}

TEST_F(ChunksTest, KeepsTheOrderOfWritingWhateverTheTimes) {
  Chunks chunks(*store_, kChunkBytes);
  ASSERT_TRUE(chunks.append({event(kF, 5, ""), event(kF, 3, ""), event(kF, 4, "")}));
  EXPECT_EQ(seconds(chunks, 4, 10), (std::vector{5, 4}));
}

TEST_F(ChunksTest, DropsTheOldestChunks) {
  constexpr std::uint64_t kMax = 3 * kChunkBytes;
  Chunks chunks(*store_, kMax);
  const std::string message(kChunkBytes / 4, 'x');
  for (int n = 0; n < 40; ++n) ASSERT_TRUE(chunks.append({event(kF, n, message)}));
  const auto kept = seconds(chunks, 0, SIZE_MAX);
  EXPECT_LE(kept.size() * message.size(), kMax);
  EXPECT_GT(kept.size() * message.size(), kMax - kChunkBytes);
  EXPECT_EQ(kept.back(), 39);
  EXPECT_EQ(kept.front(), 40 - static_cast<int>(kept.size()));
  EXPECT_EQ(store_->scan({}, SIZE_MAX)->size(), kept.size() + (kept.size() + 3) / 4);  // batches and their chunks, nothing else
}

TEST_F(ChunksTest, GoesOnWhereItWasOpenedAgain) {
  ASSERT_TRUE(Chunks(*store_, kChunkBytes).append({event(kF, 1, "a")}));
  Chunks again(*store_, kChunkBytes);
  ASSERT_TRUE(again.append({event(kF, 2, "b")}));
  EXPECT_EQ(seconds(again, 0, 10), (std::vector{1, 2}));
}

TEST_F(ChunksTest, RemovesAFunctionsLogAlone) {
  Chunks chunks(*store_, 4 * kChunkBytes);
  const function::FunctionName other("f-other");
  const std::string message(kChunkBytes, 'x');
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(chunks.append({event(kF, n, message), event(other, n, "")}));
  ASSERT_TRUE(chunks.remove(kF));
  EXPECT_EQ(seconds(chunks, 0, 10), std::vector<int>{});
  EXPECT_EQ(seconds(chunks, 0, 10, other), (std::vector{0, 1, 2}));
  ASSERT_TRUE(chunks.remove(other));
  EXPECT_TRUE(store_->scan({}, 10)->empty());
}

}  // namespace
}  // namespace wick::service::logs
