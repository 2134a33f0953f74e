#pragma once
// Bytes from a runtime to frames, incrementally: the parser of FrameChannel, without the socket.
//
// Memory is bounded whatever the runtime claims: a body grows as it arrives, and what exceeds its type's limit is skipped (a result,
// an error object, a log event) or breaks the protocol (where no honest runtime exceeds it).
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "invoke/frame.h"

namespace wick::invoke {

inline constexpr std::size_t kLogEventMax = 256 * 1024;  // bytes of one log event that are kept
inline constexpr std::size_t kChunkMax = 1024 * 1024;    // bytes in one frame of a streamed reply
inline constexpr std::size_t kReadyMax = 4096;           // bytes that a template says of itself
inline constexpr std::size_t kContentTypeMax = 1024;     // bytes

struct Frame {
  FrameType type{};
  std::string body;
  bool truncated = false;  // the body was longer than its limit
};

class FrameReader {
 public:
  enum class Next { need_more, frame, broken };

  std::span<char> space();                                    // where to read to; not empty after next() returned need_more
  void received(std::size_t size);                            // that many bytes were put there
  Next next(Frame& out);                                      // broken is final
  bool empty() const { return begin_ == end_ && !in_body_; }  // between two frames, nothing received beyond
  void reset();                                               // to the state of a new one

 private:
  bool begin_body();

  std::array<char, 32 * 1024> inbox_;  // an ordinary reply arrives in one read
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool in_body_ = false;
  std::uint64_t body_left_ = 0;
  std::size_t keep_ = 0;
  Frame frame_;
};

}  // namespace wick::invoke
