#include "event/queue.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/worker_pool.h"
#include "event/attempt.h"
#include "event/ledger.h"
#include "event/shares.h"
#include "function/head.h"

namespace wick::event {

namespace asio = boost::asio;

class Queue::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, Resolve resolve, Invoke invoke, const Clock& clock, Random& random,
       QueueOptions options)
      : loop_(std::move(loop)),
        pool_(pool),
        clock_(clock),
        options_(options),
        shares_(options),
        ledger_(store),
        runner_{pool, ledger_, std::move(resolve), std::move(invoke), clock, random},
        timer_(loop_),
        idle_(loop_) {}

  void start();
  static asio::awaitable<Result<>> accept(std::shared_ptr<Impl> self, Event event);
  void wake();
  static asio::awaitable<void> stop(std::shared_ptr<Impl> self, Millis grace);
  void close() {
    runner_.stopping = runner_.closed = true;
    timer_.cancel();
  }

 private:
  // A key came into kv/: scans must reach it, and the timer must stand no later than it.
  void added(const std::string& key);
  void arm(WallTime due);
  void lease(const std::string& key, const function::FunctionName& function);
  // REQUIRES: key is leased.
  void run(std::string key, std::shared_ptr<Entry> entry);
  void finished(const std::string& key);
  static asio::awaitable<void> pump(std::shared_ptr<Impl> self);
  bool run_due(const std::vector<Due>& page);  // what may run of it; true when all that comes after it is due later
  static asio::awaitable<void> run_one(std::shared_ptr<Impl> self, std::string key, std::shared_ptr<Entry> entry);

  asio::any_io_executor loop_;
  WorkerPool& pool_;
  const Clock& clock_;
  const QueueOptions options_;
  Shares shares_;
  Ledger ledger_;
  Runner runner_;

  std::unordered_map<std::string, function::FunctionName> running_;  // due keys in work: the leases
  std::string scan_from_ = due_range().begin;                        // no event lies below: a scan does not wade through what was erased
  std::uint64_t added_ = 0;
  bool pumping_ = false;
  bool pump_again_ = false;
  bool more_due_ = false;  // found no worker that they may have; a finished one makes room
  std::optional<WallTime> armed_;
  asio::steady_timer timer_;
  asio::steady_timer idle_;  // cancelled when the last attempt ends
};

void Queue::Impl::start() {
  const auto read = ledger_.open([this](const Due& event) { shares_.keep(event.function, event.payload_bytes); });
  if (!read) spdlog::error("cannot read the waiting events: {}", read.error().message);
  if (shares_.kept() > 0) spdlog::info("{} events wait from earlier", shares_.kept());
  wake();
}

asio::awaitable<Result<>> Queue::Impl::accept(std::shared_ptr<Impl> self, Event event) {
  if (self->runner_.stopping) co_return fail(Errc::unavailable, "the event queue is stopping");
  if (event.payload.size() > invoke::kEventPayloadMax) co_return fail(Errc::too_large, "an event's payload is at most 1 MiB");
  const function::FunctionName function = event.function;
  const std::uint64_t bytes = event.payload.size();
  if (!self->shares_.may_keep(function, bytes)) co_return fail(Errc::throttled, "the event queue is full");

  const auto now = self->clock_.now();
  const auto entry = std::make_shared<Entry>(Entry{.record = {.id = std::move(event.id),
                                                              .function = std::move(event.function),
                                                              .qualifier = std::move(event.qualifier),
                                                              .client_context = std::move(event.client_context),
                                                              .trace_id = std::move(event.trace_id),
                                                              .accepted = now,
                                                              .payload_bytes = bytes},
                                                   .payload = std::move(event.payload)});
  const std::string key = due_key(now, entry->record.id);
  // The worker is taken before the commit, so that a scan that sees the event leaves it alone.
  const bool direct = self->shares_.may_run(function);
  if (direct) self->lease(key, function);
  self->shares_.keep(function, bytes);
  auto committed = co_await self->pool_.run([self, key, entry] { return self->ledger_.add(key, *entry); });
  if (!committed) {
    self->shares_.drop(function, bytes);
    if (direct) self->finished(key);
    co_return committed;
  }
  self->added(key);
  if (!direct) {
    self->wake();
  } else if (self->runner_.stopping) {
    self->finished(key);
  } else {
    self->run(key, entry);
  }
  co_return committed;
}

void Queue::Impl::added(const std::string& key) {
  ++added_;
  scan_from_ = std::min(scan_from_, key);
  pump_again_ = true;  // a scan under way may have missed it
}

void Queue::Impl::lease(const std::string& key, const function::FunctionName& function) {
  running_.emplace(key, function);
  shares_.begin(function);
}

void Queue::Impl::run(std::string key, std::shared_ptr<Entry> entry) {
  asio::co_spawn(loop_, run_one(shared_from_this(), key, std::move(entry)), [self = shared_from_this(), key](std::exception_ptr error) {
    if (!error) return self->finished(key);
    // A bug. The event keeps its lease, so that it cannot spin; the next start takes it again.
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      spdlog::error("an event's attempt failed: {}", e.what());
    }
  });
}

