#include "daemon/config.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

namespace wick::daemon {
namespace {

using testing::HasSubstr;
using Arguments = std::vector<std::string>;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "wick-config-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    // XDG_CONFIG_HOME keeps a file of the machine out of the test.
    caller_.environment = {{"HOME", folder_}, {"XDG_CONFIG_HOME", folder_ + "/config"}};
    write("", folder_ + "/config/wick/wick.toml");
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& text, std::string path = {}) {
    if (path.empty()) path = folder_ + "/given.toml";
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }
  Result<Loaded> load(const Arguments& arguments) { return load_config(arguments, caller_); }
  std::string refused(const Arguments& arguments) {
    const auto loaded = load(arguments);
    return loaded ? "accepted" : loaded.error().message;
  }

  std::string folder_;
  Caller caller_;
};

TEST_F(ConfigTest, Defaults) {
  const Config config = load({}).value().config;
  EXPECT_EQ(config.data, folder_ + "/.local/share/wick");
  ASSERT_EQ(config.listen.size(), 1u);
  EXPECT_EQ(to_string(config.listen[0]), "127.0.0.1:4566");
  EXPECT_EQ(config.idle_timeout, std::chrono::minutes(10));
  EXPECT_EQ(config.concurrency, 1000u);
  EXPECT_FALSE(config.outside_network);
  caller_.root = true;
  EXPECT_EQ(load({"--config", write("")}).value().config.data, "/var/lib/wick");
}

TEST_F(ConfigTest, FlagsWinOverVariablesOverFile) {
  const std::string file = write("region = \"file-1\"\nidle-timeout = \"1s\"\nconcurrency = 5\noutside-network = true\n");
  caller_.environment["WICK_CONFIG"] = file;
  caller_.environment["WICK_REGION"] = "variable-1";
  caller_.environment["WICK_IDLE_TIMEOUT"] = "2s";
  const Config config = load({"--region", "flag-1"}).value().config;
  EXPECT_EQ(config.region, "flag-1");
  EXPECT_EQ(config.idle_timeout, std::chrono::seconds(2));
  EXPECT_EQ(config.concurrency, 5u);
  EXPECT_TRUE(config.outside_network);
}

TEST_F(ConfigTest, SeveralListenersInEachForm) {
  const auto listeners = [](const Config& config) {
    std::string text;
    for (const Address& address : config.listen) text += to_string(address) + " ";
    return text;
  };
  EXPECT_EQ(listeners(load({"--listen", "127.0.0.1:0", "--listen=[::1]:80"}).value().config), "127.0.0.1:0 [::1]:80 ");
  EXPECT_EQ(listeners(load({"--config", write("listen = [\"127.0.0.1:1\", \"localhost:2\"]")}).value().config), "127.0.0.1:1 127.0.0.1:2 ");
  caller_.environment["WICK_LISTEN"] = "127.0.0.1:1,127.0.0.2:2";
  EXPECT_EQ(listeners(load({}).value().config), "127.0.0.1:1 127.0.0.2:2 ");
}

TEST_F(ConfigTest, FlagWithoutValue) {
  EXPECT_TRUE(load({"--outside-network"}).value().config.outside_network);
  caller_.environment["WICK_OUTSIDE_NETWORK"] = "true";
  EXPECT_FALSE(load({"--outside-network=false"}).value().config.outside_network);
}

TEST_F(ConfigTest, UnknownKeysNameTheNearest) {
  EXPECT_THAT(refused({"--idle-timeot", "3s"}), HasSubstr("--idle-timeout"));
  EXPECT_THAT(refused({"--regoin=x"}), HasSubstr("--region"));
  EXPECT_THAT(refused({"--config", write("\nlisten-on = \"x\"")}), AllOf(HasSubstr("given.toml:2"), HasSubstr("'listen-on'"), HasSubstr("'listen'")));
}

TEST_F(ConfigTest, WrongValuesNameTheirPlace) {
  EXPECT_THAT(refused({"--idle-timeout", "soon"}), HasSubstr("--idle-timeout: 'soon' is not a duration"));
  EXPECT_THAT(refused({"--listen", "example.com:80"}), HasSubstr("--listen: 'example.com:80'"));
  EXPECT_THAT(refused({"--listen", "127.0.0.1:70000"}), HasSubstr("'70000'"));
  EXPECT_THAT(refused({"--listen", "127.0.0.1"}), HasSubstr("IP:PORT"));
  EXPECT_THAT(refused({"--concurrency", "0"}), HasSubstr("from 1 to"));
  EXPECT_THAT(refused({"--log-level", "loud"}), HasSubstr("--log-level"));
  EXPECT_THAT(refused({"--region", "Übersee"}), HasSubstr("--region"));
  EXPECT_THAT(refused({"--data"}), HasSubstr("--data"));
  EXPECT_THAT(refused({"--config", folder_ + "/missing.toml"}), HasSubstr("missing.toml"));
  EXPECT_THAT(refused({"--config", write("region = [1]")}), HasSubstr("given.toml:1: region"));
  EXPECT_THAT(refused({"--config", write("region = ")}), HasSubstr("given.toml:1"));
  caller_.environment["WICK_CONCURRENCY"] = "many";
  EXPECT_THAT(refused({}), HasSubstr("WICK_CONCURRENCY: 'many'"));
}

TEST_F(ConfigTest, PublicAddressNeedsCredentials) {
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:80"}) {
    EXPECT_THAT(refused({"--listen", address}), AllOf(HasSubstr("credentials"), HasSubstr("--access-key"))) << address;
    EXPECT_TRUE(load({"--listen", address, "--access-key", "AKIA", "--secret-key", "s"})) << address;
  }
  EXPECT_TRUE(load({"--listen", "127.9.9.9:0", "--listen", "[::1]:0"}));
  EXPECT_THAT(refused({"--access-key", "AKIA"}), HasSubstr("--secret-key"));
}

TEST_F(ConfigTest, HelpListsEverySetting) {
  const std::string help = load({"--help"}).value().help;
  EXPECT_THAT(help, AllOf(HasSubstr("--listen"), HasSubstr("WICK_IDLE_TIMEOUT"), HasSubstr("--config")));
}

TEST_F(ConfigTest, WithoutHomeDataMustBeGiven) {
  caller_.environment.erase("HOME");
  EXPECT_THAT(refused({}), HasSubstr("--data"));
  EXPECT_TRUE(load({"--data", "/x"}));
}

}  // namespace
}  // namespace wick::daemon
