#include "daemon/listener.h"

#include <gmock/gmock.h>

namespace wick::daemon {
namespace {

TEST(Listener, PortZeroBecomesARealOne) {
  const auto listener = bind_listener({"127.0.0.1", 0});
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_NE(listener->address.port, 0);
  EXPECT_TRUE(listener->socket);
}

TEST(Listener, ATakenPortSaysWhatToDo) {
  const auto first = bind_listener({"127.0.0.1", 0});
  ASSERT_TRUE(first);
  const auto second = bind_listener(first->address);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, AllOf(testing::HasSubstr("in use"), testing::HasSubstr("--listen")));
}

TEST(Listener, AnAddressOfAnotherMachine) {
  const auto listener = bind_listener({"192.0.2.1", 0});  // TEST-NET-1
  ASSERT_FALSE(listener);
  EXPECT_THAT(listener.error().message, testing::HasSubstr("no address of this machine"));
}

}  // namespace
}  // namespace wick::daemon
