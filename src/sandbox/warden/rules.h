#pragma once
// What the warden lets itself be asked for. The daemon reads the network and may be in someone else's hands; these rules, and
// the folders opened at start, bound what it can then make the warden do.
#include "base/result.h"
#include "sandbox/warden/message.h"

namespace wick::sandbox::warden {

inline constexpr std::uint64_t kMiB = 1024 * 1024;

bool is_instance_id(std::string_view text);   // 32 lower-case hexadecimal digits
bool is_content_name(std::string_view text);  // 64 of them: a folder of DATA/packages or DATA/layers
bool is_runtime_name(std::string_view text);  // nodejs20.x, python3.11, provided.al2, provided.al2023

// Ranges: memory 32-10240 MiB, cpu 10-6000 thousandths of a core, 8-1024 processes and threads, /tmp 1-10240 MiB; environment
// entries K=V with K not empty. Error: invalid_argument, which says what is wrong.
Result<> check(const Boot& boot);

}  // namespace wick::sandbox::warden
