#include "cli/package.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>

#include <fmt/core.h>

#include "cli/zip.h"

namespace wick::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kZipMax = 52'428'800;  // bytes; AWS, "Lambda quotas"
constexpr std::uint64_t kSourceMax = 1024 * 1024;

Result<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail_errno("read", path.string());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// [a-zA-Z0-9-_], as a function's name must be.
std::string fit_name(std::string name) {
  std::ranges::replace_if(name, [](char c) { return !isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_'; }, '-');
  return name.substr(0, 64);
}

bool is_python(const fs::path& path) { return path.extension() == ".py"; }
bool is_node(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".mjs" || extension == ".js" || extension == ".cjs" || extension == ".ts" || extension == ".mts";
}

// Tops: the names at a package's top level, each with its text if it is small.
using Tops = std::map<std::string, std::string>;

struct Found {
  Kind kind;
  std::string handler;
};

std::optional<Found> find_source(const Tops& tops) {
  // The names that people and generators give to the file with the handler, most telling first.
  for (const char* name : {"lambda_function.py", "index.mjs", "index.js", "index.cjs", "handler.py", "handler.mjs", "handler.js", "main.py", "app.py",
                           "index.py", "app.mjs", "app.js", "main.mjs", "main.js", "function.py", "function.js"}) {
    const auto found = tops.find(name);
    if (found == tops.end()) continue;
    const Kind kind = is_python(name) ? Kind::python : Kind::node;
    return Found{kind, fs::path(name).stem().string() + "." + exported_handler(kind, found->second)};
  }
  // Or the only source file there is.
  std::vector<std::string> sources;
  for (const auto& [name, text] : tops) {
    if (is_python(name) || is_node(name)) sources.push_back(name);
  }
  if (sources.size() != 1) return std::nullopt;
  const Kind kind = is_python(sources[0]) ? Kind::python : Kind::node;
  return Found{kind, fs::path(sources[0]).stem().string() + "." + exported_handler(kind, tops.at(sources[0]))};
}

Result<Found> find_handler(const Tops& tops, const std::string& path) {
  if (tops.contains("bootstrap")) return Found{Kind::executable, "bootstrap"};
  if (auto found = find_source(tops)) return *found;
  return fail(Errc::invalid_argument,
              fmt::format("cannot tell what in {} to run: there is no bootstrap, index.mjs, index.js, handler.py, lambda_function.py, main.py or app.py, "
                          "and not exactly one source file. Name it with --handler FILE.FUNCTION and --runtime", path));
}

Result<Package> package_file(const fs::path& path) {
  WICK_TRY(std::string text, read_file(path));
  Package package;
  package.name = fit_name(path.stem().string());
  ZipWriter zip;
  if (is_python(path) || is_node(path)) {
    package.kind = is_python(path) ? Kind::python : Kind::node;
    package.handler = path.stem().string() + "." + exported_handler(package.kind, text);
    WICK_CHECK(zip.add_file(path.filename().string(), text, 0644));
  } else if (access(path.c_str(), X_OK) == 0) {
    package.kind = Kind::executable;
    package.handler = "bootstrap";
    WICK_CHECK(zip.add_file("bootstrap", text, 0755));
  } else {
    return fail(Errc::invalid_argument,
                fmt::format("{} is not something to run: give a .py, .mjs, .js or .cjs file, a folder, a .zip, or an executable (chmod +x it)", path.string()));
  }
  WICK_TRY(package.zip, zip.finish());
  return package;
}

Result<void> add_entry(ZipWriter& zip, const fs::directory_entry& entry, const std::string& name, Tops& tops) {
  std::error_code error;
  if (entry.is_symlink(error)) return zip.add_link(name, fs::read_symlink(entry.path(), error).string());
  if (entry.is_directory(error)) return zip.add_folder(name);
  if (!entry.is_regular_file(error)) return {};
  WICK_TRY(const std::string text, read_file(entry.path()));
  if (name.find('/') == std::string::npos) tops[name] = text.size() <= kSourceMax ? text : "";
  return zip.add_file(name, text, access(entry.path().c_str(), X_OK) == 0 ? 0755 : 0644);
}

Result<Package> package_folder(const fs::path& path) {
  std::vector<fs::directory_entry> entries;
  std::error_code error;
  fs::recursive_directory_iterator walk(path, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    const auto name = walk->path().filename();
    if (name == ".git" || name == "__pycache__") {
      walk.disable_recursion_pending();
      continue;
    }
    entries.push_back(*walk);
  }
  if (error) return fail(Errc::io, fmt::format("read folder {}: {}", path.string(), error.message()));
  std::ranges::sort(entries, {}, [](const fs::directory_entry& entry) { return entry.path(); });

  Package package;
  package.name = fit_name(fs::absolute(path).lexically_normal().filename().string());
  if (package.name.empty()) package.name = fit_name(fs::absolute(path).lexically_normal().parent_path().filename().string());
  ZipWriter zip;
  Tops tops;
  for (const auto& entry : entries) WICK_CHECK(add_entry(zip, entry, entry.path().lexically_relative(path).string(), tops));
  WICK_TRY(package.zip, zip.finish());
  auto found = find_handler(tops, path.string());
  if (found) std::tie(package.kind, package.handler) = std::tie(found->kind, found->handler);
  else if (tops.empty()) return std::unexpected(std::move(found).error());
  return package;
}

Result<Package> package_zip(const fs::path& path) {
  Package package;
  package.name = fit_name(path.stem().string());
  WICK_TRY(package.zip, read_file(path));
  Tops tops;
  WICK_CHECK(for_each_zip_file(package.zip, kSourceMax, [&](const std::string& name, std::string text) {
    if (name.find('/') == std::string::npos) tops[name] = std::move(text);
  }));
  if (auto found = find_handler(tops, path.string())) std::tie(package.kind, package.handler) = std::tie(found->kind, found->handler);
  return package;
}

}  // namespace

std::string exported_handler(Kind kind, const std::string& source) {
  static const std::regex python(R"(^(?:async\s+)?def\s+(\w+)\s*\()", std::regex::multiline);
  static const std::regex node(R"((?:^|\n|;)\s*(?:export\s+(?:async\s+)?(?:function\*?|const|let|var)\s+(\w+)|(?:module\.)?exports\.(\w+)\s*=|export\s+default\b))");
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

Result<Package> make_package(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) return fail(Errc::not_found, fmt::format("there is no {}", path));
  Result<Package> package = fs::is_directory(status)               ? package_folder(path)
                            : fs::path(path).extension() == ".zip" ? package_zip(path)
                                                                   : package_file(path);
  if (package && package->zip.size() > kZipMax)
    return fail(Errc::too_large, fmt::format("the package is {} bytes zipped, over the {} of a direct upload; put large dependencies into a layer",
                                             package->zip.size(), kZipMax));
  return package;
}

}  // namespace wick::cli
