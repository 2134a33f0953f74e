#pragma once
// How Wick's own API answers: JSON, and errors as {"code","message"} with the status that fits the code.
#include <boost/json/value.hpp>

#include "base/result.h"
#include "http/message.h"

namespace wick::api::own {

http::Response json_reply(const boost::json::value& body);
http::Response json_reply(const Error& error);

}  // namespace wick::api::own
