#pragma once
// Wick's own frames: how the daemon and a managed runtime talk over the instance's channel, a stream socket that is file
// descriptor 3 inside the sandbox. runtime/README.md describes the same for the other side.
//
// A frame is an 8-byte header and a body: u32 body length (little endian), u8 type, three zero bytes. The sender writes a frame
// in one write where it can; the receiver is blocked in one system call between invocations, which is why an idle instance costs no CPU.
//
// The runtime is not trusted: lengths are checked, and a frame that breaks the order of the protocol ends the instance.
//   runtime:  (L)* then R or F             once, at init
//   daemon:   I                            one at a time, after R or after the previous reply's end
//   runtime:  (L)* then O or E, or S (C | L)* Z
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wick::invoke {

enum class FrameType : std::uint8_t {
  invoke = 'I',        // u32 length of meta, meta as JSON, payload. meta: requestId, deadlineMs (Unix), arn, traceId, clientContext
  ready = 'R',         // init is done; empty, or of a template JSON: forkable, reason (runtime/README.md)
  init_failed = 'F',   // error object as JSON: errorType, errorMessage, stackTrace (as AWS's runtimes report it)
  result = 'O',        // the handler's result as JSON
  error = 'E',         // error object as JSON
  stream_begin = 'S',  // content type
  stream_chunk = 'C',  // bytes
  stream_end = 'Z',    // empty, or an error object when the handler failed midway
  log = 'L',           // one log event, UTF-8, without final newline
};

inline constexpr std::size_t kFrameHeaderSize = 8;

struct FrameHeader {
  std::uint32_t size = 0;
  FrameType type{};
};

std::string encode_frame(FrameType type, std::string_view body);
std::string encode_invoke(std::string_view meta_json, std::string_view payload);
// bytes has at least kFrameHeaderSize. False if reserved bytes are not zero or the type is not one that a runtime sends.
bool decode_header(std::string_view bytes, FrameHeader& out);

}  // namespace wick::invoke
