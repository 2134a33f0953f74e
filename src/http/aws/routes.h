#pragma once
// Which operation a method and a target mean. Built once from the table's URIs: /functions/{Name}/aliases?find=x, {Name+} greedy.
//
// A path matches with and without one trailing slash (SDKs of different years send either). Among several matches the one with
// more fixed query parameters wins, then the one with more literal segments. Immutable; any thread.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/aws/service_model.h"
#include "http/aws/shape.h"

namespace wick::http::aws {

class Routes {
 public:
  explicit Routes(const std::vector<std::unique_ptr<Operation>>& operations);
  std::optional<Match> match(const Request& request) const;

 private:
  struct Segment {
    enum class Kind { literal, label, greedy } kind = Kind::literal;
    std::string text;  // the literal, or the label's name
  };
  struct Route {
    const Operation* operation = nullptr;
    std::vector<Segment> segments;
    std::vector<std::pair<std::string, std::string>> query;  // fixed parameters it needs
    std::size_t literals = 0;
  };
  static Route compile(const Operation& operation);
  static bool fits(const Route& route, const std::vector<std::string_view>& path);

  std::map<std::string, std::vector<Route>, std::less<>> by_method_;
};

}  // namespace wick::http::aws
