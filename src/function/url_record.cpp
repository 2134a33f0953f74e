#include "function/url_record.h"

#include <boost/json/serialize.hpp>

#include "function/json_fields.h"
#include "function/json_record.h"

namespace wick::function {
namespace json = boost::json;

std::string to_record(const UrlConfig& config) {
  json::object out{{"url_id", config.url_id},
                   {"function", config.function.str()},
                   {"qualifier", config.qualifier},
                   {"iam", config.auth == UrlAuth::aws_iam},
                   {"stream", config.mode == UrlInvokeMode::response_stream},
                   {"mode_given", config.mode_given},
                   {"created", config.created},
                   {"modified", config.modified}};
  if (const auto& cors = config.cors) {
    json::object rules{{"allow_credentials", cors->allow_credentials},
                       {"allow_headers", array_of(cors->allow_headers)},
                       {"allow_methods", array_of(cors->allow_methods)},
                       {"allow_origins", array_of(cors->allow_origins)},
                       {"expose_headers", array_of(cors->expose_headers)}};
    if (cors->max_age_s) rules["max_age_s"] = *cors->max_age_s;
    out["cors"] = std::move(rules);
  }
  return json::serialize(out);
}

Result<UrlConfig> parse_url(std::string_view record) {
  WICK_TRY(const auto object, parse_record(record));
  UrlConfig out;
  out.url_id = text(object, "url_id");
  out.function = FunctionName(text(object, "function"));
  out.qualifier = text(object, "qualifier");
  out.auth = flag(object, "iam") ? UrlAuth::aws_iam : UrlAuth::none;
  out.mode = flag(object, "stream") ? UrlInvokeMode::response_stream : UrlInvokeMode::buffered;
  out.mode_given = flag(object, "mode_given");
  out.created = text(object, "created");
  out.modified = text(object, "modified");
  if (const auto* rules = object_in(object, "cors")) {
    Cors cors{flag(*rules, "allow_credentials"), texts(*rules, "allow_headers"),  texts(*rules, "allow_methods"),
              texts(*rules, "allow_origins"),    texts(*rules, "expose_headers"), std::nullopt};
    if (member(*rules, "max_age_s") != nullptr) cors.max_age_s = number<std::uint32_t>(*rules, "max_age_s");
    out.cors = std::move(cors);
  }
  return out;
}

}  // namespace wick::function
