#pragma once
// What a function behind a URL is called with: Lambda's payload format 2.0 (Lambda Developer Guide, "Invoking Lambda function URLs").
#include <string>

#include "base/clock.h"
#include "http/message.h"

namespace wick::api::function_url {

struct Origin {
  std::string url_id;
  std::string request_id;
  std::string trace_id;
  WallTime time;
  std::string account = {};
  std::string access_key = {};  // who signed the request, where the URL asks for that (AWS_IAM); empty where it does not
};

// The event as JSON. Text bodies stay text, as AWS decides by their content type; all others, and what is not UTF-8, come in base64.
std::string make_event(const http::Request& request, const Origin& origin);

}  // namespace wick::api::function_url
