#include "invoke/log_pipe.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <functional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "invoke/frame_reader.h"

namespace wick::invoke {
namespace {

using testing::ElementsAre;

struct LogPipeTest : testing::Test {
  LogPipeTest() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    EXPECT_TRUE(pipe.open(UniqueFd(ends[0])));
    writer.reset(ends[1]);
    ::fcntl(writer.get(), F_SETPIPE_SZ, 1 << 20);
  }
  void write(std::string_view text) { EXPECT_EQ(::write(writer.get(), text.data(), text.size()), static_cast<ssize_t>(text.size())); }

  boost::asio::io_context loop;
  std::vector<std::string> lines;
  LogPipe pipe{loop.get_executor(), [this](std::string_view line) { lines.emplace_back(line); }};
  UniqueFd writer;
};

TEST_F(LogPipeTest, LinesAcrossReads) {
  pipe.drain();
  write("a\n\nb");
  pipe.drain();
  EXPECT_THAT(lines, ElementsAre("a", ""));
  write("c\nd\r\n");
  pipe.drain();
  EXPECT_THAT(lines, ElementsAre("a", "", "bc", "d\r"));
  pipe.flush();
  EXPECT_EQ(lines.size(), 4u);
  write("end");
  pipe.drain();
  pipe.flush();
  EXPECT_EQ(lines.back(), "end");
}

TEST_F(LogPipeTest, LongLinesAreCut) {
  const std::string half(kLogEventMax / 2, 'x');
  for (int i = 0; i < 5; ++i) {
    write(half);
    pipe.drain();
  }
  write("\ny\n");
  pipe.drain();
  EXPECT_THAT(lines, ElementsAre(half + half, half + half, half, "y"));
}

TEST_F(LogPipeTest, OneDrainIsBoundedByLines) {
  write(std::string(3 * kLinesPerTurn, '\n'));
  EXPECT_TRUE(pipe.drain());
  EXPECT_EQ(lines.size(), kLinesPerTurn);
  EXPECT_TRUE(pipe.drain());
  EXPECT_EQ(lines.size(), 2 * kLinesPerTurn);
  writer.reset();
  EXPECT_FALSE(pipe.drain());
  EXPECT_EQ(lines.size(), 3 * kLinesPerTurn);
}

TEST_F(LogPipeTest, OneDrainIsBoundedByBytes) {
  write(std::string(1 << 20, 'x'));
  pipe.drain();
  EXPECT_EQ(lines.size(), 1u);
}

// Others on the loop have their turn between a flooding function's.
TEST_F(LogPipeTest, CatchingUpTakesWhatIsThereAndLetsTheLoopTurn) {
  write(std::string(10 * kLinesPerTurn, '\n'));
  std::size_t turns = 0;
  std::function<void()> other = [&] {
    if (lines.size() < 10 * kLinesPerTurn) {
      ++turns;
      boost::asio::post(loop, other);
    }
  };
  boost::asio::post(loop, other);
  auto done = boost::asio::co_spawn(loop, pipe.catch_up(), boost::asio::use_future);
  loop.run();
  done.get();
  EXPECT_EQ(lines.size(), 10 * kLinesPerTurn);
  EXPECT_GE(turns, 9u);
}

boost::asio::awaitable<void> follow(LogPipe& pipe) {
  while (co_await pipe.readable()) pipe.drain();
}

boost::asio::awaitable<void> await_reply(boost::asio::posix::stream_descriptor& channel, LogPipe& pipe, std::function<void()> then) {
  co_await channel.async_wait(boost::asio::posix::stream_descriptor::wait_read, boost::asio::use_awaitable);
  co_await pipe.catch_up();
  then();
}

// As an invocation is delivered: its reply is not read before the loop has heard of what was printed before it.
TEST_F(LogPipeTest, WhatWasPrintedBeforeAReplyIsThereWithIt) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  boost::asio::posix::stream_descriptor channel(loop, ends[0]);
  const UniqueFd runtime(ends[1]);
  std::size_t seen = 0;
  auto reader = boost::asio::co_spawn(loop, follow(pipe), boost::asio::use_future);
  auto reply = boost::asio::co_spawn(loop, await_reply(channel, pipe, [&] { seen = lines.size(); }), boost::asio::use_future);
  loop.poll();
  write(std::string(2 * kLinesPerTurn, '\n'));
  EXPECT_EQ(::write(runtime.get(), "x", 1), 1);
  writer.reset();
  loop.run();
  reader.get();
  reply.get();
  EXPECT_EQ(seen, 2 * kLinesPerTurn);
}

TEST_F(LogPipeTest, AWaitingReaderTakesWhatADrainLeft) {
  auto next = boost::asio::co_spawn(loop, pipe.readable(), boost::asio::use_future);
  loop.poll();
  write(std::string(kLinesPerTurn + 1, '\n'));
  EXPECT_TRUE(pipe.drain());
  EXPECT_GT(loop.run(), 0u);
  EXPECT_TRUE(next.get());
  EXPECT_FALSE(pipe.drain());
  EXPECT_EQ(lines.size(), kLinesPerTurn + 1);
}

TEST_F(LogPipeTest, WhatIsReadIsGivenEvenWhenThePipeIsClosed) {
  write(std::string(kLinesPerTurn + 1, '\n'));
  EXPECT_TRUE(pipe.drain());
  pipe.close();
  auto next = boost::asio::co_spawn(loop, pipe.readable(), boost::asio::use_future);
  loop.run();
  EXPECT_TRUE(next.get());
  pipe.drain();
  EXPECT_EQ(lines.size(), kLinesPerTurn + 1);
}

TEST_F(LogPipeTest, ReadableUntilTheWritersAreGone) {
  write("a\n");
  auto next = [this] {
    loop.restart();
    auto done = boost::asio::co_spawn(loop, pipe.readable(), boost::asio::use_future);
    loop.run();
    return done.get();
  };
  EXPECT_TRUE(next());
  pipe.drain();
  writer.reset();
  EXPECT_TRUE(next());
  pipe.drain();
  EXPECT_FALSE(next());
  EXPECT_THAT(lines, ElementsAre("a"));
}

}  // namespace
}  // namespace wick::invoke
