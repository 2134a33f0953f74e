// Registry: from pending to active.
#include <utility>

#include "function/registry_impl.h"
#include "function/version_record.h"

namespace wick::function {
namespace {

void settle(Version& version, const Result<>& prepared) {
  if (version.state == State::pending) {
    version.state = prepared ? State::active : State::failed;
    version.state_reason = prepared ? "" : prepared.error().message;
    version.update_status = prepared ? UpdateStatus::successful : UpdateStatus::none;
  } else {
    version.update_status = prepared ? UpdateStatus::successful : UpdateStatus::failed;
  }
  version.update_reason = prepared || version.update_status == UpdateStatus::none ? "" : prepared.error().message;
}

}  // namespace

Result<std::vector<VersionPtr>> Registry::pending() {
  std::vector<VersionPtr> out;
  WICK_CHECK(scan_all(impl_->store, kv::prefix_range(keys::all(keys::kPending)), [&](const kv::Entry& entry) -> Result<> {
    kv::KeyReader key(entry.key);
    WICK_CHECK(key.text());
    WICK_CHECK(key.text());
    WICK_TRY(auto name, key.text());
    WICK_TRY(const auto version, key.text());
    auto found = impl_->version(impl_->store, FunctionName(std::move(name)), version);
    if (found) out.push_back(std::make_shared<const Version>(std::move(*found)));
    return {};
  }));
  return out;
}

Result<> Registry::activated(const Version& version, const Result<>& prepared) {
  const auto& name = version.name;
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    const auto mark = keys::record(keys::kPending, name, version.version);
    WICK_TRY(const auto generation, tx.get(mark));
    if (!generation || *generation != version.generation) return {};  // deleted, or changed again
    tx.erase(mark);
    if (version.version == kLatest) {
      WICK_TRY(auto head, impl_->head(tx, name));
      settle(head.latest, prepared);
      head.latest.revision_id = impl_->new_id();
      impl_->put(tx, head);
      return {};
    }
    WICK_TRY(auto published, impl_->version(tx, name, version.version));
    settle(published, prepared);
    published.revision_id = impl_->new_id();
    impl_->put(tx, published);
    return {};
  });
}

Result<std::vector<std::string>> Registry::generations(const FunctionName& name) {
  std::vector<std::string> out;
  const auto found = head(name);
  if (!found) return found.error().code == Errc::not_found ? Result<std::vector<std::string>>(std::move(out)) : std::unexpected(found.error());
  out.push_back(found->latest.generation);
  WICK_CHECK(scan_all(impl_->store, kv::prefix_range(keys::of_function(keys::kVersion, name)), [&](const kv::Entry& entry) -> Result<> {
    WICK_TRY(auto version, parse_version(entry.value));
    out.push_back(std::move(version.generation));
    return {};
  }));
  return out;
}

}  // namespace wick::function
