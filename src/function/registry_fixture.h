#pragma once
// What the registry's tests share: a registry over RocksDB in a temporary folder, and short ways to make functions. Tests only.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "function/registry.h"
#include "kv/store.h"

namespace wick::function::testing_registry {

class Fixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "wick-registry-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    reopen();
  }
  void TearDown() override {
    registry.reset();
    store.reset();
    std::filesystem::remove_all(folder);
  }

  void reopen() {
    registry.reset();
    store.reset();
    store = kv::open_rocksdb(folder).value();
    registry = Registry::open(*store, Clock::system(), *random, "us-east-1", "000000000000").value();
  }

  static Version version(const std::string& name) {
    Version out;
    out.name = FunctionName(name);
    out.runtime = "python3.11";
    out.handler = "index.handler";
    out.code = blob::BlobId(std::string(64, 'a'));
    out.code_size = 100;
    return out;
  }

  VersionPtr create(const std::string& name) { return registry->create(version(name), {}, Publish::no).value(); }

  VersionPtr active(const std::string& name) {
    EXPECT_TRUE(registry->activated(*create(name), {}));
    return registry->find(FunctionName(name), {}).value();
  }

  VersionPtr update(const std::string& name, const std::string& description) {
    const auto change = [&](Version& latest) {
      latest.description = description;
      return Result<>();
    };
    return registry->update(FunctionName(name), {}, change, Publish::no).value();
  }

  // Makes $LATEST differ, and a version of it.
  VersionPtr publish_changed(const std::string& name, const std::string& description) {
    EXPECT_TRUE(registry->activated(*update(name, description), {}));
    return registry->publish(FunctionName(name), {}).value();
  }

  static UrlConfig url(const std::string& name, const std::string& qualifier = {}) {
    UrlConfig out;
    out.function = FunctionName(name);
    out.qualifier = qualifier;
    return out;
  }

  static std::vector<std::string> names(const Page<VersionPtr>& page) {
    std::vector<std::string> out;
    for (const auto& one : page.items) out.push_back(one->name.str());
    return out;
  }

  std::vector<kv::Entry> entries() { return store->scan({}, 1'000'000).value(); }

  std::unique_ptr<Random> random = Random::seeded(1);
  std::string folder;
  std::unique_ptr<kv::Store> store;
  std::unique_ptr<Registry> registry;
};

}  // namespace wick::function::testing_registry
