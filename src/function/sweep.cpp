#include "function/sweep.h"

#include <set>
#include <string>

namespace wick::function {
namespace {

constexpr std::size_t kPage = 1000;

struct Named {
  std::set<blob::BlobId> blobs;
  std::set<std::string> packages;
  std::set<std::string> layers;
};

void add(Named& named, const Version& version) {
  named.blobs.insert(version.code);
  for (const LayerReference& layer : version.layers) named.blobs.insert(layer.code);
  Prepared folders = folders_of(version);
  named.packages.insert(std::move(folders.package));
  named.layers.insert(std::move(folders.layers));
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

Result<Swept> sweep(Registry& registry, blob::Store& blobs, Packages& packages, std::chrono::seconds unnamed_max) {
  WICK_TRY(const Named named, find_named(registry));
  Swept swept;
  WICK_TRY(swept.folders, packages.sweep(named.packages, named.layers));
  WICK_TRY(swept.blobs, blobs.sweep(named.blobs, unnamed_max));
  return swept;
}

}  // namespace wick::function
