#pragma once
// An instance's standard output and error: bytes from a pipe to lines.
//
// A line longer than kLogEventMax is cut into several. One call of drain() reads a bounded amount, so that a function that floods
// its output is held back by the pipe and does not hold up the loop.
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/fd.h"
#include "base/result.h"

namespace wick::invoke {

class LogPipe {
 public:
  // line is called for each line, without its end, from drain(), flush() and readable's caller; it outlives the pipe's use.
  LogPipe(boost::asio::any_io_executor loop, std::function<void(std::string_view)> line);

  Result<> open(UniqueFd read_end);
  boost::asio::awaitable<bool> readable();  // waits; false when there is nothing more to come
  void drain();                             // what is there now, without waiting
  void flush();                             // the unfinished line, if there is one
  void close();

 private:
  void split(std::string_view bytes);

  boost::asio::posix::stream_descriptor pipe_;
  std::function<void(std::string_view)> line_;
  std::string partial_;
};

}  // namespace wick::invoke
