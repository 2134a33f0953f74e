#include "invoke/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "invoke/channel.h"

namespace wick::invoke {
namespace {

struct Limit {
  std::size_t keep;
  bool longer_is_broken;
};

Limit limit_of(FrameType type) {
  switch (type) {
    case FrameType::ready:
      return {kReadyMax, true};
    case FrameType::stream_begin:
      return {kContentTypeMax, true};
    case FrameType::stream_chunk:
      return {kChunkMax, true};
    case FrameType::log:
      return {kLogEventMax, false};
    default:
      return {kResponseMax, false};
  }
}

}  // namespace

std::span<char> FrameReader::space() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ > 0) {
    std::memmove(inbox_.data(), inbox_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  return std::span(inbox_).subspan(end_);
}

void FrameReader::reset() {
  begin_ = end_ = 0;
  in_body_ = false;
  frame_ = {};
}

void FrameReader::received(std::size_t size) { end_ += size; }

bool FrameReader::begin_body() {
  FrameHeader header;
  if (!decode_header({inbox_.data() + begin_, kFrameHeaderSize}, header)) return false;
  const Limit limit = limit_of(header.type);
  if (limit.longer_is_broken && header.size > limit.keep) return false;
  begin_ += kFrameHeaderSize;
  frame_ = Frame{header.type, {}, header.size > limit.keep};
  body_left_ = header.size;
  keep_ = limit.keep;
  in_body_ = true;
  return true;
}

FrameReader::Next FrameReader::next(Frame& out) {
  if (!in_body_) {
    if (end_ - begin_ < kFrameHeaderSize) return Next::need_more;
    if (!begin_body()) return Next::broken;
  }
  const auto have = std::min<std::uint64_t>(body_left_, end_ - begin_);
  frame_.body.append(inbox_.data() + begin_, std::min<std::size_t>(have, keep_ - frame_.body.size()));
  begin_ += have;
  body_left_ -= have;
  if (body_left_ > 0) return Next::need_more;
  in_body_ = false;
  out = std::move(frame_);
  return Next::frame;
}

}  // namespace wick::invoke
