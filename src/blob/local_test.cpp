#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "blob/store.h"

namespace wick::blob {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// FIPS 180-2 appendix B.1
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

class LocalStoreTest : public testing::Test {
 protected:
  LocalStoreTest() {
    std::string name = testing::TempDir() + "wick_blob_XXXXXX";
    directory_ = mkdtemp(name.data());
    store_ = open_local(directory_ + "/blobs").value();
  }
  ~LocalStoreTest() override { fs::remove_all(directory_); }

  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) count += entry.is_regular_file() ? 1U : 0U;
    return count;
  }

  static WallTime now() { return Clock::system().now(); }
  void make_old(const BlobId& id) {
    fs::last_write_time(directory_ + "/blobs/" + id.str().substr(0, 2) + "/" + id.str(), fs::file_time_type::clock::now() - 2h);
  }

  std::string directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(LocalStoreTest, KeepsOneCopyUnderTheHashOfTheContent) {
  const auto id = store_->put("abc").value();
  EXPECT_EQ(id.str(), kAbc);
  EXPECT_EQ(store_->put("abc").value(), id);
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(store_->get(id).value(), "abc");
  EXPECT_EQ(store_->size(id).value(), 3U);
  store_ = open_local(directory_ + "/blobs").value();
  EXPECT_EQ(store_->get(id).value(), "abc");
}

TEST_F(LocalStoreTest, ReadsRangesUpToTheEnd) {
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes.push_back(static_cast<char>(i * 7));
  const auto id = store_->put(bytes).value();
  EXPECT_EQ(store_->get(id).value(), bytes);
  EXPECT_EQ(store_->get_range(id, 500, 1000).value(), bytes.substr(500, 1000));
  EXPECT_EQ(store_->get_range(id, 99'990, 1000).value(), bytes.substr(99'990));
  EXPECT_EQ(store_->get_range(id, 100'000, 1).value(), "");
  EXPECT_EQ(store_->get_range(id, ~0ULL, ~0ULL).value(), "");
  EXPECT_EQ(store_->get_range(id, 1, ~0ULL).value(), bytes.substr(1));
}

TEST_F(LocalStoreTest, TheEmptyBlobIsABlob) {
  const auto id = store_->put("").value();
  EXPECT_EQ(store_->get(id).value(), "");
  EXPECT_EQ(store_->size(id).value(), 0U);
}

TEST_F(LocalStoreTest, WhatIsNotThereIsNotFound) {
  const BlobId absent{kAbc};
  EXPECT_EQ(store_->get(absent).error().code, Errc::not_found);
  EXPECT_EQ(store_->size(absent).error().code, Errc::not_found);
}

TEST_F(LocalStoreTest, ASweepLeavesWhatIsNamed) {
  const auto id = store_->put("abc").value();
  const auto named = store_->put("named").value();
  EXPECT_EQ(store_->sweep({named}, now(), {}).value(), 1U);
  EXPECT_EQ(store_->get(id).error().code, Errc::not_found);
  EXPECT_EQ(store_->get(named).value(), "named");
  EXPECT_EQ(store_->put("abc").value(), id);
  EXPECT_EQ(store_->get(id).value(), "abc");
}

TEST_F(LocalStoreTest, ASweepLeavesWhatWasPutLatelyAlsoIfItWasThereBefore) {
  const auto old = store_->put("old").value();
  const auto again = store_->put("again").value();
  make_old(old);
  make_old(again);
  store_->put("again").value();
  EXPECT_EQ(store_->sweep({}, now() - 1h, {}).value(), 1U);
  EXPECT_FALSE(store_->get(old));
  EXPECT_TRUE(store_->get(again));
}

TEST_F(LocalStoreTest, ASweepLeavesWhatWasNamedLately) {
  const auto id = store_->put("abc").value();
  make_old(id);
  EXPECT_EQ(store_->sweep({id}, now() - 1h, {}).value(), 0U);
  EXPECT_EQ(store_->sweep({}, now() - 1h, {}).value(), 0U);
  EXPECT_EQ(store_->get(id).value(), "abc");
}

TEST_F(LocalStoreTest, ASweepPassesOverStrangeFiles) {
  const auto id = store_->put("abc").value();
  std::ofstream(directory_ + "/blobs/notes") << "x";
  EXPECT_EQ(store_->sweep({}, now(), {}).value(), 1U);
  EXPECT_TRUE(fs::exists(directory_ + "/blobs/notes"));
}

TEST_F(LocalStoreTest, ASweepEndsAtAStop) {
  const auto id = store_->put("abc").value();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(store_->sweep({}, now(), stop.get_token()).value(), 0U);
  EXPECT_TRUE(store_->get(id));
}

TEST_F(LocalStoreTest, WhatIsPutDuringSweepsIsThereAfterwards) {
  const std::jthread sweeper([&](std::stop_token stop) {
    while (!stop.stop_requested()) EXPECT_TRUE(store_->sweep({}, now() - 1h, {}));
  });
  for (int i = 0; i < 300; ++i) {
    const auto id = store_->put(std::to_string(i % 3)).value();
    EXPECT_TRUE(store_->get(id)) << i;
    make_old(id);
  }
}

TEST_F(LocalStoreTest, AnIdIsNeverAPath) {
  std::ofstream(directory_ + "/secret") << "x";
  for (const char* text : {"", "../../secret", "abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"}) {
    EXPECT_FALSE(parse_id(text)) << text;
    EXPECT_EQ(store_->get(BlobId(text)).error().code, Errc::invalid_argument) << text;
  }
  EXPECT_EQ(parse_id(kAbc).value().str(), kAbc);
}

TEST_F(LocalStoreTest, DamageIsNoticed) {
  const auto id = store_->put("abc").value();
  std::ofstream(directory_ + "/blobs/ba/" + kAbc, std::ios::trunc) << "abd";
  EXPECT_EQ(store_->get(id).error().code, Errc::io);
}

TEST_F(LocalStoreTest, LeftoversOfACrashAreRemovedAtOpen) {
  std::ofstream(directory_ + "/blobs/tmp/7") << "half a bl";
  store_ = open_local(directory_ + "/blobs").value();
  EXPECT_EQ(files(), 0U);
}

TEST_F(LocalStoreTest, ManyMayPutAtOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) EXPECT_TRUE(store_->put("same " + std::to_string(n)));
    });
  }
  threads.clear();
  EXPECT_EQ(files(), 20U);
}

}  // namespace
}  // namespace wick::blob
