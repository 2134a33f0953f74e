#pragma once
// Errors as values. Every operation that can fail for an expected reason (bad input, a missing thing, a full disk) returns
// Result<T>; exceptions mean a bug or a broken machine and are turned into one 500 at the gateway.
//
// Errc says what kind of failure it is, so that any API can map it to its own status; message is one sentence for the person
// who caused it, in plain words and without a trailing period where AWS has none.
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace wick {

enum class Errc {
  invalid_argument,     // the caller's input is wrong, and stays wrong however often it is sent
  not_found,            // the named thing does not exist
  already_exists,       // the named thing exists and must not
  failed_precondition,  // the thing's present state forbids it (a stale revision, a pending update)
  too_large,            // over a size limit
  throttled,            // over a rate or concurrency limit; may be sent again later
  unauthenticated,      // who is calling cannot be established
  denied,               // who is calling may not do this
  deadline_exceeded,    // not done within its time
  unavailable,          // cannot be done now: shutting down, a peer is gone
  io,                   // the operating system refused: disk, process, socket
  internal,             // a bug
};

std::string_view name(Errc code);

struct Error {
  Errc code = Errc::internal;
  std::string message;
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string message) { return std::unexpected(Error{code, std::move(message)}); }

// An Errc::io error from errno: "open /data/x: Permission denied". Call it before anything else can change errno.
std::unexpected<Error> fail_errno(std::string_view operation, std::string_view subject = {});

}  // namespace wick

// Returns the error from the calling function, or binds the value: WICK_TRY(auto fd, open_file(path));
#define WICK_TRY_CONCAT_(a, b) a##b
#define WICK_TRY_NAME_(line) WICK_TRY_CONCAT_(wick_try_, line)
#define WICK_TRY(binding, expression)                                                                 \
  auto WICK_TRY_NAME_(__LINE__) = (expression);                                                       \
  if (!WICK_TRY_NAME_(__LINE__)) return std::unexpected(std::move(WICK_TRY_NAME_(__LINE__)).error()); \
  binding = std::move(*WICK_TRY_NAME_(__LINE__))
#define WICK_CHECK(expression) \
  if (auto WICK_TRY_NAME_(__LINE__) = (expression); !WICK_TRY_NAME_(__LINE__)) return std::unexpected(std::move(WICK_TRY_NAME_(__LINE__)).error())
// The same inside a coroutine.
#define WICK_CO_TRY(binding, expression)                                                                 \
  auto WICK_TRY_NAME_(__LINE__) = (expression);                                                          \
  if (!WICK_TRY_NAME_(__LINE__)) co_return std::unexpected(std::move(WICK_TRY_NAME_(__LINE__)).error()); \
  binding = std::move(*WICK_TRY_NAME_(__LINE__))
#define WICK_CO_CHECK(expression) \
  if (auto WICK_TRY_NAME_(__LINE__) = (expression); !WICK_TRY_NAME_(__LINE__)) co_return std::unexpected(std::move(WICK_TRY_NAME_(__LINE__)).error())
