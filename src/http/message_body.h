#pragma once
// The two ends of a body that comes or goes in pieces over a Connection.
#include "http/connection.h"

namespace wick::http {

class StreamedBody final : public BodyReader {
 public:
  StreamedBody(Connection& connection, RequestParser& parser, Millis read_timeout)
      : connection_(connection), parser_(parser), read_timeout_(read_timeout) {}

  boost::asio::awaitable<Result<std::string>> read() override;
  const Fields& trailers() const override { return parser_.trailers(); }
  void close() override { connection_.close(); }
  bool peer_is_gone() override { return connection_.peer_is_gone(); }
  bool failed() const { return failed_.has_value(); }

 private:
  Connection& connection_;
  RequestParser& parser_;
  Millis read_timeout_;
  std::optional<Error> failed_;
};

class ChunkWriter final : public BodyWriter {
 public:
  ChunkWriter(Connection& connection, bool chunked, Millis write_timeout)
      : connection_(connection), chunked_(chunked), write_timeout_(write_timeout) {}

  boost::asio::awaitable<Result<>> write(std::string chunk) override;
  boost::asio::awaitable<Result<>> end();

 private:
  Connection& connection_;
  const bool chunked_;
  const Millis write_timeout_;
};

}  // namespace wick::http
