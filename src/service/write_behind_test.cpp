#include "service/write_behind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace wick::service {
namespace {

namespace asio = boost::asio;
using testing::ElementsAre;
using Batch = std::vector<int>;

// Its writes take two turns of the loop.
class Numbers : public WriteBehind {
 public:
  Numbers(asio::any_io_executor loop, Millis interval) : WriteBehind(loop, interval, "numbers") {}

  void add(int number) {
    buffer.push_back(number);
    flush_soon();
  }
  using WriteBehind::flush_now;

  Batch buffer;
  std::vector<Batch> written;

 private:
  asio::awaitable<void> write() override {
    EXPECT_FALSE(std::exchange(inside_, true));
    Batch batch = std::exchange(buffer, {});
    for (int turn = 0; turn < 2; ++turn) co_await asio::post(asio::use_awaitable);
    if (!batch.empty()) written.push_back(std::move(batch));
    inside_ = false;
  }

  bool inside_ = false;
};

class WriteBehindTest : public testing::Test {
 protected:
  std::shared_ptr<Numbers> make(Millis interval) { return std::make_shared<Numbers>(loop_.get_executor(), interval); }

  asio::io_context loop_;
};

TEST_F(WriteBehindTest, WritesSoonWhatCameTogether) {
  const auto numbers = make(Millis(1));
  numbers->add(1);
  numbers->add(2);
  loop_.run();
  EXPECT_THAT(numbers->written, ElementsAre(Batch{1, 2}));
}

TEST_F(WriteBehindTest, AFlushWaitsForWhatIsBeingWrittenAndWritesTheRest) {
  const auto numbers = make(std::chrono::hours(1));
  numbers->buffer = {1};
  numbers->flush_now();
  numbers->flush_now();
  loop_.poll_one();  // the write has begun
  ASSERT_TRUE(numbers->buffer.empty());
  numbers->buffer = {2};
  std::vector<Batch> seen;
  asio::co_spawn(loop_, WriteBehind::flush(numbers), [&](std::exception_ptr) { seen = numbers->written; });
  loop_.run();
  EXPECT_THAT(seen, ElementsAre(Batch{1}, Batch{2}));
}

TEST_F(WriteBehindTest, ClosedItWritesOnlyWhenAsked) {
  const auto numbers = make(Millis(1));
  numbers->add(1);
  numbers->close();
  numbers->add(2);
  loop_.run();
  EXPECT_TRUE(numbers->written.empty());
  asio::co_spawn(loop_, WriteBehind::flush(numbers), [](std::exception_ptr) {});
  loop_.restart();
  loop_.run();
  EXPECT_THAT(numbers->written, ElementsAre(Batch{1, 2}));
}

TEST_F(WriteBehindTest, WhatIsToBeWrittenSoonKeepsItNotAlive) {
  auto numbers = make(Millis(1));
  numbers->add(1);
  const std::weak_ptr<Numbers> left = numbers;
  numbers.reset();
  EXPECT_TRUE(left.expired());
  loop_.run();
}

}  // namespace
}  // namespace wick::service
