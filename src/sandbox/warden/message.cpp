#include "sandbox/warden/message.h"

#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

namespace wick::sandbox::warden {
namespace {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void operator()(std::string_view text) {
    out_.append(text.substr(0, text.find('\0')));
    out_.push_back('\0');
  }
  template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
  void operator()(T value) {
    auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof(T); ++i, bits >>= 8) out_.push_back(static_cast<char>(bits & 0xff));
  }
  template <class T>
  void operator()(const std::vector<T>& list) {
    (*this)(static_cast<std::uint32_t>(list.size()));
    for (const T& item : list) (*this)(std::string_view(item));
  }

 private:
  std::string& out_;
};

// Takes fields off the front of a packet. After the first field that is not there, every further one is left alone.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  template <class T>
    requires std::same_as<T, std::string_view> || std::same_as<T, std::string>
  void operator()(T& text) {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) return refuse();
    text = T(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
  }
  template <class T>
    requires std::is_integral_v<T>
  void operator()(T& value) {
    if (rest_.size() < sizeof(T)) return refuse();
    std::uint64_t bits = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) bits = bits << 8 | static_cast<unsigned char>(rest_[i]);
    if (std::is_same_v<T, bool> && bits > 1) return refuse();
    value = static_cast<T>(bits);
    rest_.remove_prefix(sizeof(T));
  }
  void operator()(Network& value) { read_enum(value, Network::outside); }
  void operator()(Errc& value) { read_enum(value, Errc::internal); }
  template <class T>
  void operator()(std::vector<T>& list) {
    std::uint32_t count = 0;
    (*this)(count);
    if (count > rest_.size()) return refuse();  // each item has at least its zero byte
    list.reserve(count);
    for (std::uint32_t i = 0; i < count && ok_; ++i) (*this)(list.emplace_back());
  }

  bool finished() const { return ok_ && rest_.empty(); }

 private:
  void refuse() {
    ok_ = false;
    rest_ = {};
  }
  template <class T>
  void read_enum(T& value, T last) {
    std::underlying_type_t<T> number = 0;
    (*this)(number);
    if (std::cmp_less(number, 0) || std::cmp_greater(number, std::to_underlying(last))) return refuse();
    value = static_cast<T>(number);
  }

  std::string_view rest_;
  bool ok_ = true;
};

template <class L, class F>
void limit_fields(L& limits, F& field) {
  field(limits.memory_bytes);
  field(limits.cpu_millis);
  field(limits.pids);
  field(limits.tmp_bytes);
}

// The one description of each message, for both directions. M is a message or a const one.
template <class M, class F>
void fields(M& m, F&& field) {
  using T = std::remove_const_t<M>;
  if constexpr (std::same_as<T, Hello>) {
    field(m.version);
    field(m.error);
    field(m.missing);
    field(m.can_fork);
  } else {
    field(m.id);
  }
  if constexpr (std::same_as<T, Boot>) {
    field(m.runtime);
    field(m.package);
    field(m.layers);
    limit_fields(m.limits, field);
    field(m.network);
    field(m.is_template);
    field(m.share);
    field(m.environment);
  } else if constexpr (std::same_as<T, Fork>) {
    field(m.origin);
    field(m.package);
    field(m.layers);
    field(m.share);
    limit_fields(m.limits, field);
    field(m.environment);
  } else if constexpr (std::same_as<T, Failed>) {
    field(m.code);
    field(m.message);
  } else if constexpr (std::same_as<T, Exited>) {
    field(m.exit.status);
    field(m.exit.out_of_memory);
    field(m.exit.memory_peak_bytes);
    field(m.exit.cpu_nanos);
  } else if constexpr (std::same_as<T, UsageReply>) {
    field(m.usage.memory_peak_bytes);
    field(m.usage.cpu_nanos);
  }
}

// The type byte is the alternative's place in its variant.
template <class Variant>
std::string encode_any(const Variant& message) {
  std::string packet(1, static_cast<char>(message.index()));
  std::visit([&](const auto& m) { fields(m, Writer(packet)); }, message);
  return packet;
}

template <class Variant, std::size_t I = 0>
Result<Variant> decode_any(std::string_view packet) {
  if constexpr (I == std::variant_size_v<Variant>) {
    return fail(Errc::invalid_argument, "not a message of the warden's protocol");
  } else {
    if (packet.empty() || static_cast<unsigned char>(packet.front()) != I) return decode_any<Variant, I + 1>(packet);
    std::variant_alternative_t<I, Variant> message{};
    Reader reader(packet.substr(1));
    fields(message, reader);
    if (!reader.finished()) return fail(Errc::invalid_argument, "a message of the warden's protocol that is cut or too long");
    return Variant(std::move(message));
  }
}

}  // namespace

std::string encode(const Request& request) { return encode_any(request); }
std::string encode(const Reply& reply) { return encode_any(reply); }
Result<Request> decode_request(std::string_view packet) { return decode_any<Request>(packet); }
Result<Reply> decode_reply(std::string_view packet) { return decode_any<Reply>(packet); }

}  // namespace wick::sandbox::warden
