#pragma once
// What the warden lets itself be asked for. The daemon reads the network and may be in someone else's hands; these rules, and
// the folders opened at start, bound what it can then make the warden do.
#include "base/result.h"
#include "sandbox/warden/message.h"

namespace wick::sandbox::warden {

inline constexpr std::uint64_t kMiB = 1024 * 1024;
inline constexpr std::size_t kForkEnvironmentMax = 8192;  // bytes, with a zero byte after each entry: what wick_fork.h takes
inline constexpr std::size_t kShareNameMax = 128;         // bytes

bool is_instance_id(std::string_view text);   // 32 lower-case hexadecimal digits
bool is_content_name(std::string_view text);  // 64 of them: a folder of DATA/packages or DATA/layers
bool is_runtime_name(std::string_view text);  // nodejs20.x, python3.11, provided.al2, provided.al2023

// Ranges: memory 32-10240 MiB, cpu 10-6000 thousandths of a core, 8-1024 processes and threads, /tmp 1-10240 MiB; environment
// entries K=V with K not empty. A template may be without a package. Error: invalid_argument, which says what is wrong.
Result<> check(const Boot& boot);
// The same; 1-8192 bytes of environment. Whether its origin is a template is for whoever knows them.
Result<> check(const Fork& fork);

}  // namespace wick::sandbox::warden
