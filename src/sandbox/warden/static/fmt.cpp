// What the warden needs of fmt, compiled into it: Debian has that library as a shared one only.
#include <fmt/format-inl.h>

namespace fmt::inline v9::detail {
template auto locale_ref::get<std::locale>() const -> std::locale;
template auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl(locale_ref) -> char;
}  // namespace fmt::inline v9::detail
