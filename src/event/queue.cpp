#include "event/queue.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <unordered_set>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "base/worker_pool.h"
#include "event/attempt.h"
#include "event/ledger.h"
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
  bool full() const { return running_.size() >= options_.workers; }
  // A key came into kv/: scans must reach it, and the timer must stand no later than it.
  void added(const std::string& key);
  void arm(WallTime due);
  // REQUIRES: key is in running_.
  void run(std::string key, std::shared_ptr<Entry> entry);
  void finished(const std::string& key);
  static asio::awaitable<void> pump(std::shared_ptr<Impl> self);
  static asio::awaitable<void> run_one(std::shared_ptr<Impl> self, std::string key, std::shared_ptr<Entry> entry);

  asio::any_io_executor loop_;
  WorkerPool& pool_;
  const Clock& clock_;
  const QueueOptions options_;
  Ledger ledger_;
  Runner runner_;

  std::unordered_set<std::string> running_;  // due keys in work: the leases
  std::size_t backlog_ = 0;                  // events in kv/
  std::string scan_from_ = due_range().begin;  // no event lies below: a scan does not wade through what was erased
  std::uint64_t added_ = 0;
  bool pumping_ = false;
  bool pump_again_ = false;
  bool more_due_ = false;  // found no worker; a finished one makes room
  std::optional<WallTime> armed_;
  asio::steady_timer timer_;
  asio::steady_timer idle_;  // cancelled when the last attempt ends
};

void Queue::Impl::start() {
  const auto waiting = ledger_.open();
  if (!waiting) {
    spdlog::error("cannot read the waiting events: {}", waiting.error().message);
  } else {
    backlog_ += *waiting;
    if (*waiting > 0) spdlog::info("{} events wait from earlier", *waiting);
  }
  wake();
}

asio::awaitable<Result<>> Queue::Impl::accept(std::shared_ptr<Impl> self, Event event) {
  if (self->runner_.stopping) co_return fail(Errc::unavailable, "the event queue is stopping");
  if (event.payload.size() > invoke::kEventPayloadMax) co_return fail(Errc::too_large, "an event's payload is at most 1 MiB");
  if (self->backlog_ >= self->options_.backlog_max) co_return fail(Errc::throttled, "the event queue is full");

  const auto now = self->clock_.now();
  const auto entry = std::make_shared<Entry>(Entry{.record = {.id = std::move(event.id),
                                                              .function = std::move(event.function),
                                                              .qualifier = std::move(event.qualifier),
                                                              .client_context = std::move(event.client_context),
                                                              .trace_id = std::move(event.trace_id),
                                                              .accepted = now},
                                                   .payload = std::move(event.payload)});
  const std::string key = due_key(now, entry->record.id);
  // The worker is taken before the commit, so that a scan that sees the event leaves it alone.
  const bool direct = !self->full();
  if (direct) self->running_.insert(key);
  ++self->backlog_;
  auto committed = co_await self->pool_.run([self, key, entry] { return self->ledger_.add(key, *entry); });
  if (!committed) {
    --self->backlog_;
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
  if (end.removed) --self->backlog_;
  if (end.added.empty()) co_return;
  ++self->backlog_;
  self->added(end.added);
  if (const auto due = due_of(end.added)) self->arm(*due);
}

void Queue::Impl::finished(const std::string& key) {
  running_.erase(key);
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
  while (std::exchange(self->pump_again_, false) && !self->runner_.stopping) {
    self->more_due_ = self->full();
    if (self->more_due_) co_return;
    // Those in work lie among the due ones: this many keys hold enough for every free worker, and what comes after them.
    const auto limit = self->options_.workers + 1;
    const auto added_before = self->added_;
    const auto keys = co_await self->pool_.run([self, from = self->scan_from_, limit] { return self->ledger_.due_keys(from, limit); });
    if (self->runner_.stopping) co_return;
    const auto now = self->clock_.now();
    if (!keys) {
      spdlog::error("cannot look for due events: {}", keys.error().message);
      self->arm(now + std::chrono::seconds(1));
      co_return;
    }
    if (self->added_ == added_before) self->scan_from_ = keys->empty() ? due_range().end : keys->front();

    self->armed_.reset();
    self->timer_.cancel();
    bool reached_end = keys->size() < limit;
    for (const auto& key : *keys) {
      if (self->running_.contains(key)) continue;
      const auto due = due_of(key);
      if (due && *due > now) {
        self->arm(*due);
        reached_end = true;
        break;
      }
      if (self->full()) {
        self->more_due_ = reached_end = true;
        break;
      }
      self->running_.insert(key);
      self->run(key, nullptr);
    }
    if (!reached_end) self->pump_again_ = true;
  }
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

Queue::Queue(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, Resolve resolve, Invoke invoke, const Clock& clock,
             Random& random, QueueOptions options)
    : impl_(std::make_shared<Impl>(std::move(loop), pool, store, std::move(resolve), std::move(invoke), clock, random, options)) {}

Queue::Queue(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, function::Registry& registry, Invoke invoke,
             const Clock& clock, Random& random, QueueOptions options)
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
