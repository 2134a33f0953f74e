#pragma once
// The zip that an input carries, checked and kept: function code and layer content.
#include <cstdint>

#include "api/lambda/call.h"

namespace wick::api::lambda {

struct StoredCode {
  blob::BlobId id;
  std::uint64_t size = 0;
  std::uint64_t unzipped_bytes = 0;
};

// source: FunctionCode, LayerVersionContentInput or UpdateFunctionCodeRequest. The blob is durable when this returns.
ApiResult<StoredCode> store_code(Call& call, const boost::json::object& source);

// A link that gives the zip to whoever has it, for ten minutes.
std::string code_location(const Call& call, const blob::BlobId& id);

}  // namespace wick::api::lambda
