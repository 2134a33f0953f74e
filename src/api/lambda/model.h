#pragma once
// The Lambda API's table (lambda.json, built into the program), parsed once at first use. Any thread.
#include "http/aws/service_model.h"

namespace wick::api::lambda {

const http::aws::ServiceModel& lambda_model();

}  // namespace wick::api::lambda
