#include "function/registry.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "function/registry_fixture.h"

namespace wick::function {
namespace {

using testing_registry::Fixture;

class RegistryTest : public Fixture {};

TEST_F(RegistryTest, ACreatedFunctionIsPendingUntilItIsActivated) {
  const auto created = create("f");
  EXPECT_EQ(created->state, State::pending);
  EXPECT_EQ(created->update_status, UpdateStatus::none);
  ASSERT_EQ(registry->pending()->size(), 1U);
  ASSERT_TRUE(registry->activated(*created, {}));
  const auto active = registry->find(FunctionName("f"), {}).value();
  EXPECT_EQ(active->state, State::active);
  EXPECT_EQ(active->update_status, UpdateStatus::successful);
  EXPECT_EQ(active->generation, created->generation);
  EXPECT_NE(active->revision_id, created->revision_id);
  EXPECT_TRUE(registry->pending()->empty());
}

TEST_F(RegistryTest, APackageThatCannotBePreparedFails) {
  const auto created = create("f");
  ASSERT_TRUE(registry->activated(*created, fail(Errc::io, "disk full")));
  const auto failed = registry->find(FunctionName("f"), {}).value();
  EXPECT_EQ(failed->state, State::failed);
  EXPECT_EQ(failed->state_reason, "disk full");
}

TEST_F(RegistryTest, WhatIsPendingSurvivesReopening) {
  create("f");
  reopen();
  ASSERT_EQ(registry->pending()->size(), 1U);
  EXPECT_EQ(registry->pending()->front()->name.str(), "f");
}

TEST_F(RegistryTest, NamesAreTakenOnce) {
  create("f");
  const auto again = registry->create(version("f"), {}, Publish::no);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::already_exists);
  EXPECT_EQ(again.error().message, "Function already exist: f");
}

TEST_F(RegistryTest, AnUpdateIsInProgressUntilActivatedAndExcludesAnother) {
  active("f");
  const auto updated = update("f", "first");
  EXPECT_EQ(updated->state, State::active);
  EXPECT_EQ(updated->update_status, UpdateStatus::in_progress);
  const auto second = registry->update(FunctionName("f"), {}, [](Version&) { return Result<>(); }, Publish::no);
  ASSERT_FALSE(second);
  EXPECT_EQ(
      second.error().message,
      "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:us-east-1:000000000000:function:f");
  ASSERT_TRUE(registry->activated(*updated, {}));
  EXPECT_EQ(registry->find(FunctionName("f"), {}).value()->update_status, UpdateStatus::successful);
}

TEST_F(RegistryTest, AFailedUpdateKeepsTheFunctionActive) {
  active("f");
  ASSERT_TRUE(registry->activated(*update("f", "x"), fail(Errc::io, "disk full")));
  const auto found = registry->find(FunctionName("f"), {}).value();
  EXPECT_EQ(found->state, State::active);
  EXPECT_EQ(found->update_status, UpdateStatus::failed);
  EXPECT_EQ(found->update_reason, "disk full");
}

TEST_F(RegistryTest, ActivationOfAnOlderGenerationChangesNothing) {
  const auto first = create("f");
  const auto second = update("f", "newer");
  ASSERT_TRUE(registry->activated(*first, {}));
  EXPECT_EQ(registry->find(FunctionName("f"), {}).value()->state, State::pending);
  ASSERT_TRUE(registry->activated(*second, {}));
  EXPECT_EQ(registry->find(FunctionName("f"), {}).value()->state, State::active);
}

TEST_F(RegistryTest, AStaleRevisionIsRefused) {
  const auto function = active("f");
  const auto refused = registry->update(FunctionName("f"), "stale", [](Version&) { return Result<>(); }, Publish::no);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::failed_precondition);
  EXPECT_TRUE(registry->update(FunctionName("f"), function->revision_id, [](Version&) { return Result<>(); }, Publish::no));
}

TEST_F(RegistryTest, AnErrorOfTheChangeChangesNothing) {
  const auto before = active("f");
  EXPECT_FALSE(registry->update(FunctionName("f"), {}, [](Version&) { return Result<>(fail(Errc::invalid_argument, "no")); }, Publish::no));
  EXPECT_EQ(registry->find(FunctionName("f"), {}).value()->revision_id, before->revision_id);
}

TEST_F(RegistryTest, ResolvingSeesEachChangeAtOnce) {
  active("f");
  const auto first = registry->resolve(FunctionName("f"), {}, *random).value();
  EXPECT_EQ(first.invoked_arn, "arn:aws:lambda:us-east-1:000000000000:function:f");
  EXPECT_TRUE(registry->resolve_cached(FunctionName("f"), {}, *random));
  update("f", "changed");
  EXPECT_FALSE(registry->resolve_cached(FunctionName("f"), {}, *random));
  EXPECT_EQ(registry->resolve(FunctionName("f"), {}, *random)->version->description, "changed");
  ASSERT_TRUE(registry->remove(FunctionName("f")));
  const auto gone = registry->resolve(FunctionName("f"), {}, *random);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().message, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST");
}

