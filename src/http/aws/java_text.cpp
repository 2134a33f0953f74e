#include "http/aws/java_text.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "http/aws/utf8.h"

namespace wick::http::aws {
namespace {

namespace json = boost::json;

class Printer {
 public:
  explicit Printer(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void print(const Shape& shape, const json::value* value) {
    if (full()) return;
    if (!value || value->is_null()) return add("null");
    if (value->is_array()) return list(shape, value->get_array());
    if (value->is_object()) return shape.type == Type::structure ? structure(shape, value->get_object()) : map(shape, value->get_object());
    if (shape.type == Type::blob) return add(fmt::format("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", value->get_string().size()));
    if (value->is_string()) return add(value->get_string());
    if (value->is_bool()) return add(value->get_bool() ? "true" : "false");
    add(shape.type == Type::floating ? java_double(value->to_number<double>()) : json::serialize(*value));
  }

  std::string take() { return full() ? valid_utf8(out_.substr(0, bytes_max_)) + "..." : std::move(out_); }

 private:
  bool full() const { return out_.size() > bytes_max_; }
  void add(std::string_view text) { out_.append(text.substr(0, bytes_max_ + 1)); }

  void list(const Shape& shape, const json::array& items) {
    add("[");
    for (const json::value& item : items) {
      if (full()) return;
      if (&item != items.begin()) add(", ");
      print(*shape.element, &item);
    }
    add("]");
  }

  void map(const Shape& shape, const json::object& entries) {
    add("{");
    for (const auto& entry : entries) {
      if (full()) return;
      if (&entry != entries.begin()) add(", ");
      add(entry.key());
      add("=");
      print(*shape.element, &entry.value());
    }
    add("}");
  }

  void structure(const Shape& shape, const json::object& object) {
    add(shape.name);
    add("(");
    for (const Member& member : shape.members) {
      if (&member != &shape.members.front()) add(", ");
      add(member.path_name);
      add("=");
      print(*member.shape, object.if_contains(member.name));
    }
    add(")");
  }

  std::size_t bytes_max_;
  std::string out_;
};

}  // namespace

std::string java_double(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string java_text(const Shape& shape, const json::value& value, std::size_t bytes_max) {
  Printer printer(bytes_max);
  printer.print(shape, &value);
  return printer.take();
}

}  // namespace wick::http::aws
