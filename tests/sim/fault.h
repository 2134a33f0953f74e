#pragma once
// What can be made wrong on purpose, at the engine's edges: the ledger must find each, or it proves nothing.
#include <array>
#include <string_view>

namespace wick::sim {

enum class Fault {
  none,
  account_high,    // the engine has an account limit of one more
  account_low,     // ... of one less
  reserved_high,   // reserved concurrency of one more
  idle_long,       // idle instances stay twice as long
  timeout_long,    // functions may run two seconds longer
  no_shedding,     // the engine never hears that memory is short
  no_retire,       // ... nor that a generation is over
  lost_record,     // one usage record of thirty is lost
  double_record,   // ... comes twice
  crossed_answer,  // one runtime's answer of a hundred is that of another call
  deaf_machine,    // one kill of twenty is not heard
  places_high,     // the instances of custom runtimes may run one call more, and do
  lost_place,      // one of twenty of their requests for a call is lost
};

inline constexpr std::array<std::string_view, 14> kFaultNames{"none",           "account_high", "account_low", "reserved_high", "idle_long",
                                                              "timeout_long",   "no_shedding",  "no_retire",   "lost_record",   "double_record",
                                                              "crossed_answer", "deaf_machine", "places_high", "lost_place"};

}  // namespace wick::sim
