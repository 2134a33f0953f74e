#include "http/aws/event_stream.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace wick::http::aws {
namespace {

// The bytes that Python's zlib and struct give for the same message.
TEST(EventStream, EncodesAnEvent) {
  EXPECT_EQ(to_hex(encode_event("PayloadChunk", "application/octet-stream", "hello")),
            "0000006f0000005af5fe871f0b3a6576656e742d7479706507000c5061796c6f61644368756e6b0d3a636f6e74656e742d74"
            "7970650700186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d6573736167652d74797065070005657665"
            "6e7468656c6c6f29e71260");
}

TEST(EventStream, AnEmptyPayloadIsAMessageToo) {
  const auto message = encode_event("InvokeComplete", "application/json", "");
  EXPECT_EQ(static_cast<unsigned char>(message[3]), message.size());
}

}  // namespace
}  // namespace wick::http::aws
