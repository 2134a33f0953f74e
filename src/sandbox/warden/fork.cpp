#include "sandbox/warden/fork.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "sandbox/warden/admission.h"
#include "sandbox/warden/file_at.h"
#include "sandbox/warden/instance_root.h"
#include "sandbox/warden/message.h"
#include "sandbox/warden/namespaces.h"
#include "sandbox/warden/packet.h"

namespace wick::sandbox::warden {
namespace {

// Who says this one letter.
Result<pid_t> hear(int socket, char letter) {
  std::array<char, 1> packet{};
  pid_t sender = 0;
  WICK_TRY(const std::size_t size, receive_packet(socket, packet, nullptr, Wait::yes, &sender));
  if (size != 1 || packet[0] != letter) return fail(Errc::unavailable, "the template does not fork");
  return sender;
}

}  // namespace

bool needs_equipment(const Fork& order, std::uint64_t tmp_bytes) { return !order.package.empty() || order.limits.tmp_bytes != tmp_bytes; }

Result<> give_order(int own, const Fork& order, std::span<const UniqueFd> descriptors) {
  std::string environment;
  for (const std::string_view entry : order.environment) environment.append(entry).push_back('\0');
  const auto given = send_packet(own, environment, numbers_of(descriptors), Wait::no);
  explicit_bzero(environment.data(), environment.size());
  if (!given) return fail(Errc::io, "a fork has gone before its order");
  return {};
}

Result<> Forker::hear_parked() {
  WICK_CHECK(hear(plan_.control, 'P'));
  parked_ = true;
  return {};
}

Result<UniqueFd> Forker::begin(const Seat& seat, const std::vector<UniqueFd>& doors, Order order) {
  if (!parked_) WICK_CHECK(hear_parked());
  WICK_CHECK(send_packet(plan_.control, order == Order::follows ? "F" : "W", {}, Wait::no));
  WICK_TRY(const pid_t process, hear(plan_.control, 'A'));
  WICK_CHECK(expect_in_template(process));
  WICK_TRY(Admission admission, Admission::seize(process));
  WICK_TRY(Pair own, make_pair_that_knows_senders());
  take_no_descriptors(own.ours.get());
  std::vector<int> sent = numbers_of(seat.namespaces);
  sent.push_back(own.theirs.get());
  std::ranges::copy(numbers_of(doors), std::back_inserter(sent));
  WICK_CHECK(send_packet(plan_.control, "O", sent, Wait::no));
  own.theirs.reset();
  WICK_CHECK(admission.admit(seat.numbers(), seat.cgroups, plan_.proc));
  return std::move(own.ours);
}

Result<WaitingFork> Forker::finish(const Seat& seat, UniqueFd own) const {
  WICK_TRY(const pid_t forked, hear(own.get(), 'B'));
  WICK_TRY(const pid_t pid, pid_in_template(forked));
  const auto is_there = is_in_namespace(plan_.proc, forked, "pid", seat.namespaces[1].get());
  return WaitingFork{.pid = is_there && *is_there ? pid : 0, .own = std::move(own)};
}

Result<> Forker::equip(const Seat& seat, const Fork& order) const {
  WICK_TRY(const OwnCode code, find_own_code(host_.get(), package_folder(order.package), layers_folder(order.layers)));
  if (setns(seat.namespaces[2].get(), CLONE_NEWNS) != 0) return fail_errno("enter an instance's mounts");
  const auto change = [&]() -> Result<> {
    WICK_CHECK(place_own_code(code));
    return order.limits.tmp_bytes != plan_.tmp_bytes ? resize_tmp(order.limits.tmp_bytes) : Result<>();
  };
  auto changed = change();
  if (setns(own_mounts_.get(), CLONE_NEWNS) != 0) _exit(1);
  return changed;
}

// Its number could be another process's by now, were it in such a hurry to end.
Result<> Forker::expect_in_template(pid_t process) const {
  WICK_TRY(const bool is_there, is_in_namespace(plan_.proc, process, "pid", plan_.pid_namespace));
  if (!is_there) return fail(Errc::denied, "a fork is not the template's");
  return {};
}

// The second of its numbers: it is in the caller's pid namespace, the template's and the seat's.
Result<pid_t> Forker::pid_in_template(pid_t process) const {
  const auto status = read_at(plan_.proc, fmt::format("{}/status", process));
  if (!status) return 0;
  constexpr std::string_view kKey = "\nNSpid:\t";
  const std::size_t found = status->find(kKey);
  const std::size_t second = found == std::string::npos ? found : status->find('\t', found + kKey.size());
  pid_t pid = 0;
  if (second != std::string::npos) std::from_chars(status->data() + second + 1, status->data() + status->size(), pid);
  return pid;
}

}  // namespace wick::sandbox::warden
