#pragma once
// Starts a coroutine that runs beside its caller. It must keep alive what it uses, and end when its owner stops.
#include <exception>
#include <string_view>

#include <spdlog/spdlog.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

namespace wick::invoke {

// what: names it in the log should it end with an exception, which is a bug.
inline void spawn(const boost::asio::any_io_executor& loop, boost::asio::awaitable<void> task, std::string_view what) {
  boost::asio::co_spawn(loop, std::move(task), [what](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      spdlog::error("{}: {}", what, e.what());
    }
  });
}

}  // namespace wick::invoke