TEST_F(RegistryTest, DeletingRemovesEveryRecordOfTheFunctionAndOfNoOther) {
  for (const auto* name : {"f", "f-2"}) {
    active(name);
    ASSERT_TRUE(registry->publish(FunctionName(name), {}));
    ASSERT_TRUE(registry->create_alias(FunctionName(name), {"live", "1", {}, {}, {}}));
    ASSERT_TRUE(registry->create_url(url(name)));
    ASSERT_TRUE(registry->add_permission(FunctionName(name), {}, {{"Sid", "s"}}, {}));
    ASSERT_TRUE(registry->put_event_invoke(FunctionName(name), "1", {1, 60, {}, {}, {}}, Registry::Unset::clear));
    ASSERT_TRUE(registry->provision(FunctionName(name), "live", 1, {}));
    ASSERT_TRUE(registry->reserve(FunctionName(name), 5, {}));
    ASSERT_TRUE(registry->tag(FunctionName(name), {{"a", "b"}}));
  }
  const auto other = entries();
  ASSERT_TRUE(registry->remove(FunctionName("f")));
  const auto left = entries();
  EXPECT_EQ(left.size(), other.size() / 2 + 1);  // f keeps its version counter
  ASSERT_TRUE(registry->remove(FunctionName("f-2")));
  EXPECT_EQ(entries().size(), 2U);
}

TEST_F(RegistryTest, ListsComeInPagesThatStayValidWhileFunctionsGo) {
  for (const auto* name : {"a", "a-b", "ab", "b"}) active(name);
  const auto first = registry->list(Which::latest, {}, 2).value();
  ASSERT_EQ(names(first), (std::vector<std::string>{"a", "a-b"}));
  ASSERT_TRUE(registry->remove(FunctionName("ab")));
  const auto second = registry->list(Which::latest, first.next_marker, 2).value();
  EXPECT_EQ(names(second), (std::vector<std::string>{"b"}));
  EXPECT_EQ(second.next_marker, "");
  EXPECT_EQ(registry->list(Which::latest, "not a marker", 2).error().code, Errc::invalid_argument);
}

TEST_F(RegistryTest, AListOfAllVersionsPagesWithinAFunctionToo) {
  for (const auto* name : {"a", "b"}) {
    active(name);
    for (int i = 0; i < 12; ++i) publish_changed(name, std::to_string(i));
  }
  std::vector<std::string> seen;
  std::string marker;
  do {
    const auto page = registry->list(Which::all, marker, 5).value();
    for (const auto& one : page.items) seen.push_back(one->name.str() + ":" + one->version);
    marker = page.next_marker;
  } while (!marker.empty());
  ASSERT_EQ(seen.size(), 26U);
  EXPECT_EQ(seen[0], "a:$LATEST");
  EXPECT_EQ(seen[2], "a:2");
  EXPECT_EQ(seen[12], "a:12");
  EXPECT_EQ(seen[13], "b:$LATEST");
}

TEST_F(RegistryTest, EverythingIsThereAfterReopening) {
  auto wanted = version("f");
  wanted.environment = {{"K", "V"}};
  wanted.environment_given = true;
  wanted.layers = {{"arn:x:1", blob::BlobId(std::string(64, 'b')), 7, 9}};
  wanted.log_format = LogFormat::json;
  wanted.application_log_level = "DEBUG";
  wanted.vpc = VpcConfig{{"subnet-1"}, {"sg-1"}, true};
  wanted.file_systems = {{"arn:fs", "/mnt/x"}};
  wanted.memory_mb = 1024;
  const auto created = registry->create(wanted, {{"a", "b"}}, Publish::no).value();
  reopen();
  const auto head = registry->head(FunctionName("f")).value();
  EXPECT_EQ(head.tags, (Tags{{"a", "b"}}));
  const auto& found = head.latest;
  EXPECT_EQ(found.environment, wanted.environment);
  EXPECT_EQ(found.layers, wanted.layers);
  EXPECT_EQ(found.application_log_level, "DEBUG");
  EXPECT_EQ(found.vpc, wanted.vpc);
  EXPECT_EQ(found.file_systems, wanted.file_systems);
  EXPECT_EQ(found.memory_mb, 1024U);
  EXPECT_EQ(found.generation, created->generation);
  EXPECT_EQ(found.revision_id, created->revision_id);
}

}  // namespace
}  // namespace wick::function
