#include "service/usage/usage.h"

#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/worker_pool.h"

namespace wick::service::usage {

namespace asio = boost::asio;

namespace {

constexpr Millis kFlushInterval{500};
constexpr std::size_t kFlushCalls = 16'384;  // so many are written at once

using Name = std::pair<std::optional<std::string>, std::string>;

Name name_of(const RowKey& key, const Question& question) {
  switch (question.by) {
    case Question::By::hour:
      return {format_iso8601_zulu(WallTime(std::chrono::hours(key.hour))), {}};
    case Question::By::function:
      return {key.function, {}};
    case Question::By::version:
      return {key.function, key.version};
    case Question::By::tag:
      break;
  }
  const auto found = key.tags.find(question.tag);
  return {found == key.tags.end() ? std::nullopt : std::optional(found->second), {}};
}

Result<Answer> answer(Books& books, const Question& question) {
  std::map<Name, Totals> rows;
  Answer out;
  WICK_CHECK(books.visit(question.from, question.to, [&](const RowKey& key, const Totals& totals) {
    rows[name_of(key, question)] += totals;
    out.total += totals;
  }));
  for (auto& [name, totals] : rows) out.rows.push_back({name.first, name.second, totals});
  WICK_TRY(out.losses, books.losses(question.from, question.to));
  return out;
}

}  // namespace

class Usage::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, const Clock& clock, Books::TagsOf tags_of, UsageOptions options)
      : loop_(std::move(loop)),
        pool_(pool),
        books_(store, clock, std::move(tags_of), options.retention),
        buffer_(options.bounds),
        due_(loop_),
        flushed_(loop_, asio::steady_timer::time_point::max()) {}

  void append(invoke::UsageRecord record);
  void close() {
    stopped_ = true;
    due_.cancel();
  }

  // Commits what is buffered when it is called, and what was being committed then.
  static asio::awaitable<void> flush(std::shared_ptr<Impl> self);
  static asio::awaitable<Result<Answer>> sums(std::shared_ptr<Impl> self, Question question);
  static asio::awaitable<Result<std::vector<CallRecord>>> calls(std::shared_ptr<Impl> self, std::string request_id);
  static asio::awaitable<void> stop(std::shared_ptr<Impl> self);

 private:
  void flush_soon();
  void start_flush();

  asio::any_io_executor loop_;
  WorkerPool& pool_;
  Books books_;
  Buffer buffer_;
  bool stopped_ = false;
  bool due_set_ = false;  // due_ is waited for
  bool asked_ = false;    // a flush is about to begin
  bool flushing_ = false;
  asio::steady_timer due_;
  asio::steady_timer flushed_;  // cancelled when a flush ends
};

void Usage::Impl::append(invoke::UsageRecord record) {
  if (stopped_) return;
  buffer_.add(std::move(record));
  if (buffer_.calls() == kFlushCalls) {
    start_flush();
  } else {
    flush_soon();
  }
}

void Usage::Impl::flush_soon() {
  if (stopped_ || std::exchange(due_set_, true)) return;
  due_.expires_after(kFlushInterval);
  due_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self) return;
    self->due_set_ = false;
    if (!error) self->start_flush();
  });
}

void Usage::Impl::start_flush() {
  if (std::exchange(asked_, true)) return;
  asio::co_spawn(loop_, flush(shared_from_this()), [](std::exception_ptr error) {
    if (error) spdlog::error("writing usage failed");
  });
}

asio::awaitable<void> Usage::Impl::flush(std::shared_ptr<Impl> self) {
  while (self->flushing_) (void)co_await self->flushed_.async_wait(asio::as_tuple(asio::use_awaitable));
  self->asked_ = false;
  if (self->buffer_.empty()) co_return;
  struct Flushing {
    Impl& impl;
    ~Flushing() {
      impl.flushing_ = false;
      impl.flushed_.cancel();
    }
  } flushing{*self};
  self->flushing_ = true;
  Batch batch = self->buffer_.take();
  const auto done = co_await self->pool_.run([&] { return self->books_.append(batch); });
  if (done) co_return;
  spdlog::error("the usage of {} calls could not be written, and is kept in memory: {}", batch.calls.size(), done.error().message);
  self->buffer_.give_back(std::move(batch));
  self->flush_soon();
}

asio::awaitable<Result<Answer>> Usage::Impl::sums(std::shared_ptr<Impl> self, Question question) {
  co_await flush(self);
  co_return co_await self->pool_.run([&] { return answer(self->books_, question); });
}

asio::awaitable<Result<std::vector<CallRecord>>> Usage::Impl::calls(std::shared_ptr<Impl> self, std::string request_id) {
  co_await flush(self);
  co_return co_await self->pool_.run([&] { return self->books_.calls(request_id); });
}

asio::awaitable<void> Usage::Impl::stop(std::shared_ptr<Impl> self) {
  self->close();
  co_await flush(self);
}

Usage::Usage(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, const Clock& clock, Books::TagsOf tags_of, UsageOptions options)
    : impl_(std::make_shared<Impl>(std::move(loop), pool, store, clock, std::move(tags_of), options)) {}
Usage::~Usage() { impl_->close(); }

void Usage::append(invoke::UsageRecord record) { impl_->append(std::move(record)); }
asio::awaitable<Result<Answer>> Usage::sums(Question question) { return Impl::sums(impl_, std::move(question)); }
asio::awaitable<Result<std::vector<CallRecord>>> Usage::calls(std::string request_id) { return Impl::calls(impl_, std::move(request_id)); }
asio::awaitable<void> Usage::stop() { return Impl::stop(impl_); }

}  // namespace wick::service::usage
