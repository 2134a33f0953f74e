#pragma once
// Threads for work that blocks (disk syncs, unpacking, hashing), so that the event loop never does. One pool per daemon,
// owned by daemon/; co_await it from a coroutine on the loop and continue there with the result:
//
//   auto saved = co_await pool.run([&store, record] { return store.put(record); });
//
// The function must not touch state that belongs to the loop. A pool without threads does the work at once, in the caller's: for a
// simulation, which has one thread.
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace wick {

class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads) : threads_(threads), pool_(threads) {}
  ~WorkerPool() { pool_.join(); }

  template <class F>
  boost::asio::awaitable<std::invoke_result_t<F>> run(F work) {
    if (threads_ == 0) co_return work();
    co_return co_await boost::asio::co_spawn(pool_, call(std::move(work)), boost::asio::use_awaitable);
  }

 private:
  template <class F>
  static boost::asio::awaitable<std::invoke_result_t<F>> call(F work) {
    co_return work();
  }

  const std::size_t threads_;
  boost::asio::thread_pool pool_;
};

}  // namespace wick
