// The registry's smaller kinds of record: versions, aliases, policies, tags, URLs, event invocation, concurrency, layers, totals.
#include <gtest/gtest.h>

#include "function/registry_fixture.h"

namespace wick::function {
namespace {

class RegistryKinds : public testing_registry::Fixture {
 protected:
  const FunctionName f{"f"};
};

template <class T>
std::string message(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

TEST_F(RegistryKinds, PublishingTheSameAgainGivesTheSameVersion) {
  active("f");
  const auto first = registry->publish(f, {}).value();
  EXPECT_EQ(first->version, "1");
  EXPECT_EQ(first->state, State::active);
  EXPECT_EQ(registry->publish(f, {}).value()->version, "1");
  EXPECT_EQ(publish_changed("f", "changed")->version, "2");
  ASSERT_TRUE(registry->remove_version(f, "2"));
  EXPECT_EQ(registry->publish(f, {}).value()->version, "3");
}

TEST_F(RegistryKinds, PublishingChangesTheRevisionOfLatest) {
  const auto before = active("f");
  ASSERT_TRUE(registry->publish(f, {std::nullopt, {}, before->revision_id}));
  EXPECT_EQ(registry->publish(f, {std::nullopt, {}, before->revision_id}).error().code, Errc::failed_precondition);
}

TEST_F(RegistryKinds, PublishingChecksTheCode) {
  active("f");
  EXPECT_TRUE(message(registry->publish(f, {std::nullopt, "other", {}}))
                  .starts_with("CodeSHA256 (other) is different from current CodeSHA256 in $LATEST (qqqq"));
}

TEST_F(RegistryKinds, VersionNumbersAreNotUsedAgainAfterDeletion) {
  active("f");
  ASSERT_TRUE(registry->publish(f, {}));
  ASSERT_TRUE(registry->remove(f));
  active("f");
  EXPECT_EQ(registry->publish(f, {}).value()->version, "2");
}

TEST_F(RegistryKinds, CreatingWithAVersionMakesBothPending) {
  const auto created = registry->create(version("f"), {}, Publish::yes).value();
  EXPECT_EQ(created->version, "1");
  EXPECT_EQ(registry->pending()->size(), 2U);
  for (const auto& one : registry->pending().value()) ASSERT_TRUE(registry->activated(*one, {}));
  EXPECT_EQ(registry->find(f, "1").value()->state, State::active);
  EXPECT_EQ(registry->find(f, "$LATEST").value()->state, State::active);
  EXPECT_EQ(registry->generations(f)->size(), 2U);
}

TEST_F(RegistryKinds, AnAliasMovesAndSplits) {
  active("f");
  for (const auto* text : {"a", "b"}) publish_changed("f", text);
  const auto alias = registry->create_alias(f, {"live", "1", "d", {{"2", 0.25}}, {}}).value();
  int second = 0;
  for (int i = 0; i < 4000; ++i) second += registry->resolve(f, "live", *random)->version->version == "2";
  EXPECT_NEAR(second, 1000, 120);
  EXPECT_EQ(registry->resolve(f, "live", *random)->invoked_arn, "arn:aws:lambda:us-east-1:000000000000:function:f:live");
  EXPECT_EQ(registry->find(f, "live").value()->version, "1");

  const auto moved = registry->update_alias(f, "live", {"2", {}, std::map<std::string, double>{}, alias.revision_id}).value();
  EXPECT_EQ(moved.description, "d");
  EXPECT_EQ(registry->resolve(f, "live", *random)->version->version, "2");
  EXPECT_EQ(registry->update_alias(f, "live", {"1", {}, {}, alias.revision_id}).error().code, Errc::failed_precondition);
  EXPECT_EQ(registry->list_aliases(f, "2", {}, 10)->items.size(), 1U);
  EXPECT_EQ(registry->list_aliases(f, "1", {}, 10)->items.size(), 0U);
  EXPECT_EQ(registry->remove_version(f, "2").error().code, Errc::already_exists);
}

TEST_F(RegistryKinds, AliasesAreRefusedAsAwsRefusesThem) {
  active("f");
  for (const auto* text : {"a", "b"}) publish_changed("f", text);
  const std::string arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
  const auto refused = [&](Alias alias) { return message(registry->create_alias(f, std::move(alias))); };
  EXPECT_EQ(refused({"x", "9", {}, {}, {}}), "Function not found: " + arn + ":9");
  EXPECT_EQ(refused({"x", "1", {}, {{"9", 0.5}}, {}}), "Function not found: " + arn + ":9");
  EXPECT_EQ(refused({"x", "1", {}, {{"1", 0.5}}, {}}),
            "Invalid function version 1. Function version 1 is already included in routing configuration.");
  EXPECT_EQ(refused({"x", "1", {}, {{"1", 0.1}, {"2", 0.5}}, {}}), "Number of items in AdditionalVersionWeights cannot be greater than 1");
  EXPECT_EQ(refused({"x", "$LATEST", {}, {{"1", 0.5}}, {}}), "$LATEST is not supported for an alias pointing to more than 1 version");
  ASSERT_TRUE(registry->create_alias(f, {"x", "1", {}, {}, {}}));
  EXPECT_EQ(refused({"x", "1", {}, {}, {}}), "Alias already exists: " + arn + ":x");
  EXPECT_EQ(message(registry->alias(f, "no")), "Cannot find alias arn: " + arn + ":no");
  EXPECT_EQ(message(registry->update_alias(f, "no", {})), "Alias not found: " + arn + ":no");
  EXPECT_TRUE(registry->remove_alias(f, "no"));
}

TEST_F(RegistryKinds, TagsAreCountedAndChangeTheRevision) {
  const auto before = active("f");
  ASSERT_TRUE(registry->tag(f, {{"a", "1"}, {"b", "2"}}));
  ASSERT_TRUE(registry->untag(f, {"a", "none"}));
  EXPECT_EQ(registry->head(f)->tags, (Tags{{"b", "2"}}));
  EXPECT_NE(registry->head(f)->latest.revision_id, before->revision_id);
  Tags many;
  for (int i = 0; i < 50; ++i) many[std::to_string(i)] = "x";
  EXPECT_EQ(message(registry->tag(f, many)), "Number of tags exceeds resource tag limit.");
}

TEST_F(RegistryKinds, PoliciesHaveTheirOwnRevision) {
  active("f");
  ASSERT_TRUE(registry->add_permission(f, {}, {{"Sid", "s"}}, registry->head(f)->latest.revision_id));
  const auto policy = registry->policy(f, {}).value();
  EXPECT_EQ(registry->head(f)->latest.revision_id, policy.revision_id);
  EXPECT_EQ(document(policy), R"({"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s"}]})");
  EXPECT_EQ(registry->add_permission(f, {}, {{"Sid", "t"}}, "stale").error().code, Errc::failed_precondition);
  EXPECT_EQ(registry->add_permission(f, {}, {{"Sid", "s"}}, policy.revision_id).error().code, Errc::already_exists);
  EXPECT_EQ(message(registry->remove_permission(f, {}, "no", {})), "Statement no is not found in resource policy.");
  ASSERT_TRUE(registry->remove_permission(f, {}, "s", policy.revision_id));
  EXPECT_EQ(message(registry->policy(f, {})), "The resource you requested does not exist.");
  EXPECT_EQ(message(registry->remove_permission(f, {}, "s", {})), "No policy is associated with the given resource.");
  EXPECT_EQ(message(registry->add_permission(f, "7", {{"Sid", "s"}}, {})), "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:7");
  EXPECT_EQ(message(registry->add_permission(f, "no", {{"Sid", "s"}}, {})),
            "Cannot find alias arn: arn:aws:lambda:us-east-1:000000000000:function:f:no");
}

TEST_F(RegistryKinds, AUrlIsFoundByItsIdUntilItIsRemoved) {
  active("f");
  const auto created = registry->create_url(url("f")).value();
  EXPECT_EQ(created.url_id.size(), 32U);
  EXPECT_EQ(registry->find_url(created.url_id)->function, f);
  EXPECT_EQ(registry->create_url(url("f")).error().code, Errc::already_exists);
  ASSERT_TRUE(registry->update_url(f, {}, {UrlAuth::aws_iam, UrlInvokeMode::response_stream, Cors{true, {"a"}, {"GET"}, {"*"}, {}, 5}}));
  const auto found = registry->find_url(created.url_id).value();
  EXPECT_EQ(found.auth, UrlAuth::aws_iam);
  EXPECT_EQ(found.mode, UrlInvokeMode::response_stream);
  EXPECT_EQ(found.cors->max_age_s, 5U);
  EXPECT_EQ(registry->list_urls(f, {}, 10)->items.size(), 1U);
  ASSERT_TRUE(registry->remove_url(f, {}));
  EXPECT_EQ(registry->find_url(created.url_id).error().code, Errc::not_found);
  EXPECT_EQ(message(registry->create_url(url("f", "no-alias"))), "Function does not exist");
}

TEST_F(RegistryKinds, EventInvokeConfigsAreReplacedOrChanged) {
  active("f");
  EXPECT_FALSE(registry->event_invoke_config(f, {}).retries_max);
  EXPECT_EQ(message(registry->put_event_invoke(f, "$LATEST", {1, {}, {}, {}, {}}, Registry::Unset::keep)),
            "The function arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST doesn't have an EventInvokeConfig");
  ASSERT_TRUE(registry->put_event_invoke(f, "$LATEST", {1, 60, "arn:s", {}, {}}, Registry::Unset::clear));
  EXPECT_EQ(registry->event_invoke_config(f, {}).retries_max, 1U);
  ASSERT_TRUE(registry->put_event_invoke(f, "$LATEST", {0, {}, {}, {}, {}}, Registry::Unset::keep));
  EXPECT_EQ(registry->event_invoke_config(f, "$LATEST").retries_max, 0U);
  EXPECT_EQ(registry->event_invoke_config(f, {}).event_age_max_s, 60U);
  EXPECT_EQ(registry->event_invoke_config(f, {}).on_success_arn, "arn:s");
  ASSERT_TRUE(registry->put_event_invoke(f, "$LATEST", {0, {}, {}, {}, {}}, Registry::Unset::clear));
  EXPECT_FALSE(registry->event_invoke_config(f, {}).event_age_max_s);
  EXPECT_EQ(registry->list_event_invoke(f, {}, 10)->items.front().qualifier, "$LATEST");
  ASSERT_TRUE(registry->remove_event_invoke(f, "$LATEST"));
  EXPECT_FALSE(registry->event_invoke_config(f, {}).retries_max);
  EXPECT_EQ(message(registry->put_event_invoke(FunctionName("no"), "$LATEST", {}, Registry::Unset::clear)), "The function doesn't exist.");
}

TEST_F(RegistryKinds, ReservationsLeaveEnoughForTheOthers) {
  active("f");
  active("g");
  ASSERT_TRUE(registry->reserve(f, 500, {}));
  EXPECT_EQ(
      message(registry->reserve(FunctionName("g"), 401, {})),
      "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].");
  EXPECT_TRUE(registry->reserve(FunctionName("g"), 400, {}));
  EXPECT_TRUE(registry->reserve(f, 400, {}));
  EXPECT_EQ(registry->usage()->reserved, 800U);
  ASSERT_TRUE(registry->unreserve(f));
  EXPECT_EQ(registry->concurrency()->reserved.size(), 1U);
  EXPECT_EQ(message(registry->reserve(FunctionName("no"), 1, {})), "Function not found: arn:aws:lambda:us-east-1:000000000000:function:no:$LATEST");
}

TEST_F(RegistryKinds, ProvisioningFollowsItsAliasAndKeepsWithinTheReservation) {
  active("f");
  for (const auto* text : {"a", "b"}) publish_changed("f", text);
  ASSERT_TRUE(registry->create_alias(f, {"live", "1", {}, {}, {}}));
  ASSERT_TRUE(registry->provision(f, "live", 2, {}));
  EXPECT_EQ(message(registry->provision(f, "1", 1, {})), "Version is pointed by a Provisioned Concurrency alias");
  ASSERT_TRUE(registry->update_alias(f, "live", {"2", {}, {}, {}}));
  EXPECT_EQ(registry->provisioned(f, "live")->version, "2");
  EXPECT_TRUE(registry->provision(f, "1", 1, {}));
  EXPECT_EQ(message(registry->reserve(f, 2, {})),
            " ReservedConcurrentExecutions  2 should not be lower than function's total provisioned concurrency [3].");
  ASSERT_TRUE(registry->reserve(f, 3, {}));
  EXPECT_EQ(message(registry->provision(f, "1", 2, {})),
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function");
  ASSERT_TRUE(registry->remove_alias(f, "live"));
  EXPECT_EQ(registry->list_provisioned(f, {}, 10)->items.size(), 1U);
  ASSERT_TRUE(registry->unprovision(f, "1"));
  EXPECT_EQ(message(registry->provisioned(f, "1")), "No Provisioned Concurrency Config found for this function");
  ASSERT_TRUE(registry->unreserve(f));
  EXPECT_EQ(message(registry->provision(f, "1", 1001, {})),
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000].");
  EXPECT_EQ(message(registry->provision(f, "1", 901, {})),
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].");
}

TEST_F(RegistryKinds, LayersCountOnAndListNewestFirst) {
  const auto publish = [&](const std::string& name) {
    LayerVersion layer;
    layer.layer = name;
    layer.code_size = 10;
    return registry->publish_layer(layer).value().number;
  };
  const auto any = [](const LayerVersion&) { return true; };
  EXPECT_EQ(publish("l"), 1U);
  EXPECT_EQ(publish("l"), 2U);
  EXPECT_EQ(publish("m"), 1U);
  ASSERT_TRUE(registry->remove_layer("l", 2));
  EXPECT_EQ(publish("l"), 3U);
  const auto page = registry->list_layer_versions("l", any, {}, 1).value();
  EXPECT_EQ(page.items.front().number, 3U);
  EXPECT_EQ(registry->list_layer_versions("l", any, page.next_marker, 1)->items.front().number, 1U);
  const auto layers = registry->list_layers(any, {}, 1).value();
  EXPECT_EQ(layers.items.front().number, 3U);
  EXPECT_EQ(registry->list_layers(any, layers.next_marker, 1)->items.front().layer, "m");
  EXPECT_EQ(registry->usage()->code_bytes, 30U);
  EXPECT_EQ(registry->layer("l", 2).error().code, Errc::not_found);
  EXPECT_FALSE(registry->layer("l", 1)->runtimes);
}

TEST_F(RegistryKinds, LayerPoliciesAreGuardedByTheirRevision) {
  LayerVersion layer;
  layer.layer = "l";
  ASSERT_TRUE(registry->publish_layer(layer));
  const auto policy = registry->add_layer_permission("l", 1, {{"Sid", "s"}}, {}).value();
  EXPECT_EQ(registry->add_layer_permission("l", 1, {{"Sid", "t"}}, "stale").error().code, Errc::failed_precondition);
  EXPECT_EQ(message(registry->add_layer_permission("l", 2, {{"Sid", "t"}}, {})),
            "Layer version arn:aws:lambda:us-east-1:000000000000:layer:l:2 does not exist.");
  EXPECT_TRUE(registry->remove_layer_permission("l", 1, "s", policy.revision_id));
}

TEST_F(RegistryKinds, EachVersionCountsItsCode) {
  active("f");
  publish_changed("f", "a");
  EXPECT_EQ(registry->usage()->functions, 1U);
  EXPECT_EQ(registry->usage()->code_bytes, 200U);
}

}  // namespace
}  // namespace wick::function
