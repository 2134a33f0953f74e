#include "sandbox/warden/options.h"

#include <gtest/gtest.h>

namespace wick::sandbox::warden {
namespace {

TEST(Options, GoThroughTheCommandLine) {
  const auto parsed = parse_arguments(
      to_arguments({.data_directory = "/d", .share_directory = "/s", .runtimes = {{"nodejs20.x", "/usr"}, {"python3.12", "/opt/p"}}}));
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->data_directory, "/d");
  EXPECT_EQ(parsed->share_directory, "/s");
  ASSERT_EQ(parsed->runtimes.size(), 2U);
  EXPECT_EQ(parsed->runtimes[1].root, "/opt/p");
  EXPECT_TRUE(is_in_usr(parsed->runtimes[0]));
  EXPECT_FALSE(is_in_usr(parsed->runtimes[1]));
}

TEST(Options, RefuseWhatIsNotOne) {
  using Arguments = std::vector<std::string>;
  for (const Arguments& arguments : {Arguments{},
                                     {"--data", "/d"},
                                     {"--data", "/d", "--share"},
                                     {"--data", "/d", "--share", "/s", "--x", "y"},
                                     {"--data", "/d", "--share", "/s", "--runtime", "nodejs20.x"},
                                     {"--data", "/d", "--share", "/s", "--runtime", "a/b=/usr"},
                                     {"--data", "/d", "--share", "/s", "--runtime", "nodejs20.x=relative"}})
    EXPECT_FALSE(parse_arguments(arguments));
}

}  // namespace
}  // namespace wick::sandbox::warden
