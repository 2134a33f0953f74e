#pragma once
// Encoding of AWS event streams (application/vnd.amazon.eventstream), in which streamed operations reply.
//
// A message: u32 total length, u32 length of its headers, u32 CRC of these eight bytes, headers, payload, u32 CRC of all before.
// Big-endian; CRC-32 as in zlib. A header: u8 length and name, u8 7 for a string value, u16 length and value. Pure.
#include <string>
#include <string_view>

namespace wick::http::aws {

// An event message: headers :message-type event, :event-type and :content-type. payload is at most 16 MiB, AWS's bound for a message.
std::string encode_event(std::string_view event_type, std::string_view content_type, std::string_view payload);

}  // namespace wick::http::aws
