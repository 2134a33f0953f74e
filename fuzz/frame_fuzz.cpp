// The parser of what a managed runtime sends. Beyond not crashing: how the bytes are cut must not change which frames they are, and
// no frame may hold more than arrived.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "invoke/frame_reader.h"

namespace {

using wick::invoke::Frame;
using wick::invoke::FrameReader;

struct Outcome {
  std::vector<std::string> frames;
  bool broken = false;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view bytes, std::size_t step) {
  const auto reader = std::make_unique_for_overwrite<FrameReader>();
  Outcome out;
  for (Frame frame;;) {
    const auto next = reader->next(frame);
    if (next == FrameReader::Next::frame) {
      out.frames.push_back(static_cast<char>(frame.type) + frame.body);
      continue;
    }
    out.broken = next == FrameReader::Next::broken;
    if (out.broken || bytes.empty()) return out;
    const auto space = reader->space();
    const std::size_t size = std::min({step, space.size(), bytes.size()});
    if (size == 0) std::abort();
    std::copy_n(bytes.begin(), size, space.begin());
    reader->received(size);
    bytes.remove_prefix(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = parse(bytes, bytes.size() + 1);
  if (parse(bytes, std::size_t(1) + data[0] % 32) != whole) std::abort();
  std::size_t total = 0;
  for (const std::string& frame : whole.frames) total += frame.size();
  if (total > bytes.size()) std::abort();
  return 0;
}
