// Registry: layers.
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "function/registry_impl.h"

namespace wick::function {
namespace {

constexpr std::string_view kStaleLayer =
    "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id";

Result<std::optional<LayerVersion>> read(kv::Reader& reader, const std::string& name, std::uint64_t number) {
  WICK_TRY(const auto record, reader.get(keys::layer_version(name, number)));
  if (!record) return std::nullopt;
  WICK_TRY(auto layer, parse_layer(*record));
  return layer;
}

}  // namespace

Result<LayerVersion> Registry::publish_layer(LayerVersion layer) {
  layer.created = impl_->now();
  WICK_CHECK(impl_->store.transact([&](kv::Transaction& tx) -> Result<> {
    const auto counter = keys::layer_counter(layer.layer);
    WICK_TRY(const auto counted, tx.get(counter));
    layer.number = counted ? to_number(*counted) + 1 : 1;
    tx.put(counter, std::to_string(layer.number));
    tx.put(keys::layer_version(layer.layer, layer.number), to_record(layer));
    return {};
  }));
  return layer;
}

Result<LayerVersion> Registry::layer(const std::string& name, std::uint64_t number) {
  WICK_TRY(auto found, read(impl_->store, name, number));
  if (!found) return fail(Errc::not_found, "The resource you requested does not exist.");
  return std::move(*found);
}

// Functions that use it keep it: they hold its content, not its record.
Result<> Registry::remove_layer(const std::string& name, std::uint64_t number) {
  return impl_->store.transact([&](kv::Transaction& tx) -> Result<> {
    tx.erase(keys::layer_version(name, number));
    return {};
  });
}

namespace {

constexpr auto kNewestFirst = [](const LayerVersion& a, const LayerVersion& b) { return a.number > b.number; };

Result<std::vector<LayerVersion>> versions_of(kv::Reader& reader, const std::string& name, const std::function<bool(const LayerVersion&)>& keep) {
  std::vector<LayerVersion> out;
  WICK_CHECK(scan_all(reader, kv::prefix_range(keys::layer(name)), [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(auto layer, parse_layer(entry.value));
    if (keep(layer)) out.push_back(std::move(layer));
    return {};
  }));
  std::ranges::sort(out, kNewestFirst);
  return out;
}

// The items from the marker on; it is the number or name of the last one of the page before.
template <class After>
Page<LayerVersion> cut(std::vector<LayerVersion> all, std::size_t limit, After marker_of) {
  Page<LayerVersion> page;
  if (all.size() > limit) {
    all.resize(limit);
    if (!all.empty()) page.next_marker = to_base64(marker_of(all.back()));
  }
  page.items = std::move(all);
  return page;
}

}  // namespace

Result<Page<LayerVersion>> Registry::list_layer_versions(const std::string& name, const std::function<bool(const LayerVersion&)>& keep,
                                                         const std::string& marker, std::size_t limit) {
  WICK_TRY(auto all, versions_of(impl_->store, name, keep));
  if (!marker.empty()) {
    const auto last = from_base64(marker);
    if (!last || to_number(*last) == 0) return fail(Errc::invalid_argument, std::string(kBadMarker));
    std::erase_if(all, [&](const LayerVersion& layer) { return layer.number >= to_number(*last); });
  }
  return cut(std::move(all), limit, [](const LayerVersion& layer) { return std::to_string(layer.number); });
}

Result<Page<LayerVersion>> Registry::list_layers(const std::function<bool(const LayerVersion&)>& keep, const std::string& marker, std::size_t limit) {
  auto range = kv::prefix_range(keys::layers());
  if (!marker.empty()) {
    const auto last = from_base64(marker);
    if (!last) return fail(Errc::invalid_argument, std::string(kBadMarker));
    range.begin = kv::prefix_range(keys::layer(*last)).end;
  }
  std::vector<LayerVersion> newest;  // entries come by name, then by rising number
  WICK_CHECK(scan_all(impl_->store, range, [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(auto layer, parse_layer(entry.value));
    if (!keep(layer)) return {};
    if (!newest.empty() && newest.back().layer == layer.layer) newest.pop_back();
    newest.push_back(std::move(layer));
    return {};
  }));
  return cut(std::move(newest), limit, [](const LayerVersion& layer) { return layer.layer; });
}

Result<> Registry::visit_layers(const std::function<void(const LayerVersion&)>& visit) {
  return scan_all(impl_->store, kv::prefix_range(keys::layers()), [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(const auto layer, parse_layer(entry.value));
    visit(layer);
    return {};
  });
}

namespace {

Result<Policy> change_policy(Registry& registry, kv::Store& store, const std::string& name, std::uint64_t number, const std::string& revision_id,
                             const std::function<Result<>(Policy&)>& body) {
  Policy out;
  WICK_CHECK(store.transact([&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(auto layer, read(tx, name, number));
    if (!layer) {
      return fail(Errc::not_found, fmt::format("Layer version {}:{} does not exist.", registry.layer_arn(name), number));
    }
    if (!revision_id.empty() && revision_id != layer->policy.revision_id) return fail(Errc::failed_precondition, std::string(kStaleLayer));
    WICK_CHECK(body(layer->policy));
    tx.put(keys::layer_version(name, number), to_record(*layer));
    out = layer->policy;
    return {};
  }));
  return out;
}

}  // namespace

Result<Policy> Registry::add_layer_permission(const std::string& name, std::uint64_t number, boost::json::object statement,
                                              const std::string& revision_id) {
  return change_policy(*this, impl_->store, name, number, revision_id,
                       [&](Policy& policy) { return add_statement(policy, statement, impl_->new_id()); });
}

Result<> Registry::remove_layer_permission(const std::string& name, std::uint64_t number, const std::string& sid, const std::string& revision_id) {
  WICK_CHECK(
      change_policy(*this, impl_->store, name, number, revision_id, [&](Policy& policy) { return remove_statement(policy, sid, impl_->new_id()); }));
  return {};
}

}  // namespace wick::function
