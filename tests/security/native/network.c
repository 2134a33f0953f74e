// Sockets that are not there, and addresses that cannot be reached: the daemon, the host, the cloud's metadata, the world.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attempt.h"

static const char kPlain[] = "only TCP, UDP and Unix sockets, and the route socket, are there";
static const char kOwnNetwork[] = "the network is the warden's affair";
static const char kUnreachable[] = "there is nothing but the instance's own loopback";
static const char kWick[] = "what Wick listens on here cannot be taken over";

static long open_socket(char* text) {
  (void)text;
  return socket((int)current->argument[0], (int)current->argument[1], (int)current->argument[2]);
}
// A type whose upper half is set: the kernel does not look at it, and a careless filter would.
static long open_raw_with_high_bits(char* text) {
  (void)text;
  return syscall(41, (1L << 32) | AF_INET, (1L << 32) | SOCK_RAW, IPPROTO_ICMP);
}
static struct sockaddr_storage address_of(const char* host, int port) {
  struct sockaddr_storage storage = {0};
  struct sockaddr_in* four = (struct sockaddr_in*)&storage;
  struct sockaddr_in6* six = (struct sockaddr_in6*)&storage;
  if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
  } else {
    inet_pton(AF_INET6, host, &six->sin6_addr);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
  }
  return storage;
}
static long reach(const char* host, int port, int type) {
  const struct sockaddr_storage address = address_of(host, port);
  const int fd = socket(address.ss_family, type, 0);
  if (fd < 0) return -1;
  const struct timeval patience = {2, 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  const socklen_t size = address.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  return connect(fd, (const struct sockaddr*)&address, size);
}
static long reach_path(char* text) {
  (void)text;
  return reach(current->path, (int)current->number, current->argument[0] ? (int)current->argument[0] : SOCK_STREAM);
}
static long reach_daemon(char* text) {
  (void)text;
  const char* host = current->path == NULL ? target("TARGET_HOST") : current->path;
  return reach(host, atoi(target("TARGET_PORT")), SOCK_STREAM);
}
static long listen_on(char* text) {
  (void)text;
  const struct sockaddr_storage address = address_of(current->path, (int)current->number);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
  if (bind(fd, (const struct sockaddr*)&address, sizeof(struct sockaddr_in)) != 0) return -1;
  return listen(fd, 1);
}
static long set_flags(char* text) {
  (void)text;
  struct ifreq request = {.ifr_name = "lo"};
  return ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request);
}
// Asks the kernel over the route socket; the answer has the errno.
static long ask_for_route(char* text) {
  (void)text;
  struct {
    struct nlmsghdr header;
    struct rtmsg route;
  } question = {{sizeof(question), RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, 1, 0},
                {.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_BLACKHOLE}};
  const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (fd < 0 || send(fd, &question, sizeof(question), 0) < 0) return -1;
  struct {
    struct nlmsghdr header;
    struct nlmsgerr error;
  } answer;
  if (recv(fd, &answer, sizeof(answer), 0) < 0) return -1;
  errno = -answer.error.error;
  return errno == 0 ? 0 : -1;
}
static long mark_packets(char* text) {
  (void)text;
  const int mark = 1;
  return setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, current->argument[0] ? (int)current->argument[0] : SO_MARK, &mark, sizeof(mark));
}
static long local_pair(char* text) {
  (void)text;
  const struct sockaddr_storage address = address_of("127.0.0.1", 18080);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (bind(listener, (const struct sockaddr*)&address, sizeof(struct sockaddr_in)) != 0 || listen(listener, 1) != 0) return -1;
  return reach("127.0.0.1", 18080, SOCK_STREAM);
}
static long interfaces(char* text) {
  struct if_nameindex* list = if_nameindex();
  if (list == NULL) return -1;
  for (struct if_nameindex* entry = list; entry->if_index != 0; ++entry) {
    if (text[0]) strncat(text, " ", TEXT_MAX - strlen(text) - 1);
    strncat(text, entry->if_name, TEXT_MAX - strlen(text) - 1);
  }
  return 0;
}

#define SOCKET(NAME, ...) {NAME " socket", "ENOSYS", kPlain, open_socket, NULL, 0, {__VA_ARGS__}}
#define CONTROL(NAME, ...) {NAME " socket", "ok", "sockets that functions use", open_socket, NULL, 0, {__VA_ARGS__}}
#define REACH(HOST, PORT, OUTCOME) {"reach " HOST " " #PORT, OUTCOME, kUnreachable, reach_path, HOST, PORT, {0}}

