#include "invoke/contention.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/fd.h"

namespace wick::invoke {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 10ms;
constexpr int kHigh = 10;  // one part in so many of the time

}  // namespace

std::chrono::nanoseconds waited_for_processor() {
  const UniqueFd file(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  std::array<char, 96> buffer;  // three numbers: time on a processor, time without one, times it got one
  const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (size <= 0) return 0ns;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  const auto second = text.find(' ');
  std::int64_t out = 0;
  if (second != std::string_view::npos) std::from_chars(text.data() + second + 1, text.data() + text.size(), out);
  return std::chrono::nanoseconds(out);
}

Contention::Contention(const Clock& clock, Waited waited) : clock_(clock), waited_(std::move(waited)), read_at_(clock.monotonic()) {}

bool Contention::is_high() {
  const MonoTime now = clock_.monotonic();
  if (now - read_at_ < kInterval) return is_high_;
  const auto so_far = waited_();
  const auto waited = so_far - std::exchange(so_far_, so_far);
  is_high_ = waited * kHigh >= now - std::exchange(read_at_, now);
  return is_high_;
}

}  // namespace wick::invoke
