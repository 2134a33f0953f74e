#include "service/write_behind.h"

#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace wick::service {

namespace asio = boost::asio;

WriteBehind::WriteBehind(asio::any_io_executor loop, Millis interval, std::string what)
    : loop_(std::move(loop)), interval_(interval), what_(std::move(what)), due_(loop_), written_(loop_, asio::steady_timer::time_point::max()) {}

void WriteBehind::close() {
  closed_ = true;
  due_.cancel();
}

void WriteBehind::flush_soon() {
  if (closed_ || std::exchange(due_set_, true)) return;
  due_.expires_after(interval_);
  due_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self) return;
    self->due_set_ = false;
    if (!error) self->flush_now();
  });
}

void WriteBehind::flush_now() {
  if (std::exchange(asked_, true)) return;
  asio::co_spawn(loop_, flush(shared_from_this()), [what = what_](std::exception_ptr error) {
    if (error) spdlog::error("writing {} failed", what);
  });
}

asio::awaitable<void> WriteBehind::flush(std::shared_ptr<WriteBehind> self) {
  while (self->writing_) (void)co_await self->written_.async_wait(asio::as_tuple(asio::use_awaitable));
  self->asked_ = false;
  struct Writing {
    WriteBehind& behind;
    ~Writing() {
      behind.writing_ = false;
      behind.written_.cancel();
    }
  } writing{*self};
  self->writing_ = true;
  co_await self->write();
}

}  // namespace wick::service
