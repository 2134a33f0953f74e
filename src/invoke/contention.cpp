#include "invoke/contention.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/fd.h"

namespace wick::invoke {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 10ms;
constexpr auto kMemory = 100ms;
constexpr int kHigh = 10;  // one part in so many of the time

}  // namespace

// Three numbers: time on a processor and time without one, both in nanoseconds, and how often it got one.
std::optional<std::chrono::nanoseconds> parse_schedstat(std::string_view text) {
  const auto second = text.find(' ');
  std::int64_t out = 0;
  if (second == std::string_view::npos) return std::nullopt;
  if (std::from_chars(text.data() + second + 1, text.data() + text.size(), out).ec != std::errc()) return std::nullopt;
  return std::chrono::nanoseconds(out);
}

std::optional<std::chrono::nanoseconds> waited_for_processor() {
  const UniqueFd file(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  std::array<char, 96> buffer;
  const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (size <= 0) return std::nullopt;
  return parse_schedstat({buffer.data(), static_cast<std::size_t>(size)});
}

bool Contention::is_high() {
  const MonoTime now = clock_.monotonic();
  if (now - read_at_ >= kInterval) read(now);
  return now < high_until_;
}

void Contention::read(MonoTime now) {
  const auto so_far = waited_();
  const auto before = std::exchange(so_far_, so_far);
  const auto time = now - std::exchange(read_at_, now);
  if (so_far && before && (*so_far - *before) * kHigh >= time) high_until_ = now + kMemory;
}

}  // namespace wick::invoke
