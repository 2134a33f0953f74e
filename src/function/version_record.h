#pragma once
// A Version as it is stored: a JSON object, so that members can join later without rewriting what is there.
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "function/version.h"

namespace wick::function {

boost::json::object to_record(const Version& version);
Version version_of(const boost::json::object& record);
Result<Version> parse_version(std::string_view record);

// Equal for two versions exactly when they would run the same and read the same: code, configuration and description, without
// what is about the record itself (number, generation, revision, states, time).
std::string fingerprint(const Version& version);

// The package's hash as APIs give it: base64.
std::string code_sha256(const blob::BlobId& code);

}  // namespace wick::function
