// The outside network, where this machine has what it takes.
#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sandbox/fixture_test.h"

namespace wick::sandbox {
namespace {

using testing::HasSubstr;

class OutsideTest : public SandboxTest {
 protected:
  bool has_outside() const {
    return std::ranges::none_of(warden_->missing, [](std::string_view sentence) { return sentence.starts_with("no outside"); });
  }
};
INSTANTIATE_TEST_SUITE_P(Modes, OutsideTest, testing::Values(Mode::root, Mode::rootless), name_of);

// An address of this machine that is not loopback, or nothing.
std::string own_address() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  std::string found;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    const in_addr address = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr;
    char text[INET_ADDRSTRLEN];
    if ((ntohl(address.s_addr) >> 24) != 127 && inet_ntop(AF_INET, &address, text, sizeof(text)) != nullptr) found = text;
  }
  freeifaddrs(list);
  return found;
}

TEST_P(OutsideTest, IsReachedOnlyWhenAsked) {
  Spec spec = spec_of(make_package({{"bootstrap", "#!/bin/sh\ngrep -c tap0 /proc/net/dev; cat /etc/resolv.conf\n"}}));
  EXPECT_EQ(run(spec).output, "0\n");
  spec.network = Network::outside;
  const Outcome outcome = run(spec);
  if (!has_outside()) {
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, Errc::failed_precondition);
    EXPECT_THAT(outcome.error->message, HasSubstr("no outside network"));
    return;
  }
  ASSERT_FALSE(outcome.error) << outcome.error->message;
  EXPECT_EQ(outcome.output, "1\nnameserver 10.0.2.3\n");
}

TEST_P(OutsideTest, LeadsToTheHostsNetworkButNotToItsLoopback) {
  const std::string address = own_address();
  if (!has_outside() || address.empty()) GTEST_SKIP() << "no slirp4netns, no tunnel device, or no network on this machine";
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)), 0);
  ASSERT_EQ(listen(listener.get(), 8), 0);
  socklen_t size = sizeof(any);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&any), &size), 0);
  const std::string script =
      fmt::format("#!/bin/bash\nfor host in {} 10.0.2.2 127.0.0.1; do (exec 3<>/dev/tcp/$host/{}) 2>/dev/null && echo yes || echo no; done\n",
                  address, ntohs(any.sin_port));
  Spec spec = spec_of(make_package({{"bootstrap", script}}));
  spec.network = Network::outside;
  EXPECT_EQ(run(std::move(spec)).output, "yes\nno\nno\n");
}

}  // namespace
}  // namespace wick::sandbox
