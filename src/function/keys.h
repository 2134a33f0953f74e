#pragma once
// Where each kind of record of this part lives in kv/. All records of one function lie below a few prefixes that hold its name, so
// that deleting a function can remove every one of them in one transaction.
#include <cstdint>
#include <string>
#include <string_view>

#include "function/version.h"
#include "kv/key.h"

namespace wick::function::keys {

inline constexpr std::string_view kRoot = "function";

inline std::string heads() { return kv::make_key(kRoot, "head"); }
inline std::string head(const FunctionName& name) { return kv::make_key(kRoot, "head", name.str()); }

// Kinds of records of one function, each below (kind, name).
inline constexpr std::string_view kVersion = "version";           // number
inline constexpr std::string_view kAlias = "alias";               // alias name
inline constexpr std::string_view kPolicy = "policy";             // qualifier, empty for the function itself
inline constexpr std::string_view kUrl = "url";                   // qualifier, empty for $LATEST
inline constexpr std::string_view kEventInvoke = "event-invoke";  // qualifier, $LATEST for the function itself
inline constexpr std::string_view kProvisioned = "provisioned";   // version number or alias
inline constexpr std::string_view kPending = "pending";           // version or $LATEST whose package is to be prepared
inline constexpr std::string_view kKinds[] = {kVersion, kAlias, kPolicy, kUrl, kEventInvoke, kProvisioned, kPending};

inline std::string all(std::string_view kind) { return kv::make_key(kRoot, kind); }
inline std::string of_function(std::string_view kind, const FunctionName& name) { return kv::make_key(kRoot, kind, name.str()); }
inline std::string record(std::string_view kind, const FunctionName& name, std::string_view qualifier) {
  return kv::make_key(kRoot, kind, name.str(), qualifier);
}
inline std::string version(const FunctionName& name, std::uint64_t number) { return kv::make_key(kRoot, kVersion, name.str(), number); }

// Outlives its function: a version number is never used twice, not even after the function was deleted and made again.
inline std::string version_counter(const FunctionName& name) { return kv::make_key(kRoot, "version-counter", name.str()); }

inline std::string url_id(std::string_view id) { return kv::make_key(kRoot, "url-id", id); }

inline std::string layers() { return kv::make_key(kRoot, "layer"); }
inline std::string layer(std::string_view name) { return kv::make_key(kRoot, "layer", name); }
inline std::string layer_version(std::string_view name, std::uint64_t number) { return kv::make_key(kRoot, "layer", name, number); }
inline std::string layer_counter(std::string_view name) { return kv::make_key(kRoot, "layer-counter", name); }

}  // namespace wick::function::keys
