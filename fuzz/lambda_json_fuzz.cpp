// Any request against the Lambda table: routing, decoding and the wording of errors must neither crash nor hang, and every answer's
// body must be JSON. Any body as a payload: what is said of one that is not JSON is text that can stand in such an answer.
//
// The input is "METHOD\0target\0body"; what is missing is empty.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "api/lambda/model.h"
#include "api/lambda/payload_json.h"
#include "http/aws/utf8.h"

namespace {

std::string take(std::string_view& rest) {
  const std::size_t end = rest.find('\0');
  std::string piece(rest.substr(0, end));
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return piece;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  wick::http::Request request;
  request.method = take(rest);
  request.target = take(rest);
  const std::size_t question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  request.fields.add("X-Amz-Invocation-Type", request.query);
  request.body = std::string(rest);

  if (const auto why = wick::api::lambda::why_not_json(rest); why && wick::http::aws::valid_utf8(*why) != *why) std::abort();

  const auto& model = wick::api::lambda::lambda_model();
  const auto match = model.match(request);
  if (!match) return 0;
  if (const auto input = model.decode(*match, request)) {
    (void)model.encode(*match->operation, *input);
  } else {
    boost::system::error_code broken;
    boost::json::parse(model.encode_error(input.error(), "id").body, broken);
    if (broken) std::abort();
  }
  return 0;
}
