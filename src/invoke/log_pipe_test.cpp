#include "invoke/log_pipe.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
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

TEST_F(LogPipeTest, OneDrainIsBounded) {
  write(std::string(1 << 19, '\n'));
  pipe.drain();
  EXPECT_EQ(lines.size(), 256u * 1024);
  pipe.drain();
  EXPECT_EQ(lines.size(), 512u * 1024);
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
