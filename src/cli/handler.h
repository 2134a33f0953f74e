#pragma once
// Which function of a package to run: found out from the names and the text of its files, as AWS's handler string.
#include <map>
#include <optional>
#include <string>

namespace wick::cli {

enum class Kind { node, python, executable };

// The files of a package by their path in it. Text is there for sources and package.json, and empty for everything else.
using Files = std::map<std::string, std::string>;

// Whether a file's text belongs into Files.
bool is_source(const std::string& path);
std::optional<Kind> kind_of(const std::string& path);  // by its extension

struct Handler {
  Kind kind = Kind::python;
  std::string name;  // hello.handler, src/app.main; bootstrap for an executable
};

// A bootstrap, package.json's "main", a file with one of the usual names, or the only source file at the top; nullopt: none of these.
std::optional<Handler> find_handler(const Files& files);

// The function that a source text exports, as a handler's last part: handler, lambda_handler, main, or the only one there is.
std::string exported_handler(Kind kind, const std::string& source);

// Of the handler's file; nullopt if it is not in the package.
std::optional<Kind> kind_of_handler(const Files& files, const std::string& handler);
// Whether the handler's file is in the package and speaks of the function by name.
bool has_handler(const Files& files, const std::string& handler);

}  // namespace wick::cli
