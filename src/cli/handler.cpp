#include "cli/handler.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <regex>
#include <vector>

#include <fmt/core.h>
#include <boost/json.hpp>

namespace wick::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array kExtensions{".py", ".mjs", ".js", ".cjs"};

// src/app.js -> src/app
std::string without_extension(const std::string& path) { return fs::path(path).replace_extension().string(); }

Handler handler_in(const std::string& path, const std::string& text) {
  const Kind kind = *kind_of(path);
  return Handler{kind, fmt::format("{}.{}", without_extension(path), exported_handler(kind, text))};
}

// The file that package.json names as the package's own, as `require` of the package would find it.
std::optional<Handler> find_main(const Files& files) {
  const auto description = files.find("package.json");
  if (description == files.end()) return std::nullopt;
  boost::system::error_code broken;
  const boost::json::value value = boost::json::parse(description->second, broken);
  const boost::json::value* main = !broken && value.is_object() ? value.as_object().if_contains("main") : nullptr;
  if (main == nullptr || !main->is_string()) return std::nullopt;
  const std::string path = fs::path(std::string(main->as_string())).lexically_normal().string();
  for (const char* rest : {"", ".js", "/index.js"}) {
    const auto found = files.find(path + rest);
    if (found != files.end() && kind_of(found->first) == Kind::node) return handler_in(found->first, found->second);
  }
  return std::nullopt;
}

std::optional<Handler> find_at_top(const Files& files) {
  // The names that people and generators give to the file with the handler, most telling first.
  for (const char* name : {"lambda_function.py", "index.mjs", "index.js", "index.cjs", "handler.py", "handler.mjs", "handler.js", "main.py", "app.py",
                           "index.py", "app.mjs", "app.js", "main.mjs", "main.js", "function.py", "function.js"}) {
    if (const auto found = files.find(name); found != files.end()) return handler_in(found->first, found->second);
  }
  std::vector<Files::const_iterator> sources;
  for (auto file = files.begin(); file != files.end(); ++file) {
    if (file->first.find('/') == std::string::npos && kind_of(file->first)) sources.push_back(file);
  }
  if (sources.size() != 1) return std::nullopt;
  return handler_in(sources[0]->first, sources[0]->second);
}

Files::const_iterator file_of(const Files& files, const std::string& handler) {
  const std::size_t dot = handler.rfind('.');
  if (dot == std::string::npos) return handler == "bootstrap" ? files.find(handler) : files.end();
  for (const char* extension : kExtensions) {
    if (const auto file = files.find(handler.substr(0, dot) + extension); file != files.end()) return file;
  }
  return files.end();
}

}  // namespace

std::optional<Kind> kind_of(const std::string& path) {
  const std::string extension = fs::path(path).extension();
  if (std::ranges::find(kExtensions, extension) == kExtensions.end()) return std::nullopt;
  return extension == ".py" ? Kind::python : Kind::node;
}

bool is_source(const std::string& path) { return path == "package.json" || (kind_of(path) && path.find("node_modules/") == std::string::npos); }

std::optional<Handler> find_handler(const Files& files) {
  if (files.contains("bootstrap")) return Handler{Kind::executable, "bootstrap"};
  if (auto main = find_main(files)) return main;
  return find_at_top(files);
}

std::string exported_handler(Kind kind, const std::string& source) {
  static const std::regex python(R"(^(?:async\s+)?def\s+(\w+)\s*\()", std::regex::multiline);
  static const std::regex node(
      R"((?:^|\n|;)\s*(?:export\s+(?:async\s+)?(?:function\*?|const|let|var)\s+(\w+)|(?:module\.)?exports\.(\w+)\s*=|export\s+default\b))");
  std::vector<std::string> names;
  const std::regex& pattern = kind == Kind::python ? python : node;
  for (std::sregex_iterator match(source.begin(), source.end(), pattern), end; match != end; ++match) {
    std::string name = (*match)[1].matched ? (*match)[1].str() : (*match)[2].matched ? (*match)[2].str() : "default";
    if (!name.starts_with('_')) names.push_back(std::move(name));
  }
  for (const char* usual : {"handler", "lambda_handler", "main"}) {
    if (std::ranges::find(names, usual) != names.end()) return usual;
  }
  return names.size() == 1 ? names[0] : "handler";
}

std::optional<Kind> kind_of_handler(const Files& files, const std::string& handler) {
  const auto file = file_of(files, handler);
  if (file == files.end()) return std::nullopt;
  return kind_of(file->first).value_or(Kind::executable);
}

bool has_handler(const Files& files, const std::string& handler) {
  const auto file = file_of(files, handler);
  return file != files.end() && (file->second.empty() || file->second.find(handler.substr(handler.rfind('.') + 1)) != std::string::npos);
}

}  // namespace wick::cli
