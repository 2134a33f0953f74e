#include "invoke/frame.h"

namespace wick::invoke {
namespace {

void put_u32(std::string& out, std::size_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>((value >> shift) & 0xff));
}

void put_header(std::string& out, FrameType type, std::size_t size) {
  put_u32(out, size);
  out.push_back(static_cast<char>(type));
  out.append(3, '\0');
}

}  // namespace

std::string encode_frame(FrameType type, std::string_view body) {
  std::string out;
  out.reserve(kFrameHeaderSize + body.size());
  put_header(out, type, body.size());
  out.append(body);
  return out;
}

std::string encode_invoke(std::string_view meta_json, std::string_view payload) {
  const std::size_t size = 4 + meta_json.size() + payload.size();
  std::string out;
  out.reserve(kFrameHeaderSize + size);
  put_header(out, FrameType::invoke, size);
  put_u32(out, meta_json.size());
  out.append(meta_json).append(payload);
  return out;
}

bool decode_header(std::string_view bytes, FrameHeader& out) {
  out.size = 0;
  for (std::size_t i = 0; i < 4; ++i) out.size |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  out.type = static_cast<FrameType>(bytes[4]);
  if (bytes[5] != 0 || bytes[6] != 0 || bytes[7] != 0) return false;
  switch (out.type) {
    case FrameType::ready:
    case FrameType::init_failed:
    case FrameType::result:
    case FrameType::error:
    case FrameType::stream_begin:
    case FrameType::stream_chunk:
    case FrameType::stream_end:
    case FrameType::log:
      return true;
    case FrameType::invoke:
      break;
  }
  return false;
}

}  // namespace wick::invoke
