#pragma once
// A resource policy: who may invoke a function, version or alias, or use a layer version. Statements are kept as AWS shows them.
#include <string>
#include <string_view>

#include <boost/json/array.hpp>

#include "base/result.h"

namespace wick::function {

struct Policy {
  boost::json::array statements;
  std::string revision_id;
};

std::string to_record(const Policy& policy);
Result<Policy> parse_policy(std::string_view record);

// The policy document as AWS gives it out: {"Version":"2012-10-17","Id":"default","Statement":[...]}.
std::string document(const Policy& policy);

// add: already_exists (the statement's Sid). remove: not_found. Both give the policy a new revision id.
Result<> add_statement(Policy& policy, boost::json::object statement, std::string new_revision_id);
Result<> remove_statement(Policy& policy, std::string_view sid, std::string new_revision_id);

}  // namespace wick::function
