#pragma once
// The `wick` command, all of it but `serve` (daemon/): a client of the public APIs, nothing else.
//
// Output is for people on a terminal and JSON with --json; what a function returns goes to standard output alone, everything said
// about it to standard error. Exit codes are in exit_code.h.

namespace wick::cli {

int run(int argc, char** argv);

}  // namespace wick::cli
