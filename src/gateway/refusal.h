#pragma once
// The errors that the front door itself answers with, in the form of the service that was asked.
#include <string>

#include "gateway/route.h"
#include "http/message.h"

namespace wick::gateway {

struct Refusal {
  unsigned status = 403;
  std::string code;  // an AWS error name: MissingAuthenticationTokenException
  std::string message;
};

// Lambda: x-amzn-errortype and {"Type","message"}; function URLs: {"Message"}; Wick's own API: {"code","message"}.
http::Response to_response(Service service, const Refusal& refusal);

}  // namespace wick::gateway
