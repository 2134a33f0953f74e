#pragma once
// An instance's standard output and error: bytes from a pipe to lines.
//
// A line longer than kLogEventMax is cut into several. One call of drain() takes at most kLinesPerTurn lines, so that a function that
// floods its output is held back by the pipe and does not hold up the loop: whoever wants more lets the loop turn first.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/fd.h"
#include "base/result.h"

namespace wick::invoke {

inline constexpr std::size_t kLinesPerTurn = 256;

class LogPipe {
 public:
  // line is called for each line, without its end, from drain(), flush() and readable's caller; it outlives the pipe's use.
  LogPipe(boost::asio::any_io_executor loop, std::function<void(std::string_view)> line);

  Result<> open(UniqueFd read_end);
  boost::asio::awaitable<bool> readable();             // waits, or lets the loop turn; false when there is nothing more to come
  bool drain();                                        // takes what is there now, without waiting, at most a turn's lines; has_more()
  bool has_more() const { return !unsplit_.empty(); }  // lines that the last drain() left for another turn
  // Takes what was there when the kernel was last asked what is ready, in as many turns as that needs. It is a reader's word that there
  // is nothing to take: one that still waits in readable().
  boost::asio::awaitable<void> catch_up();
  void flush();  // the unfinished line, if there is one
  void close();

 private:
  void split(std::size_t& lines);

  boost::asio::posix::stream_descriptor pipe_;
  std::function<void(std::string_view)> line_;
  std::string unsplit_;      // read, and not looked at yet
  std::string partial_;      // of an unfinished line
  std::uint64_t split_ = 0;  // bytes so far
  bool awaited_ = false;     // somebody is in readable(), and the pipe has not been found readable since
};

}  // namespace wick::invoke
