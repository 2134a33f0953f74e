#include "http/request_parser.h"

#include <gtest/gtest.h>

namespace wick::http {
namespace {

// Fed one byte at a time, which no socket can be made to do for certain.
std::string parse(std::string_view bytes) {
  const ServerLimits limits;
  RequestParser parser(limits);
  boost::beast::flat_buffer buffer;
  for (const char byte : bytes) {
    buffer.commit(boost::asio::buffer_copy(buffer.prepare(1), boost::asio::buffer(&byte, 1)));
    if (const auto fed = parser.feed(buffer); !fed) return std::to_string(fed.error().status);
  }
  return parser.done() ? parser.head().method + parser.body() : "not done";
}

// Beast's parser asserts on the first of these unless it is fed with care.
TEST(RequestParser, ReadsByteByByte) {
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parse(chunked + "0\r\n\r\n"), "POST");
  EXPECT_EQ(parse(chunked + "0\r\nA: b\r\n\r\n"), "POST");
  EXPECT_EQ(parse(chunked + "1\r\nx\r\n00\r\n\r\n"), "POSTx");
  EXPECT_EQ(parse(chunked + "1\r\nx\r\n0\r\n"), "not done");
  EXPECT_EQ(parse(chunked + "1\r\nxy\r\n0\r\n\r\n"), "400");
  EXPECT_EQ(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET");
  EXPECT_EQ(parse("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "400");
}

}  // namespace
}  // namespace wick::http
