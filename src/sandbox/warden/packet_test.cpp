#include "sandbox/warden/packet.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace wick::sandbox::warden {
namespace {

class PacketTest : public testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    a_.reset(fds[0]);
    b_.reset(fds[1]);
  }
  UniqueFd a_, b_;
  std::array<char, 16> buffer_{};
};

TEST_F(PacketTest, CarriesBytesAndDescriptors) {
  const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::array<int, 2> sent{null.get(), a_.get()};
  ASSERT_TRUE(send_packet(a_.get(), "hello", sent, Wait::yes));
  std::vector<UniqueFd> received;
  const auto size = receive_packet(b_.get(), buffer_, &received, Wait::yes);
  ASSERT_TRUE(size);
  EXPECT_EQ(std::string_view(buffer_.data(), *size), "hello");
  ASSERT_EQ(received.size(), 2U);
  EXPECT_NE(fcntl(received[0].get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(PacketTest, LeavesDescriptorsThatNobodyAskedFor) {
  const std::array<int, 1> sent{a_.get()};
  ASSERT_TRUE(send_packet(a_.get(), "x", sent, Wait::yes));
  a_.reset();
  ASSERT_EQ(receive_packet(b_.get(), buffer_, nullptr, Wait::yes).value_or(0), 1U);
  EXPECT_EQ(receive_packet(b_.get(), buffer_, nullptr, Wait::yes).value_or(9), 0U);  // no copy of the other end is left
}

TEST_F(PacketTest, TakesNoDescriptorsWhereTheKernelCanRefuseThem) {
  constexpr int kPassRights = 83;
  int known = 0;
  socklen_t size = sizeof(known);
  if (getsockopt(a_.get(), SOL_SOCKET, kPassRights, &known, &size) != 0) GTEST_SKIP() << "a kernel before 6.16";
  take_no_descriptors(a_.get());
  const std::array<int, 1> sent{STDERR_FILENO};
  EXPECT_EQ(send_packet(b_.get(), "x", sent, Wait::yes).error().code, Errc::io);
  EXPECT_TRUE(send_packet(b_.get(), "x", {}, Wait::yes));
  EXPECT_TRUE(send_packet(a_.get(), "x", sent, Wait::yes));
}

TEST_F(PacketTest, SaysWhenItWouldWaitAndWhenThePeerIsGone) {
  EXPECT_EQ(receive_packet(b_.get(), buffer_, nullptr, Wait::no).error().code, Errc::unavailable);
  a_.reset();
  EXPECT_EQ(receive_packet(b_.get(), buffer_, nullptr, Wait::no).value_or(9), 0U);
  EXPECT_EQ(send_packet(b_.get(), "x", {}, Wait::no).error().code, Errc::io);
}

TEST_F(PacketTest, RefusesAPacketLargerThanTheBuffer) {
  ASSERT_TRUE(send_packet(a_.get(), std::string(17, 'x'), {}, Wait::yes));
  EXPECT_EQ(receive_packet(b_.get(), buffer_, nullptr, Wait::yes).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace wick::sandbox::warden
