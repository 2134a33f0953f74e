#include "sandbox/warden/message.h"

#include <gtest/gtest.h>

namespace wick::sandbox::warden {
namespace {

const std::string kId(32, 'a');
const std::string kPackage(64, 'b');

Boot boot() {
  return {.id = kId,
          .runtime = "nodejs20.x",
          .package = kPackage,
          .layers = {},
          .limits = {1, 2, 3, 4},
          .network = Network::outside,
          .is_template = true,
          .share = "share",
          .environment = {"A=1", "B="}};
}

TEST(Message, KeepsEveryFieldOfABoot) {
  const std::string packet = encode(Request(boot()));
  const auto decoded = decode_request(packet);
  ASSERT_TRUE(decoded) << decoded.error().message;
  const Boot& read = std::get<Boot>(*decoded);
  EXPECT_EQ(read.id, kId);
  EXPECT_EQ(read.runtime, "nodejs20.x");
  EXPECT_EQ(read.package, kPackage);
  EXPECT_EQ(read.layers, "");
  EXPECT_EQ(read.limits.memory_bytes, 1U);
  EXPECT_EQ(read.limits.cpu_millis, 2U);
  EXPECT_EQ(read.limits.pids, 3U);
  EXPECT_EQ(read.limits.tmp_bytes, 4U);
  EXPECT_EQ(read.network, Network::outside);
  EXPECT_TRUE(read.is_template);
  EXPECT_EQ(read.share, "share");
  EXPECT_EQ(read.environment, (std::vector<std::string_view>{"A=1", "B="}));
  EXPECT_EQ(read.environment[0].data()[3], '\0');  // as execve(2) needs it
}

TEST(Message, KeepsEveryFieldOfAFork) {
  const std::string origin(32, 'c');
  const std::string packet =
      encode(Request(Fork{.id = kId, .origin = origin, .package = kPackage, .layers = "l", .limits = {1, 2, 3, 4}, .environment = {"A=1", "B="}}));
  const auto decoded = decode_request(packet);
  ASSERT_TRUE(decoded) << decoded.error().message;
  const Fork& read = std::get<Fork>(*decoded);
  EXPECT_EQ(read.id, kId);
  EXPECT_EQ(read.origin, origin);
  EXPECT_EQ(read.package, kPackage);
  EXPECT_EQ(read.layers, "l");
  EXPECT_EQ(read.limits.memory_bytes, 1U);
  EXPECT_EQ(read.limits.tmp_bytes, 4U);
  EXPECT_EQ(read.environment, (std::vector<std::string_view>{"A=1", "B="}));
}

TEST(Message, KeepsReplies) {
  const auto hello = decode_reply(encode(Reply(Hello{.version = 7, .error = "e", .missing = {"a", "b"}, .can_fork = true})));
  EXPECT_TRUE(std::get<Hello>(*hello).can_fork);
  EXPECT_EQ(std::get<Hello>(*hello).missing, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(std::get<Hello>(*hello).version, 7U);
  const auto exited =
      decode_reply(encode(Reply(Exited{.id = kId, .exit = {.status = -5, .out_of_memory = true, .memory_peak_bytes = 6, .cpu_nanos = 7}})));
  EXPECT_EQ(std::get<Exited>(*exited).exit.status, -5);
  EXPECT_TRUE(std::get<Exited>(*exited).exit.out_of_memory);
  const auto failed = decode_reply(encode(Reply(Failed{.id = kId, .code = Errc::io, .message = "why"})));
  EXPECT_EQ(std::get<Failed>(*failed).code, Errc::io);
}

TEST(Message, RefusesEveryCutAndEveryExtension) {
  const std::string packet = encode(Request(boot()));
  for (std::size_t size = 0; size < packet.size(); ++size) EXPECT_FALSE(decode_request(packet.substr(0, size))) << size;
  EXPECT_FALSE(decode_request(packet + '\0'));
}

TEST(Message, RefusesUnknownTypesAndValues) {
  EXPECT_FALSE(decode_request(std::string(1, '\x05') + kId + '\0'));
  EXPECT_FALSE(decode_request(std::string(1, '\xff')));
  std::string packet = encode(Request(Boot{.id = {}, .runtime = {}, .package = {}, .layers = {}, .limits = {}, .environment = {}}));
  packet[packet.size() - 9] = 2;  // the network, before is_template and the count of the environment
  EXPECT_FALSE(decode_request(packet));
  packet[packet.size() - 9] = 1;
  packet[packet.size() - 5] = 2;
  EXPECT_FALSE(decode_request(packet));
  std::string reply = encode(Reply(Failed{.id = "", .code = Errc::internal, .message = ""}));
  reply[2] = 100;  // the code
  EXPECT_FALSE(decode_reply(reply));
}

TEST(Message, RefusesACountThatThePacketCannotHold) {
  std::string packet = encode(Request(boot()));
  packet.resize(packet.size() - 12);  // down to the count's first byte and the two that follow
  packet += std::string("\xff\xff\xff\xff", 4);
  EXPECT_FALSE(decode_request(packet));
}

TEST(Message, CutsStringsAtAZeroByte) {
  const std::string packet = encode(Request(Kill{.id = std::string_view("ab\0cd", 5)}));
  EXPECT_EQ(std::get<Kill>(*decode_request(packet)).id, "ab");
}

}  // namespace
}  // namespace wick::sandbox::warden
