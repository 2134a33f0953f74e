// GetAccountSettings.
#include <algorithm>

#include "api/lambda/operations.h"
#include "function/zip.h"

namespace wick::api::lambda {

Output get_account_settings(Call& call) {
  constexpr std::uint64_t code_size_max = 80'530'636'800;  // bytes: AWS's default, 75 GB; shown, while the disk is what limits
  API_TRY(const auto usage, call.registry.usage());
  const auto account = call.options.limits.account;
  return boost::json::object{
      {"AccountLimit",
       {{"TotalCodeSize", code_size_max},
        {"CodeSizeUnzipped", function::kUnzippedMax},
        {"CodeSizeZipped", function::kZippedMax},
        {"ConcurrentExecutions", account},
        {"UnreservedConcurrentExecutions", account - std::min(account, usage.reserved)}}},
      {"AccountUsage", {{"TotalCodeSize", usage.code_bytes}, {"FunctionCount", usage.functions}}},
  };
}

}  // namespace wick::api::lambda
