#pragma once
// The response of a URL in RESPONSE_STREAM mode: it begins when the function begins to write.
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "api/lambda/stream_pipe.h"
#include "http/message.h"

namespace wick::api::function_url {

// Waits for the first output, or for the end of an invocation that gave none or does not stream.
boost::asio::awaitable<http::Response> streamed_reply(std::shared_ptr<lambda::StreamReader> output);
// What an invocation that has ended gives when nothing of it was streamed.
http::Response buffered_reply(const Result<invoke::Outcome>& outcome);

}  // namespace wick::api::function_url
