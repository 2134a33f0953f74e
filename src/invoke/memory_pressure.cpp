#include "invoke/memory_pressure.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "base/fd.h"

namespace wick::invoke {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 1s;

std::optional<double> number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + name.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  double out = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), out).ec != std::errc()) return std::nullopt;
  return out;
}

MemoryPressure::Level level_at(double available) {
  if (available < 0.03) return MemoryPressure::Level::exhausted;
  if (available < 0.08) return MemoryPressure::Level::scarce;
  return available < 0.15 ? MemoryPressure::Level::low : MemoryPressure::Level::none;
}

}  // namespace

double memory_available() {
  const UniqueFd file(::open("/proc/meminfo", O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer;  // both lines are among the first three
  const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (size <= 0) return 1;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  const auto total = number_after(text, "MemTotal:");
  const auto available = number_after(text, "MemAvailable:");
  return total && available && *total > 0 ? *available / *total : 1;
}

std::uint64_t machine_memory_mb() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

MemoryPressure::MemoryPressure(boost::asio::any_io_executor loop, const Clock& clock, std::function<double()> available,
                               std::function<bool(Level)> act)
    : clock_(clock), available_(std::move(available)), act_(std::move(act)), next_(std::move(loop), clock, [this] { read(); }) {}

void MemoryPressure::watch() {
  if (!std::exchange(watching_, true)) read();
}

void MemoryPressure::read() {
  level_ = level_at(available_());
  watching_ = act_(level_);
  if (watching_) next_.set(clock_.monotonic() + kInterval);
}

}  // namespace wick::invoke
