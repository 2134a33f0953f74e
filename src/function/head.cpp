#include "function/head.h"

#include <boost/json/serialize.hpp>

#include "function/json_fields.h"
#include "function/json_record.h"
#include "function/version_record.h"

namespace wick::function {
namespace json = boost::json;

std::string to_record(const Head& head) {
  json::object tags;
  for (const auto& [key, value] : head.tags) tags[key] = value;
  json::object out{
      {"latest", to_record(head.latest)},
      {"tags", std::move(tags)},
      {"recursive_loop", head.recursive_loop},
      {"published_version", head.published_version},
      {"published_fingerprint", head.published_fingerprint},
  };
  if (head.reserved_concurrency) out["reserved_concurrency"] = *head.reserved_concurrency;
  return json::serialize(out);
}

Result<Head> parse_head(std::string_view record) {
  WICK_TRY(const auto object, parse_record(record));
  const auto* latest = object_in(object, "latest");
  if (latest == nullptr) return fail(Errc::internal, "a stored function cannot be read");
  Head out;
  out.latest = version_of(*latest);
  if (const auto* tags = object_in(object, "tags")) {
    for (const auto& [key, tag] : *tags) out.tags[std::string(key)] = tag.as_string();
  }
  out.recursive_loop = text(object, "recursive_loop");
  out.published_version = text(object, "published_version");
  out.published_fingerprint = text(object, "published_fingerprint");
  if (member(object, "reserved_concurrency") != nullptr) {
    out.reserved_concurrency = number<std::uint32_t>(object, "reserved_concurrency");
  }
  return out;
}

}  // namespace wick::function
