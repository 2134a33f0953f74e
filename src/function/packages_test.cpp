#include "function/packages.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "function/test_zip.h"

namespace wick::function {
namespace {

namespace fs = std::filesystem;

class PackagesTest : public testing::Test {
 protected:
  PackagesTest() {
    std::string name = testing::TempDir() + "wick_packages_XXXXXX";
    data_ = mkdtemp(name.data());
    blobs_ = blob::open_local(data_ + "/blobs").value();
    reopen();
  }
  ~PackagesTest() override { fs::remove_all(data_); }

  void reopen() {
    packages_.reset();
    packages_ = Packages::open(data_, *blobs_).value();
  }
  blob::BlobId store(const std::vector<TestEntry>& entries) { return blobs_->put(make_zip(entries)).value(); }
  Version version(blob::BlobId code, const std::vector<blob::BlobId>& layers = {}) {
    Version made;
    made.code = std::move(code);
    for (const auto& layer : layers) made.layers.push_back({"arn", layer, 1});
    return made;
  }
  std::string content(const std::string& path) {
    std::ifstream file(data_ + "/" + path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string data_;
  std::unique_ptr<blob::Store> blobs_;
  std::unique_ptr<Packages> packages_;
};

TEST_F(PackagesTest, AFolderIsNamedByItsContent) {
  const auto code = store({{"index.mjs", "1"}});
  const auto prepared = packages_->prepare(version(code)).value();
  EXPECT_EQ(prepared.package, code.str());
  EXPECT_EQ(prepared.layers, "");
  EXPECT_EQ(content("packages/" + code.str() + "/index.mjs"), "1");
  EXPECT_EQ(fs::status(data_ + "/packages/" + code.str()).permissions(), static_cast<fs::perms>(0755));
}

TEST_F(PackagesTest, UnpacksOncePerContentAlsoAfterReopening) {
  const auto code = store({{"f", "1"}});
  ASSERT_TRUE(packages_->prepare(version(code)));
  const std::string mark = data_ + "/packages/" + code.str() + "/mark";
  std::ofstream(mark) << "still here";
  ASSERT_TRUE(packages_->prepare(version(code)));
  reopen();
  ASSERT_TRUE(packages_->prepare(version(code)));
  EXPECT_TRUE(fs::exists(mark));
}

TEST_F(PackagesTest, FindsOnlyWhatItHasPrepared) {
  const auto code = store({{"f", "x"}});
  const auto layer = store({{"g", "y"}});
  EXPECT_FALSE(packages_->find(version(code)));
  const auto prepared = packages_->prepare(version(code)).value();
  ASSERT_TRUE(packages_->find(version(code)));
  EXPECT_EQ(packages_->find(version(code))->package, prepared.package);
  EXPECT_FALSE(packages_->find(version(code, {layer})));
  EXPECT_EQ(packages_->prepare(version(code, {layer})).value().layers, packages_->find(version(code, {layer})).value().layers);
}

TEST_F(PackagesTest, LayersGoOverEachOtherInOrder) {
  const auto code = store({{"f", "x"}});
  const auto one = store({{"lib/a", "1"}, {"lib/b", "1"}});
  const auto two = store({{"lib/b", "2"}});
  const auto forth = packages_->prepare(version(code, {one, two})).value();
  const auto back = packages_->prepare(version(code, {two, one})).value();
  EXPECT_NE(forth.layers, back.layers);
  EXPECT_EQ(content("layers/" + forth.layers + "/lib/a"), "1");
  EXPECT_EQ(content("layers/" + forth.layers + "/lib/b"), "2");
  EXPECT_EQ(content("layers/" + back.layers + "/lib/b"), "1");
}

TEST_F(PackagesTest, CodeAndLayersTogetherHaveOneLimit) {
  const auto code = store({{"f", "x"}});
  const auto layer = store({{"g", "0123456789"}});
  ASSERT_TRUE(packages_->prepare(version(code, {layer})));
  fs::resize_file(data_ + "/packages/" + code.str() + "/f", kUnzippedMax - 9);  // a hole: as if it were that large
  reopen();
  EXPECT_TRUE(packages_->prepare(version(code)));
  const auto both = packages_->prepare(version(code, {layer}));
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, Errc::too_large);
  EXPECT_EQ(both.error().message,
            "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. "
            "The actual size is 262144001 bytes.");
}

TEST_F(PackagesTest, ARefusedZipLeavesNothingBehind) {
  const auto code = store({{"ok", "1"}, {"../evil", "1"}});
  EXPECT_EQ(packages_->prepare(version(code)).error().code, Errc::invalid_argument);
  EXPECT_FALSE(fs::exists(data_ + "/packages/" + code.str()));
  EXPECT_TRUE(fs::is_empty(data_ + "/packages/tmp"));
}

TEST_F(PackagesTest, AMissingBlobIsNotFoundUntilItIsThere) {
  const std::string zip = make_zip({{"f", "1"}});
  const auto code = blobs_->put(zip).value();
  ASSERT_EQ(blobs_->sweep({}, Clock::system().now(), {}).value(), 1U);
  EXPECT_EQ(packages_->prepare(version(code)).error().code, Errc::not_found);
  ASSERT_TRUE(blobs_->put(zip));
  EXPECT_TRUE(packages_->prepare(version(code)));
}

TEST_F(PackagesTest, ASweepRemovesWhatIsNeitherNamedNorHeld) {
  const auto named = version(store({{"f", "named"}}));
  const auto held = version(store({{"f", "held"}}), {store({{"g", "held"}})});
  const auto gone = version(store({{"f", "gone"}}), {store({{"g", "gone"}})});
  ASSERT_TRUE(packages_->prepare(named));
  ASSERT_TRUE(packages_->prepare(gone));
  auto hold = packages_->prepare(held);
  EXPECT_EQ(packages_->sweep({named.code.str()}, {}, {}).value(), 2U);
  EXPECT_TRUE(packages_->find(named));
  EXPECT_FALSE(packages_->find(gone));
  EXPECT_FALSE(fs::exists(data_ + "/packages/" + gone.code.str()));
  EXPECT_EQ(content("packages/" + hold->package + "/f"), "held");
  EXPECT_EQ(content("layers/" + hold->layers + "/g"), "held");
  EXPECT_TRUE(fs::is_empty(data_ + "/packages/tmp"));

  hold = packages_->prepare(gone);
  ASSERT_TRUE(hold);
  EXPECT_EQ(content("packages/" + hold->package + "/f"), "gone");
  reopen();  // it knows of none, but sees them
  EXPECT_EQ(packages_->sweep({named.code.str()}, {}, {}).value(), 4U);
  EXPECT_EQ(content("packages/" + named.code.str() + "/f"), "named");
}

TEST_F(PackagesTest, AnIdThatIsNoneIsRefused) {
  EXPECT_EQ(packages_->prepare(version(blob::BlobId())).error().code, Errc::invalid_argument);
  EXPECT_EQ(packages_->prepare(version(blob::BlobId("../blobs"))).error().code, Errc::invalid_argument);
}

TEST_F(PackagesTest, LeftoversOfACrashAreRemovedAtOpen) {
  fs::create_directories(data_ + "/packages/tmp/3/half");
  reopen();
  EXPECT_TRUE(fs::is_empty(data_ + "/packages/tmp"));
}

TEST_F(PackagesTest, FoldersOfAnotherBootAreUnpackedAgain) {
  const auto code = store({{"f", "whole"}});
  ASSERT_TRUE(packages_->prepare(version(code)));
  std::ofstream(data_ + "/packages/" + code.str() + "/f", std::ios::trunc);  // as a power failure leaves it
  std::ofstream(data_ + "/packages/boot_id") << "another\n";
  reopen();
  ASSERT_TRUE(packages_->prepare(version(code)));
  EXPECT_EQ(content("packages/" + code.str() + "/f"), "whole");
}

TEST_F(PackagesTest, ManyMayAskAtOnce) {
  std::vector<TestEntry> entries;
  for (int i = 0; i < 200; ++i) entries.push_back({"d" + std::to_string(i % 7) + "/f" + std::to_string(i), std::to_string(i)});
  const auto code = store(entries);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_TRUE(packages_->prepare(version(code))); });
  threads.clear();
  EXPECT_EQ(content("packages/" + code.str() + "/d3/f199"), "199");
}

}  // namespace
}  // namespace wick::function
