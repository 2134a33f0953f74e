#pragma once
// A service table in memory: shapes, members and operations, resolved to pointers. Built once by parse_table; read-only after.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/aws/pattern.h"

namespace wick::http::aws {

enum class Type { structure, list, map, string, integer, long_integer, boolean, floating, blob, timestamp };
enum class Place { body, uri, query, header, payload, status };

struct Shape;

struct Member {
  std::string name;       // FunctionName: the member's name in input and output objects
  std::string wire_name;  // its label, parameter, header or JSON name
  std::string path_name;  // functionName: as validation errors spell it
  const Shape* shape = nullptr;
  Place place = Place::body;
  bool required = false;
};

struct Shape {
  std::string name;
  Type type = Type::structure;
  std::vector<Member> members;     // structure: in the order in which errors are reported
  const Shape* key = nullptr;      // map
  const Shape* element = nullptr;  // list member, map value
  std::optional<double> min, max;  // value of a number; length of a string, list or blob
  std::string pattern_text;        // as AWS words it
  std::optional<Pattern> pattern;
  std::vector<std::string> values;  // enum, in the order in which AWS lists it; of a list: what each element must be
  std::vector<std::string> also;    // values that are taken too, though errors do not name them
  bool sensitive = false;           // never quoted in an error
  bool sparse = false;              // list: null elements are allowed

  // "[Member must have length less than or equal to 1024, ...]": this shape's constraints as the element or the key of another.
  std::string element_rule;
  std::string key_rule;
};

struct Operation {
  std::string name;
  std::string called;  // in the message about its size; most often its name
  std::string method;
  std::string uri;
  unsigned status = 200;
  std::optional<std::uint64_t> max_bytes;  // of the request's body
  const Shape* input = nullptr;            // null: nothing to read, or nothing to say
  const Shape* output = nullptr;
};

struct ErrorBody {
  bool type = false;  // carries "Type"
  std::string message_name = "message";
};

struct Table {
  std::map<std::string, std::unique_ptr<Shape>, std::less<>> shapes;
  std::vector<std::unique_ptr<Operation>> operations;
  std::map<std::string, ErrorBody, std::less<>> errors;
};

// Errors: invalid_argument, naming the shape or operation that is wrong.
Result<Table> parse_table(std::string_view json);

}  // namespace wick::http::aws
