#include "api/lambda/model.h"

#include <memory>
#include <stdexcept>
#include <string_view>

namespace wick::api::lambda {
namespace {

constexpr char table[] = {
#embed "lambda.json"
};

}  // namespace

const http::aws::ServiceModel& lambda_model() {
  static const std::unique_ptr<const http::aws::ServiceModel> model = [] {
    auto parsed = http::aws::ServiceModel::parse(std::string_view(table, sizeof table));
    if (!parsed) throw std::logic_error(parsed.error().message);
    return std::move(*parsed);
  }();
  return *model;
}

}  // namespace wick::api::lambda
