#pragma once
// Whether new instances of a version are forks of a template of its own, for people and for SnapStart's OptimizationStatus. Plain data.
#include <string>

namespace wick::invoke {

struct TemplateInfo {
  enum class State {
    none,     // none yet: the first start of the version makes one
    making,   //
    ready,    //
    refused,  // there is none for this version; reason says why, for the function's owner
  };
  State state = State::none;
  std::string reason;
};

}  // namespace wick::invoke
