#include "http/aws/routes.h"

#include <algorithm>
#include <tuple>

#include "http/aws/utf8.h"

namespace wick::http::aws {
namespace {

constexpr std::size_t segments_max = 32;  // no URI of a table has as many; a greedy label ends there too

// "/a/b/" -> a, b. Empty segments stay, so that a label never matches nothing.
std::vector<std::string_view> split(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string_view> out;
  out.reserve(8);
  while (out.size() <= segments_max) {
    const std::size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return out;
}

}  // namespace

Routes::Routes(const std::vector<std::unique_ptr<Operation>>& operations) {
  for (const auto& operation : operations) by_method_[operation->method].push_back(compile(*operation));
  for (auto& [method, routes] : by_method_) {
    std::ranges::sort(routes,
                      [](const Route& a, const Route& b) { return std::tuple(a.query.size(), a.literals) > std::tuple(b.query.size(), b.literals); });
  }
}

Routes::Route Routes::compile(const Operation& operation) {
  const std::string_view uri = operation.uri;
  const std::size_t question = uri.find('?');
  Route route;
  route.operation = &operation;
  if (question != std::string_view::npos) route.query = parse_query(uri.substr(question + 1));
  for (std::string_view text : split(uri.substr(0, question))) {
    Segment segment;
    if (text.starts_with('{') && text.ends_with('}')) {
      text = text.substr(1, text.size() - 2);
      segment.kind = text.ends_with('+') ? Segment::Kind::greedy : Segment::Kind::label;
      if (text.ends_with('+')) text.remove_suffix(1);
    } else {
      ++route.literals;
    }
    segment.text = text;
    route.segments.push_back(std::move(segment));
  }
  return route;
}

bool Routes::fits(const Route& route, const std::vector<std::string_view>& path) {
  const bool greedy = !route.segments.empty() && route.segments.back().kind == Segment::Kind::greedy;
  if (greedy ? path.size() < route.segments.size() : path.size() != route.segments.size()) return false;
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    const Segment& segment = route.segments[i];
    if (segment.kind == Segment::Kind::literal ? segment.text != path[i] : path[i].empty()) return false;
  }
  return true;
}

std::optional<Match> Routes::match(const Request& request) const {
  const auto routes = by_method_.find(request.method);
  if (routes == by_method_.end() || request.path.empty()) return std::nullopt;
  const std::vector<std::string_view> path = split(request.path);
  if (path.size() > segments_max) return std::nullopt;
  std::optional<std::vector<std::pair<std::string, std::string>>> query;  // parsed when a route asks for it
  for (const Route& route : routes->second) {
    if (!fits(route, path)) continue;
    if (!route.query.empty()) {
      if (!query) query = parse_query(request.query);
      if (!std::ranges::all_of(route.query, [&](const auto& fixed) { return std::ranges::find(*query, fixed) != query->end(); })) continue;
    }
    Match found{.operation = route.operation, .labels = {}};
    for (std::size_t i = 0; i < route.segments.size(); ++i) {
      const Segment& segment = route.segments[i];
      if (segment.kind == Segment::Kind::literal) continue;
      const char* end = segment.kind == Segment::Kind::greedy ? path.back().end() : path[i].end();
      found.labels.emplace(segment.text, valid_utf8(percent_decode(std::string_view(path[i].begin(), end))));
    }
    return found;
  }
  return std::nullopt;
}

}  // namespace wick::http::aws
