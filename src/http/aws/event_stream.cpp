#include "http/aws/event_stream.h"

#include <cstdint>

#include <boost/crc.hpp>

namespace wick::http::aws {
namespace {

void put(std::string& out, std::uint32_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift & 0xffU));
}

void put_header(std::string& out, std::string_view name, std::string_view value) {
  constexpr int string_type = 7;
  put(out, static_cast<std::uint32_t>(name.size()), 1);
  out.append(name);
  put(out, string_type, 1);
  put(out, static_cast<std::uint32_t>(value.size()), 2);
  out.append(value);
}

std::uint32_t crc(std::string_view bytes) {
  boost::crc_32_type sum;
  sum.process_bytes(bytes.data(), bytes.size());
  return sum.checksum();
}

}  // namespace

std::string encode_event(std::string_view event_type, std::string_view content_type, std::string_view payload) {
  std::string headers;
  put_header(headers, ":event-type", event_type);
  put_header(headers, ":content-type", content_type);
  put_header(headers, ":message-type", "event");

  constexpr std::size_t around = 16;  // two lengths, two sums
  std::string out;
  out.reserve(around + headers.size() + payload.size());
  put(out, static_cast<std::uint32_t>(around + headers.size() + payload.size()), 4);
  put(out, static_cast<std::uint32_t>(headers.size()), 4);
  put(out, crc(out), 4);
  out.append(headers).append(payload);
  put(out, crc(out), 4);
  return out;
}

}  // namespace wick::http::aws
