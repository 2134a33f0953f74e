#include "base/random.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace wick {
namespace {

TEST(Random, SameSeedSameUuid) {
  EXPECT_EQ(uuid4(*Random::seeded(7)), uuid4(*Random::seeded(7)));
  EXPECT_NE(uuid4(*Random::seeded(7)), uuid4(*Random::seeded(8)));
}

TEST(Random, NothingIsDrawnTwice) {
  std::set<std::string> drawn;
  const auto draw = [&drawn] {
    for (int i = 0; i < 1000; ++i) drawn.insert(uuid4());
  };
  draw();
  std::thread(draw).join();
  EXPECT_EQ(drawn.size(), 2000U);
}

TEST(Random, UuidHasVersionAndVariant) {
  const auto id = uuid4();
  ASSERT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}

}  // namespace
}  // namespace wick
