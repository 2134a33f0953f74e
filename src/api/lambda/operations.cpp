#include "api/lambda/operations.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace wick::api::lambda {
namespace {

constexpr std::pair<std::string_view, Handler> kOperations[] = {
    {"AddLayerVersionPermission", add_layer_version_permission},
    {"AddPermission", add_permission},
    {"CreateAlias", create_alias},
    {"CreateFunction", create_function},
    {"CreateFunctionUrlConfig", create_function_url_config},
    {"DeleteAlias", delete_alias},
    {"DeleteFunction", delete_function},
    {"DeleteFunctionConcurrency", delete_function_concurrency},
    {"DeleteFunctionEventInvokeConfig", delete_function_event_invoke_config},
    {"DeleteFunctionUrlConfig", delete_function_url_config},
    {"DeleteLayerVersion", delete_layer_version},
    {"DeleteProvisionedConcurrencyConfig", delete_provisioned_concurrency_config},
    {"GetAccountSettings", get_account_settings},
    {"GetAlias", get_alias},
    {"GetFunction", get_function},
    {"GetFunctionCodeSigningConfig", get_function_code_signing_config},
    {"GetFunctionConcurrency", get_function_concurrency},
    {"GetFunctionConfiguration", get_function_configuration},
    {"GetFunctionEventInvokeConfig", get_function_event_invoke_config},
    {"GetFunctionRecursionConfig", get_function_recursion_config},
    {"GetFunctionUrlConfig", get_function_url_config},
    {"GetLayerVersion", get_layer_version},
    {"GetLayerVersionByArn", get_layer_version_by_arn},
    {"GetLayerVersionPolicy", get_layer_version_policy},
    {"GetPolicy", get_policy},
    {"GetProvisionedConcurrencyConfig", get_provisioned_concurrency_config},
    {"GetRuntimeManagementConfig", get_runtime_management_config},
    {"ListAliases", list_aliases},
    {"ListEventSourceMappings", list_event_source_mappings},
    {"ListFunctionEventInvokeConfigs", list_function_event_invoke_configs},
    {"ListFunctionUrlConfigs", list_function_url_configs},
    {"ListFunctions", list_functions},
    {"ListLayerVersions", list_layer_versions},
    {"ListLayers", list_layers},
    {"ListProvisionedConcurrencyConfigs", list_provisioned_concurrency_configs},
    {"ListTags", list_tags},
    {"ListVersionsByFunction", list_versions_by_function},
    {"PublishLayerVersion", publish_layer_version},
    {"PublishVersion", publish_version},
    {"PutFunctionConcurrency", put_function_concurrency},
    {"PutFunctionEventInvokeConfig", put_function_event_invoke_config},
    {"PutFunctionRecursionConfig", put_function_recursion_config},
    {"PutProvisionedConcurrencyConfig", put_provisioned_concurrency_config},
    {"PutRuntimeManagementConfig", put_runtime_management_config},
    {"RemoveLayerVersionPermission", remove_layer_version_permission},
    {"RemovePermission", remove_permission},
    {"TagResource", tag_resource},
    {"UntagResource", untag_resource},
    {"UpdateAlias", update_alias},
    {"UpdateFunctionCode", update_function_code},
    {"UpdateFunctionConfiguration", update_function_configuration},
    {"UpdateFunctionEventInvokeConfig", update_function_event_invoke_config},
    {"UpdateFunctionUrlConfig", update_function_url_config},
};
static_assert(std::ranges::is_sorted(kOperations, {}, [](const auto& entry) { return entry.first; }));

}  // namespace

Handler find_operation(std::string_view name) {
  const auto found = std::ranges::lower_bound(kOperations, name, {}, [](const auto& entry) { return entry.first; });
  return found != std::end(kOperations) && found->first == name ? found->second : nullptr;
}

}  // namespace wick::api::lambda
