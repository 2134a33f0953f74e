#include "service/usage/usage.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "base/worker_pool.h"
#include "service/write_behind.h"

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

class Usage::Impl : public WriteBehind {
 public:
  Impl(asio::any_io_executor loop, WorkerPool& pool, kv::Store& store, const Clock& clock, Books::TagsOf tags_of, UsageOptions options)
      : WriteBehind(std::move(loop), kFlushInterval, "usage"),
        pool_(pool),
        books_(store, clock, std::move(tags_of), options.retention),
        buffer_(options.bounds) {}

  void append(invoke::UsageRecord record);
  static asio::awaitable<Result<Answer>> sums(std::shared_ptr<Impl> self, Question question);
  static asio::awaitable<Result<std::vector<CallRecord>>> calls(std::shared_ptr<Impl> self, std::string request_id);
  static asio::awaitable<void> stop(std::shared_ptr<Impl> self);

 private:
  asio::awaitable<void> write() override;

  WorkerPool& pool_;
  Books books_;
  Buffer buffer_;
};

void Usage::Impl::append(invoke::UsageRecord record) {
  if (closed()) return;
  buffer_.add(std::move(record));
  if (buffer_.calls() == kFlushCalls) {
    flush_now();
  } else {
    flush_soon();
  }
}

asio::awaitable<void> Usage::Impl::write() {
  if (buffer_.empty()) co_return;
  Batch batch = buffer_.take();
  const auto done = co_await pool_.run([&] { return books_.append(batch); });
  if (done) co_return;
  spdlog::error("the usage of {} calls could not be written, and is kept in memory: {}", batch.calls.size(), done.error().message);
  buffer_.give_back(std::move(batch));
  flush_soon();
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
