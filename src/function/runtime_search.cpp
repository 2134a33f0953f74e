#include "function/runtime_search.h"

#include <pwd.h>
#include <re2/re2.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "function/child.h"

namespace wick::function {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kAnswerTimeout{5};

struct Candidate {
  RuntimeKind kind = RuntimeKind::node;
  std::string root;
  std::string program;  // under root/bin
};

// Newest first, as version numbers sort.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;  // a folder that is not there or not ours to read holds nothing
  for (fs::directory_iterator at(folder, ignored), end; at != end; at.increment(ignored)) names.push_back(at->path().filename());
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return strverscmp(a.c_str(), b.c_str()) > 0; });
  return names;
}

void add_candidate(std::vector<Candidate>& found, RuntimeKind kind, const std::string& root, const std::string& program) {
  std::error_code failed;
  const fs::path real = fs::canonical(fs::path(root) / "bin" / program, failed);
  if (failed) return;
  const fs::path real_root = fs::canonical(root, failed);
  const fs::path home = is_beneath(real, real_root) ? real_root : real.parent_path().parent_path();
  if (home == "/" || !fs::exists(home / "bin" / program, failed) || fs::exists(home / "pyvenv.cfg", failed)) return;
  found.push_back({kind, home, program});
}

std::vector<Candidate> candidates_in(const std::string& root) {
  static const RE2 python(R"(python3\.\d{1,3})");
  std::vector<Candidate> found;
  for (const auto& name : names_in(fs::path(root) / "bin")) {
    if (name == "node") add_candidate(found, RuntimeKind::node, root, name);
    if (RE2::FullMatch(name, python)) add_candidate(found, RuntimeKind::python, root, name);
  }
  return found;
}

std::optional<Runtime> runtime_from(const Candidate& candidate, const std::string& answer) {
  static const RE2 node_answer(R"(v((\d{1,4})\.\d+\.\d+)\s*)");
  static const RE2 python_answer(R"(Python ((3\.(\d{1,3}))\.\S+)\s*)");
  Runtime runtime{{}, candidate.kind, candidate.root, {}};
  int number = 0;
  if (candidate.kind == RuntimeKind::node) {
    if (!RE2::FullMatch(answer, node_answer, &runtime.version, &number) || number < kNodeMajorMin) return std::nullopt;
    runtime.name = "nodejs" + std::to_string(number) + ".x";
  } else {
    std::string minor;
    if (!RE2::FullMatch(answer, python_answer, &runtime.version, &minor, &number) || number < kPythonMinorMin) return std::nullopt;
    runtime.name = "python" + minor;
    if (runtime.name != candidate.program) return std::nullopt;
  }
  return runtime;
}

void add_pyenv(std::vector<std::string>& roots, const fs::path& pyenv) {
  for (const auto& name : names_in(pyenv / "versions")) roots.push_back(pyenv / "versions" / name);
}

std::string home_of(const passwd* user) { return user == nullptr ? std::string() : user->pw_dir; }

}  // namespace

bool is_beneath(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

std::vector<std::string> machine_roots() {
  std::vector<std::string> roots = {"/usr", "/usr/local"};
  for (const auto& name : names_in("/opt")) roots.push_back("/opt/" + name);
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const auto pyenv = variable("PYENV_ROOT"); !pyenv.empty()) add_pyenv(roots, pyenv);
  for (const auto& home : {variable("HOME"), home_of(getpwuid(geteuid())), home_of(getpwnam(variable("SUDO_USER").c_str()))}) {
    if (!home.empty()) add_pyenv(roots, home + "/.pyenv");
  }
  std::vector<std::string> once;
  for (auto& root : roots) {
    if (std::find(once.begin(), once.end(), root) == once.end()) once.push_back(std::move(root));
  }
  return once;
}

std::vector<Runtime> look_for_runtimes(const std::vector<std::string>& roots, const fs::path& except) {
  std::vector<std::pair<Candidate, Child>> asked;
  for (const auto& root : roots) {
    for (auto& candidate : candidates_in(root)) {
      if (is_beneath(candidate.root, except)) continue;
      auto child = Child::start({candidate.root + "/bin/" + candidate.program, "--version"}, {"PATH=/usr/bin:/bin", "LANG=C.UTF-8"});
      if (child) asked.emplace_back(std::move(candidate), std::move(*child));
    }
  }
  std::vector<Runtime> found;
  for (auto& [candidate, child] : asked) {
    const auto exit = child.wait(kAnswerTimeout);
    if (!exit || exit->status != 0) continue;
    if (auto runtime = runtime_from(candidate, exit->output)) found.push_back(std::move(*runtime));
  }
  return found;
}

}  // namespace wick::function
