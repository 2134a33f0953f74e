#include "function/sweep.h"

#include <chrono>
#include <set>
#include <string>

namespace wick::function {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::chrono::hours kUnnamedMax{1};

struct Named {
  std::set<blob::BlobId> blobs;
  std::set<std::string> packages;
  std::set<std::string> layers;
};

void add(Named& named, const Version& version) {
  named.blobs.insert(version.code);
  for (const LayerReference& layer : version.layers) named.blobs.insert(layer.code);
  named.packages.insert(package_folder(version));
  named.layers.insert(layers_folder(version));
}

// Layers first: a version that is given a layer keeps its content when the layer is removed meanwhile.
Result<Named> find_named(Registry& registry) {
  Named named;
  WICK_CHECK(registry.visit_layers([&](const LayerVersion& layer) { named.blobs.insert(layer.code); }));
  std::string marker;
  do {
    WICK_TRY(const auto page, registry.list(Which::all, marker, kPage));
    for (const VersionPtr& version : page.items) add(named, *version);
    marker = page.next_marker;
  } while (!marker.empty());
  return named;
}

}  // namespace

Result<Swept> sweep(Registry& registry, blob::Store& blobs, Packages& packages, std::stop_token stop) {
  const auto since = Clock::system().now() - kUnnamedMax;  // not later than the names are read
  WICK_TRY(const Named named, find_named(registry));
  Swept swept;
  WICK_TRY(swept.blobs, blobs.sweep(named.blobs, since, stop));
  WICK_TRY(swept.folders, packages.sweep(named.packages, named.layers, stop));
  return swept;
}

}  // namespace wick::function
