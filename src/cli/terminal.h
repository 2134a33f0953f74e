#pragma once
// What people see: colour and progress where a terminal is, plain text where not (NO_COLOR and pipes are respected).
#include <string>
#include <string_view>
#include <vector>

namespace wick::cli {

enum class Style { plain, bold, dim, red, green, yellow, cyan };

bool is_terminal(int fd);
// text in the style where standard output (or error) is a terminal.
std::string styled(Style style, std::string_view text, int fd = 1);

// Columns padded to their widest cell; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);

std::string human_bytes(std::uint64_t bytes);                   // 1.2 kB
std::string without_control_characters(std::string_view text);  // a function's text must not drive the terminal; tabs and newlines stay

void complain(std::string_view message);  // "error: ..." on standard error

// A line on standard error that is there while something long goes on, when a terminal is.
class Progress {
 public:
  explicit Progress(std::string_view what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  bool shown_;
};

}  // namespace wick::cli
