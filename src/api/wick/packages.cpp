// GET packages/SHA256.zip?token=T: a deployment package or a layer, by a link that works unsigned until it expires.
#include <algorithm>

#include "api/lambda/package_token.h"
#include "api/wick/json_reply.h"
#include "api/wick/operations.h"
#include "base/worker_pool.h"
#include "blob/store.h"

namespace wick::api::own {
namespace {

constexpr std::uint64_t kPieceBytes = 1024 * 1024;

std::string token_of(const std::string& query) {
  for (auto& [name, value] : http::parse_query(query)) {
    if (name == "token") return std::move(value);
  }
  return {};
}

boost::asio::awaitable<Result<>> send(Shared state, blob::BlobId id, std::uint64_t size, http::BodyWriter* writer) {
  for (std::uint64_t offset = 0; offset < size; offset += kPieceBytes) {
    const std::uint64_t length = std::min(kPieceBytes, size - offset);
    WICK_CO_TRY(std::string piece,
                co_await state->parts.pool.run([blobs = &state->parts.blobs, id, offset, length] { return blobs->get_range(id, offset, length); }));
    WICK_CO_CHECK(co_await writer->write(std::move(piece)));
  }
  co_return Result<>();
}

}  // namespace

Reply get_package(Shared state, std::string file, http::Request request) {
  constexpr std::string_view kSuffix = ".zip";
  if (!file.ends_with(kSuffix)) co_return json_reply(Error{Errc::not_found, "a package link ends in .zip"});
  const Result<blob::BlobId> id = blob::parse_id(std::string_view(file).substr(0, file.size() - kSuffix.size()));
  if (!id) co_return json_reply(id.error());
  const long long now_s = unix_millis(state->parts.clock.now()) / 1000;
  if (!lambda::check_package_token(state->package_secret, id->str(), token_of(request.query), now_s)) {
    co_return json_reply(Error{Errc::denied, "the link has expired or was changed: ask for a new one (GetFunction, GetLayerVersion)"});
  }
  const Result<std::uint64_t> size = co_await state->parts.pool.run([blobs = &state->parts.blobs, blob = *id] { return blobs->size(blob); });
  if (!size) co_return json_reply(size.error());
  http::Response response;
  response.fields.add("Content-Type", "application/zip");
  response.stream = [state, blob = *id, bytes = *size](http::BodyWriter& writer) { return send(state, blob, bytes, &writer); };
  co_return response;
}

}  // namespace wick::api::own
