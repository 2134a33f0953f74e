// The HTTP request parser, which every stranger reaches. Beyond not crashing: how the bytes are cut must not change what a request
// is or where it ends, or two servers in a row would see different requests.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/request_parser.h"
#include "http/response_head.h"

namespace {

using wick::http::RequestParser;

constexpr wick::http::ServerLimits kLimits{.header_bytes = 512, .header_count = 16, .body_bytes = 512};

struct Outcome {
  unsigned refused = 0;
  bool done = false;
  std::size_t left = 0;
  std::string seen;
};

Outcome parse(std::string_view bytes, std::size_t step) {
  RequestParser parser(kLimits);
  boost::beast::flat_buffer buffer(4096 + bytes.size());
  Outcome outcome;
  while (!bytes.empty() && !parser.done() && outcome.refused == 0) {
    const std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    buffer.commit(boost::asio::buffer_copy(buffer.prepare(piece.size()), boost::asio::buffer(piece)));
    for (const bool was_head : {false, true}) {
      if (parser.head_done() != was_head || parser.done()) continue;
      if (const auto fed = parser.feed(buffer); !fed) {
        outcome.refused = fed.error().status;
        break;
      }
    }
  }
  outcome.done = parser.done();
  if (!outcome.done || outcome.refused != 0) return outcome;
  outcome.left = buffer.size() + bytes.size();
  wick::http::Request& head = parser.head();
  outcome.seen = head.method + '\n' + head.target + '\n' + head.path + '\n' + head.query + '\n' + (parser.keep_alive() ? "k" : "c") + parser.body();
  for (const auto& [name, value] : head.fields.all()) outcome.seen += '\n' + name + ':' + value;
  for (const auto& [name, value] : parser.trailers().all()) outcome.seen += "\n\n" + name + ':' + value;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = parse(bytes, size);
  const Outcome cut = parse(bytes, 1 + data[0] % 32);
  // What cannot become valid any more may be refused at once or only when more of it has come, and a size limit may be met by the
  // one and not by the other.
  const bool limited = whole.refused == 431 || cut.refused == 431;
  if (!limited && (whole.done != cut.done || whole.left != cut.left || whole.seen != cut.seen)) std::abort();
  const std::string text(bytes);
  if (wick::http::percent_decode(wick::http::percent_encode(text, wick::http::Slash::encode)) != text) std::abort();
  (void)wick::http::parse_query(bytes);

  // No header that a function returns can end the header early.
  wick::http::Response response;
  response.fields.add(text.substr(0, text.size() / 2), text.substr(text.size() / 2));
  std::string out;
  wick::http::append_response_head(out, response, {});
  if (out.find("\r\n\r\n") != out.size() - 4) std::abort();
  return 0;
}
