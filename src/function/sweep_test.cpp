#include "function/sweep.h"

#include "function/registry_fixture.h"
#include "function/test_zip.h"

namespace wick::function {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class SweepTest : public testing_registry::Fixture {
 protected:
  void SetUp() override {
    Fixture::SetUp();
    blobs = blob::open_local(folder + "/blobs").value();
    packages = Packages::open(folder, *blobs).value();
  }
  blob::BlobId put(const std::string& content) { return blobs->put(make_zip({{"f", content}})).value(); }
  Version with(const std::string& name, const std::string& code, const std::vector<blob::BlobId>& layers = {}) {
    Version out = version(name);
    out.code = put(code);
    for (const auto& layer : layers) out.layers.push_back({"arn", layer, 1});
    return out;
  }
  VersionPtr deploy(const Version& version) {
    const VersionPtr made = registry->create(version, {}, Publish::no).value();
    EXPECT_TRUE(packages->prepare(*made));
    return made;
  }
  LayerVersion publish(const std::string& content) {
    LayerVersion layer;
    layer.layer = "l";
    layer.code = put(content);
    return registry->publish_layer(layer).value();
  }
  // Two hours later.
  Swept sweep() {
    for (const auto& entry : fs::recursive_directory_iterator(folder + "/blobs")) {
      if (entry.is_regular_file()) fs::last_write_time(entry, fs::file_time_type::clock::now() - 2h);
    }
    return function::sweep(*registry, *blobs, *packages, {}).value();
  }
  bool has(const blob::BlobId& id) { return blobs->size(id).has_value(); }

  std::unique_ptr<blob::Store> blobs;
  std::unique_ptr<Packages> packages;
};

TEST_F(SweepTest, EverythingThatIsDeployedStays) {
  const auto layer = publish("layer");
  const auto f = deploy(with("f", "one", {layer.code}));
  ASSERT_TRUE(registry->activated(*f, {}));
  ASSERT_TRUE(registry->publish(FunctionName("f"), {}));
  ASSERT_TRUE(registry->update(
      FunctionName("f"), {},
      [&](Version& latest) {
        latest.code = put("two");
        latest.layers.clear();
        return Result<>();
      },
      Publish::no));
  ASSERT_TRUE(registry->remove_layer("l", layer.number));  // version 1 has its content
  const auto unused = publish("not used by any function");
  const Swept swept = sweep();
  EXPECT_EQ(swept.blobs, 0U);
  EXPECT_EQ(swept.folders, 0U);
  EXPECT_TRUE(has(layer.code));
  EXPECT_TRUE(has(unused.code));
}

TEST_F(SweepTest, WhatNothingNamesAnyMoreGoes) {
  const auto layer = publish("layer");
  const auto f = deploy(with("f", "one", {layer.code}));
  const auto g = deploy(with("g", "two"));
  ASSERT_TRUE(registry->remove(FunctionName("f")));
  Swept swept = sweep();
  EXPECT_EQ(swept.blobs, 1U);
  EXPECT_EQ(swept.folders, 2U);
  EXPECT_FALSE(has(f->code));
  EXPECT_TRUE(has(layer.code));
  EXPECT_TRUE(packages->find(*g));

  ASSERT_TRUE(registry->remove_layer("l", layer.number));
  swept = sweep();
  EXPECT_EQ(swept.blobs, 1U);
  EXPECT_FALSE(has(layer.code));
}

TEST_F(SweepTest, ThatIsAfterAnHourWithoutAName) {
  const auto f = deploy(with("f", "one"));
  sweep();
  ASSERT_TRUE(registry->remove(FunctionName("f")));
  EXPECT_EQ(function::sweep(*registry, *blobs, *packages, {}).value().blobs, 0U);
  EXPECT_TRUE(has(f->code));
}

TEST_F(SweepTest, OfMoreFunctionsThanAPageAllStay) {
  for (int i = 0; i < 1005; ++i) {
    Version one = version("f" + std::to_string(i));
    one.code = i < 1004 ? put("shared") : put("last");
    ASSERT_TRUE(registry->create(one, {}, Publish::no));
  }
  EXPECT_EQ(sweep().blobs, 0U);
}

}  // namespace
}  // namespace wick::function