asio::awaitable<void> Queue::Impl::run_one(std::shared_ptr<Impl> self, std::string key, std::shared_ptr<Entry> entry) {
  const auto end = co_await self->runner_.attempt(key, std::move(entry));
  if (end.removed) self->shares_.drop(end.removed->function, end.removed->payload_bytes);
  if (!end.added) co_return;
  self->shares_.keep(end.added->function, end.added->payload_bytes);
  self->added(end.added->key);
  if (const auto due = due_of(end.added->key)) self->arm(*due);
}

void Queue::Impl::finished(const std::string& key) {
  if (const auto lease = running_.extract(key)) shares_.end(lease.mapped());
  if (running_.empty()) idle_.cancel();
  if (more_due_) wake();
}

void Queue::Impl::wake() {
  pump_again_ = true;
  if (pumping_ || runner_.stopping) return;
  pumping_ = true;
  asio::co_spawn(loop_, pump(shared_from_this()), [](std::exception_ptr error) {
    if (error) spdlog::error("looking for due events failed");
  });
}

asio::awaitable<void> Queue::Impl::pump(std::shared_ptr<Impl> self) {
  struct Pumping {
    bool& flag;
    ~Pumping() { flag = false; }
  } pumping{self->pumping_};
  // Those in work lie among the due ones: this many hold enough for every free worker, and what comes after them.
  const auto limit = self->options_.workers + 1;
  while (std::exchange(self->pump_again_, false) && !self->runner_.stopping) {
    self->more_due_ = self->shares_.full();
    if (self->more_due_) co_return;
    const auto added_before = self->added_;
    std::string from = self->scan_from_;
    // One page is enough, unless it is full of a function that has all the workers it may have while others wait behind it.
    for (bool first = true;; first = false) {
      const auto page = co_await self->pool_.run([self, from, limit] { return self->ledger_.due(from, limit); });
      if (self->runner_.stopping) co_return;
      if (!page) {
        spdlog::error("cannot look for due events: {}", page.error().message);
        self->arm(self->clock_.now() + std::chrono::seconds(1));
        co_return;
      }
      if (first) {
        if (self->added_ == added_before) self->scan_from_ = page->empty() ? due_range().end : page->front().key;
        self->armed_.reset();
        self->timer_.cancel();
      }
      if (self->run_due(*page) || page->size() < limit) break;
      if (self->shares_.full() || !self->shares_.anyone_may_run()) {
        self->more_due_ = true;
        break;
      }
      from = page->back().key + '\0';
    }
  }
}

bool Queue::Impl::run_due(const std::vector<Due>& page) {
  const auto now = clock_.now();
  for (const auto& event : page) {
    if (running_.contains(event.key)) continue;
    const auto due = due_of(event.key);
    if (due && *due > now) {
      arm(*due);
      return true;
    }
    if (!shares_.may_run(event.function)) {
      more_due_ = true;
      continue;
    }
    lease(event.key, event.function);
    run(event.key, nullptr);
  }
  return false;
}

void Queue::Impl::arm(WallTime due) {
  if (armed_ && *armed_ <= due) return;
  armed_ = due;
  timer_.expires_after(std::max(WallTime::duration::zero(), due - clock_.now()));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->armed_.reset();
    self->wake();
  });
}

asio::awaitable<void> Queue::Impl::stop(std::shared_ptr<Impl> self, Millis grace) {
  self->runner_.stopping = true;
  self->timer_.cancel();
  if (!self->running_.empty()) {
    self->idle_.expires_after(grace);
    (void)co_await self->idle_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  self->close();
}

Queue::Queue(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, Resolve resolve, Invoke invoke, const Clock& clock, Random& random,
             QueueOptions options)
    : impl_(std::make_shared<Impl>(std::move(loop), pool, store, std::move(resolve), std::move(invoke), clock, random, options)) {}

Queue::Queue(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, function::Registry& registry, Invoke invoke, const Clock& clock,
             Random& random, QueueOptions options)
    : Queue(
          std::move(loop), pool, store,
          [&registry, &random](const function::FunctionName& function, const std::string& qualifier) -> Result<Callee> {
            WICK_TRY(auto target, registry.resolve(function, qualifier, random));
            WICK_TRY(const auto head, registry.head(function));
            return Callee{std::move(target), registry.event_invoke_config(function, qualifier), head.reserved_concurrency == 0};
          },
          std::move(invoke), clock, random, options) {}

Queue::~Queue() { impl_->close(); }

void Queue::start() { impl_->start(); }
asio::awaitable<Result<>> Queue::accept(Event event) { return Impl::accept(impl_, std::move(event)); }
void Queue::wake() { impl_->wake(); }
asio::awaitable<void> Queue::stop(Millis grace) { return Impl::stop(impl_, grace); }

}  // namespace wick::event
