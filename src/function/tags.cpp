// Registry: tags of functions. They are part of the function's head, and a change of them gives $LATEST a new revision, as on AWS.
#include "function/registry_impl.h"

namespace wick::function {
Result<> Registry::tag(const FunctionName& name, const Tags& tags) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(auto head, impl_->head(tx, name));
    for (const auto& [key, value] : tags) head.tags[key] = value;
    if (head.tags.size() > kTagsMax) return fail(Errc::invalid_argument, std::string(kTooManyTags));
    head.latest.revision_id = impl_->new_id();
    impl_->put(tx, head);
    return {};
  });
}

Result<> Registry::untag(const FunctionName& name, const std::vector<std::string>& keys) {
  return impl_->change(name, [&](kv::Transaction& tx) -> Result<> {
    WICK_TRY(auto head, impl_->head(tx, name));
    for (const auto& key : keys) head.tags.erase(key);
    head.latest.revision_id = impl_->new_id();
    impl_->put(tx, head);
    return {};
  });
}

}  // namespace wick::function
