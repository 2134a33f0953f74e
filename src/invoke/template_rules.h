#pragma once
// Which templates a version's instances may be forked from, as far as its configuration tells without trying.
#include <string>

#include "function/version.h"

namespace wick::invoke {

// Why the version cannot have a template of its own, for its owner; empty if it may.
std::string why_no_template(const function::Version& version);

// Whether it may be forked from its runtime's bare template, which has none of its variables when it starts.
bool can_use_bare_template(const function::Version& version);

// AWS: published versions of a function with SnapStart.
bool has_snap_start(const function::Version& version);

}  // namespace wick::invoke
