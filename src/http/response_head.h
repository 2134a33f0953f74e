#pragma once
// A response's status line and header fields as they go on the wire.
#include <string>

#include "http/message.h"

namespace wick::http {

enum class Coding { length, chunked, until_close };

struct ResponseFraming {
  Coding coding = Coding::length;
  bool keep_alive = true;
  bool head_request = false;
  int minor_version = 1;  // of the request
};

// Appends to out. Fields that are the server's to set, and fields that would break the framing (a line end inside), are left out.
void append_response_head(std::string& out, const Response& response, ResponseFraming framing);

// 1xx, 204 and 304 have no body, whatever the handler says.
bool may_have_body(unsigned status);

}  // namespace wick::http
