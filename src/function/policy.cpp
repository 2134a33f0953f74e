#include "function/policy.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <boost/json/serialize.hpp>

#include "function/json_fields.h"
#include "function/json_record.h"

namespace wick::function {
namespace json = boost::json;
namespace {

auto find(json::array& statements, std::string_view sid) {
  return std::ranges::find_if(statements, [&](const json::value& item) { return text(item.as_object(), "Sid") == sid; });
}

}  // namespace

std::string to_record(const Policy& policy) {
  return json::serialize(json::object{{"statements", policy.statements}, {"revision_id", policy.revision_id}});
}

Result<Policy> parse_policy(std::string_view record) {
  WICK_TRY(const auto object, parse_record(record));
  const auto* statements = member(object, "statements");
  return Policy{statements == nullptr ? json::array() : statements->as_array(), text(object, "revision_id")};
}

std::string document(const Policy& policy) {
  return json::serialize(json::object{{"Version", "2012-10-17"}, {"Id", "default"}, {"Statement", policy.statements}});
}

Result<> add_statement(Policy& policy, json::object statement, std::string new_revision_id) {
  const auto sid = text(statement, "Sid");
  if (find(policy.statements, sid) != policy.statements.end()) {
    return fail(Errc::already_exists, fmt::format("The statement id ({}) provided already exists. Please provide a new statement id, "
                                                  "or remove the existing statement.",
                                                  sid));
  }
  policy.statements.push_back(std::move(statement));
  policy.revision_id = std::move(new_revision_id);
  return {};
}

Result<> remove_statement(Policy& policy, std::string_view sid, std::string new_revision_id) {
  const auto found = find(policy.statements, sid);
  if (found == policy.statements.end()) {
    return fail(Errc::not_found, fmt::format("Statement {} is not found in resource policy.", sid));
  }
  policy.statements.erase(found);
  policy.revision_id = std::move(new_revision_id);
  return {};
}

}  // namespace wick::function