const struct attempt network_attempts[] = {
    CONTROL("TCP", AF_INET, SOCK_STREAM, 0), CONTROL("UDP", AF_INET, SOCK_DGRAM, 0), CONTROL("TCP over IPv6", AF_INET6, SOCK_STREAM, 0),
    CONTROL("Unix", AF_UNIX, SOCK_STREAM, 0), CONTROL("route", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
    SOCKET("raw ICMP", AF_INET, SOCK_RAW, IPPROTO_ICMP), SOCKET("raw IP", AF_INET, SOCK_RAW, IPPROTO_RAW),
    SOCKET("raw IPv6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), SOCKET("ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP),
    SOCKET("packet", AF_PACKET, SOCK_RAW, 0x0300), SOCKET("packet, cooked", AF_PACKET, SOCK_DGRAM, 0x0300),
    SOCKET("vsock", AF_VSOCK, SOCK_STREAM, 0), SOCKET("AF_ALG", AF_ALG, SOCK_SEQPACKET, 0),
    SOCKET("netfilter", AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), SOCKET("audit", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT),
    SOCKET("uevent", AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT),
    SOCKET("generic netlink", AF_NETLINK, SOCK_RAW, NETLINK_GENERIC),
    SOCKET("socket diagnosis", AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG), SOCKET("IPsec", AF_NETLINK, SOCK_RAW, NETLINK_XFRM),
    SOCKET("key management", AF_KEY, SOCK_RAW, 2), SOCKET("SCTP", AF_INET, SOCK_STREAM, IPPROTO_SCTP),
    SOCKET("MPTCP", AF_INET, SOCK_STREAM, IPPROTO_MPTCP), SOCKET("DCCP", AF_INET, SOCK_DCCP, IPPROTO_DCCP),
    SOCKET("UDP-Lite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE), SOCKET("Bluetooth", AF_BLUETOOTH, SOCK_RAW, 0),
    SOCKET("CAN", AF_CAN, SOCK_RAW, 1), SOCKET("RDS", AF_RDS, SOCK_SEQPACKET, 0), SOCKET("TIPC", AF_TIPC, SOCK_RDM, 0),
    SOCKET("XDP", 44, SOCK_RAW, 0), SOCKET("SMC", 43, SOCK_STREAM, 0), SOCKET("LLC", AF_LLC, SOCK_STREAM, 0),
    {"raw socket, high bits set", "ENOSYS", kPlain, open_raw_with_high_bits, NULL, 0, {0}},

    {"take loopback down", "ENOSYS|EPERM", kOwnNetwork, set_flags, NULL, 0, {0}},
    {"add a route", "EPERM", kOwnNetwork, ask_for_route, NULL, 0, {0}},
    {"mark packets", "EPERM", kOwnNetwork, mark_packets, NULL, 0, {0}},
    {"interfaces", "lo", kUnreachable, interfaces, NULL, 0, {0}},

    {"own listener and connection", "ok", "loopback is the function's own", local_pair, NULL, 0, {0}},
    {"reach Wick's API", "ok", "functions use other services", reach_path, "127.0.0.1", 4566, {0}},
    {"reach the Runtime API", "ok", "a custom runtime lives on it", reach_path, "127.0.0.1", 9001, {0}},
    {"reach the daemon's own port", "ECONNREFUSED", kUnreachable, reach_daemon, "127.0.0.1", 0, {0}},
    {"reach the daemon's own port on ::1", "ECONNREFUSED|ENETUNREACH|EADDRNOTAVAIL", kUnreachable, reach_daemon, "::1", 0, {0}},
    {"reach the daemon's own port on the host's address", "ENETUNREACH", kUnreachable, reach_daemon, NULL, 0, {0}},
    REACH("169.254.169.254", 80, "ENETUNREACH"), REACH("8.8.8.8", 53, "ENETUNREACH"), REACH("10.0.2.2", 80, "ENETUNREACH"),
    REACH("192.168.0.1", 80, "ENETUNREACH"), REACH("2001:4860:4860::8888", 53, "ENETUNREACH"), REACH("fe80::1", 80, "EINVAL|ENETUNREACH"),
    {"UDP to 8.8.8.8", "ENETUNREACH", kUnreachable, reach_path, "8.8.8.8", 53, {SOCK_DGRAM}},
    {"listen in place of Wick's API", "EADDRINUSE", kWick, listen_on, "127.0.0.1", 4566, {0}},
    {"listen in place of Wick's API, on any address", "EADDRINUSE", kWick, listen_on, "0.0.0.0", 4566, {0}},
    {"listen in place of the Runtime API", "EADDRINUSE", kWick, listen_on, "127.0.0.1", 9001, {0}},
    {"listen on port 80", "EACCES", kOwnNetwork, listen_on, "127.0.0.1", 80, {0}},
    {"listen on port 8080", "ok", "the control of those above", listen_on, "127.0.0.1", 8080, {0}},
    {NULL, NULL, NULL, NULL, NULL, 0, {0}},
};
