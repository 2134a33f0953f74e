#include "cli/package.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "cli/zip.h"

namespace wick::cli {
namespace {

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("wick-cli-" + uuid4())) { std::filesystem::create_directories(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    chmod(file.c_str(), mode);
    return file;
  }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::vector<std::string> names_in(const std::string& zip) {
  std::vector<std::string> names;
  EXPECT_TRUE(for_each_zip_file(zip, 100, [&](const std::string& name, const std::string&) { names.push_back(name); }));
  return names;
}

TEST(Package, AFile) {
  const Folder folder;
  const auto package = make_package(folder.write("say hi.py", "def handler(e, c): pass\n"));
  ASSERT_TRUE(package) << package.error().message;
  EXPECT_EQ(package->name, "say-hi");
  EXPECT_EQ(package->handler->name, "say-hi.handler");
  EXPECT_EQ(names_in(package->zip), std::vector<std::string>{"say-hi.py"});
}

TEST(Package, AnExecutableBecomesTheBootstrap) {
  const Folder folder;
  const auto package = make_package(folder.write("server", "#!/bin/sh\n", 0755));
  ASSERT_TRUE(package) << package.error().message;
  EXPECT_EQ(package->handler->kind, Kind::executable);
  EXPECT_EQ(names_in(package->zip), std::vector<std::string>{"bootstrap"});
}

TEST(Package, AFolderIsTheSameZipEachTimeAndLeavesOutWhatIsNotCode) {
  const Folder folder;
  folder.write("app/index.mjs", "export const handler = () => 1");
  folder.write("app/lib/a.js", "");
  folder.write("app/.git/config", "secret");
  folder.write("app/__pycache__/x.pyc", "");
  const auto first = make_package(folder.path() + "/app/");
  const auto second = make_package(folder.path() + "/app");
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(first->name, "app");
  EXPECT_EQ(first->zip, second->zip);
  EXPECT_EQ(first->handler->name, "index.handler");
  EXPECT_EQ(names_in(first->zip), (std::vector<std::string>{"index.mjs", "lib/a.js"}));
}

TEST(Package, AZipIsLookedInto) {
  const Folder folder;
  ZipWriter zip;
  ASSERT_TRUE(zip.add_file("lambda_function.py", "def lambda_handler(e, c): pass\n", 0644));
  const auto package = make_package(folder.write("old.zip", *zip.finish()));
  ASSERT_TRUE(package) << package.error().message;
  EXPECT_EQ(package->handler->kind, Kind::python);
  EXPECT_EQ(package->handler->name, "lambda_function.lambda_handler");
}

TEST(Package, SaysWhatIsWrong) {
  const Folder folder;
  EXPECT_EQ(make_package(folder.path() + "/nothing").error().code, Errc::not_found);
  EXPECT_NE(make_package(folder.write("notes.txt", "hello")).error().message.find("chmod +x"), std::string::npos);
  EXPECT_NE(make_package(folder.write("broken.zip", "hello")).error().message.find("zip"), std::string::npos);
  std::filesystem::create_directories(folder.path() + "/empty");
  EXPECT_NE(make_package(folder.path() + "/empty").error().message.find("is empty"), std::string::npos);
}

}  // namespace
}  // namespace wick::cli
