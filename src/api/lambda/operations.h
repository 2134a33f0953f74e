#pragma once
// Every operation of the Lambda API that is a plain question and answer; the three that invoke are in invoke.h.
#include <string_view>

#include "api/lambda/call.h"

namespace wick::api::lambda {

using Handler = Output (*)(Call&);

// null: this API has no such operation.
Handler find_operation(std::string_view name);

// functions.cpp
Output create_function(Call& call);
Output get_function(Call& call);
Output get_function_configuration(Call& call);
Output update_function_code(Call& call);
Output update_function_configuration(Call& call);
Output delete_function(Call& call);
Output list_functions(Call& call);
// function_settings.cpp
Output get_function_code_signing_config(Call& call);
Output get_function_recursion_config(Call& call);
Output put_function_recursion_config(Call& call);
Output get_runtime_management_config(Call& call);
Output put_runtime_management_config(Call& call);
Output list_event_source_mappings(Call& call);
// versions.cpp
Output publish_version(Call& call);
Output list_versions_by_function(Call& call);
// aliases.cpp
Output create_alias(Call& call);
Output get_alias(Call& call);
Output update_alias(Call& call);
Output delete_alias(Call& call);
Output list_aliases(Call& call);
// layers.cpp
Output publish_layer_version(Call& call);
Output get_layer_version(Call& call);
Output get_layer_version_by_arn(Call& call);
Output delete_layer_version(Call& call);
Output list_layers(Call& call);
Output list_layer_versions(Call& call);
// permissions.cpp
Output add_permission(Call& call);
Output remove_permission(Call& call);
Output get_policy(Call& call);
Output add_layer_version_permission(Call& call);
Output remove_layer_version_permission(Call& call);
Output get_layer_version_policy(Call& call);
// tags.cpp
Output tag_resource(Call& call);
Output untag_resource(Call& call);
Output list_tags(Call& call);
// url_configs.cpp
Output create_function_url_config(Call& call);
Output get_function_url_config(Call& call);
Output update_function_url_config(Call& call);
Output delete_function_url_config(Call& call);
Output list_function_url_configs(Call& call);
// concurrency.cpp
Output put_function_concurrency(Call& call);
Output get_function_concurrency(Call& call);
Output delete_function_concurrency(Call& call);
Output put_provisioned_concurrency_config(Call& call);
Output get_provisioned_concurrency_config(Call& call);
Output delete_provisioned_concurrency_config(Call& call);
Output list_provisioned_concurrency_configs(Call& call);
// event_invoke.cpp
Output put_function_event_invoke_config(Call& call);
Output update_function_event_invoke_config(Call& call);
Output get_function_event_invoke_config(Call& call);
Output delete_function_event_invoke_config(Call& call);
Output list_function_event_invoke_configs(Call& call);
// account.cpp
Output get_account_settings(Call& call);

}  // namespace wick::api::lambda
