#include "service/logs/buffer.h"

#include <gtest/gtest.h>

namespace wick::service::logs {
namespace {

invoke::LogEvent event(const std::string& function, const std::string& message) {
  invoke::LogEvent made;
  made.function = function::FunctionName(function);
  made.instance = "instance of " + function;
  made.message = message;
  return made;
}

std::vector<std::string> messages(const std::vector<invoke::LogEvent>& events) {
  std::vector<std::string> found;
  for (const auto& e : events) found.push_back(e.message);
  return found;
}

TEST(Buffer, GivesBackWhatItTookInOrder) {
  Buffer buffer(10'000);
  EXPECT_TRUE(buffer.empty());
  for (const auto* message : {"1", "2", "3"}) buffer.add(event("f", message));
  EXPECT_EQ(messages(buffer.take()), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.bytes(), 0u);
}

TEST(Buffer, DropsTheOldestAndSaysSoInTheirPlace) {
  Buffer buffer(2'500);
  for (int n = 0; n < 7; ++n) buffer.add(event("f", std::to_string(n) + std::string(799, '.')));
  EXPECT_LE(buffer.bytes(), 2'500u);
  const auto left = buffer.take();
  ASSERT_EQ(left.size(), 3u);
  EXPECT_EQ(left[0].function.str(), "f");
  EXPECT_EQ(left[0].instance, "instance of f");
  EXPECT_EQ(left[0].message, "[5 log events are missing here: they came faster than they could be written]");
  EXPECT_EQ(left[1].message[0], '5');
  EXPECT_EQ(left[2].message[0], '6');
}

TEST(Buffer, AFloodCostsItsOwnFunctionLinesAndNoOther) {
  Buffer buffer(20'000);
  for (int n = 0; n < 5; ++n) buffer.add(event("quiet", std::to_string(n)));
  for (int n = 0; n < 1'000; ++n) buffer.add(event("flood", std::to_string(n) + std::string(799, '.')));
  buffer.add(event("quiet", "5"));
  EXPECT_LE(buffer.bytes(), 20'000u);
  std::string quiet;
  for (const auto& e : buffer.take()) {
    if (e.function.str() == "quiet") quiet += e.message;
  }
  EXPECT_EQ(quiet, "012345");
}

TEST(Buffer, AnEventThatIsTooLargeForItIsLost) {
  Buffer buffer(1'000);
  buffer.add(event("f", std::string(5'000, '.')));
  EXPECT_EQ(buffer.bytes(), 0u);
  ASSERT_EQ(buffer.take().size(), 1u);
}

TEST(Buffer, CountsWhatWasTakenAndLost) {
  Buffer buffer(10'000);
  buffer.add(event("f", "1"));
  buffer.lose(buffer.take());
  EXPECT_FALSE(buffer.empty());
  buffer.add(event("f", "2"));
  const auto left = buffer.take();
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].message.substr(0, 12), "[1 log event");
}

TEST(Buffer, ForgetsAFunction) {
  Buffer buffer(10'000);
  buffer.add(event("f", "1"));
  buffer.add(event("g", "2"));
  buffer.lose({event("f", "0")});
  buffer.forget(function::FunctionName("f"));
  EXPECT_EQ(messages(buffer.take()), std::vector<std::string>{"2"});
}

}  // namespace
}  // namespace wick::service::logs
