#include "api/lambda/code.h"

#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "api/lambda/package_token.h"
#include "function/zip.h"

namespace wick::api::lambda {

ApiResult<StoredCode> store_code(Call& call, const boost::json::object& source) {
  using function::member;
  if (member(source, "ImageUri") != nullptr) {
    return invalid_parameter("Wick does not run container images yet: give the code as a zip file in ZipFile");
  }
  if (member(source, "S3Bucket") != nullptr || member(source, "S3Key") != nullptr) {
    return invalid_parameter("Wick has no S3 service yet to fetch the code from: give it as a zip file in ZipFile");
  }
  const auto* zip = member(source, "ZipFile");
  if (zip == nullptr) return invalid_parameter("Please provide a source for function code.");
  const std::string_view bytes = zip->get_string();
  if (bytes.size() > function::kZippedMax) {
    return entity_too_large(fmt::format("Zipped size must be smaller than {} bytes", function::kZippedMax));
  }
  const auto summary = function::inspect_zip(bytes);
  if (!summary && summary.error().code == Errc::too_large) {
    return invalid_parameter(fmt::format("Unzipped size must be smaller than {} bytes", function::kUnzippedMax));
  }
  if (!summary) return refuse(summary.error());
  API_TRY(auto id, call.blobs.put(bytes));
  return StoredCode{std::move(id), bytes.size(), summary->unzipped_bytes};
}

std::string code_location(const Call& call, const blob::BlobId& id) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(call.clock.now().time_since_epoch());
  const auto token = make_package_token(call.options.token_secret, id.str(), (now + std::chrono::minutes(10)).count());
  return fmt::format("{}/_wick/v1/packages/{}.zip?token={}", call.base_url, id.str(), token);
}

}  // namespace wick::api::lambda
