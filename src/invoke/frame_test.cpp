#include "invoke/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/random.h"
#include "invoke/channel.h"
#include "invoke/frame_reader.h"

namespace wick::invoke {
namespace {

using Next = FrameReader::Next;

// All frames of bytes that arrive in pieces of at most step, and how it ends.
std::pair<std::vector<Frame>, Next> read_all(std::string_view bytes, std::size_t step) {
  const auto reader = std::make_unique<FrameReader>();
  std::vector<Frame> out;
  for (;;) {
    Frame frame;
    const Next next = reader->next(frame);
    if (next == Next::broken) return {std::move(out), next};
    if (next == Next::frame) {
      out.push_back(std::move(frame));
      continue;
    }
    if (bytes.empty()) return {std::move(out), next};
    const auto space = reader->space();
    const std::size_t size = std::min({step, space.size(), bytes.size()});
    if (size == 0) ADD_FAILURE() << "no space";
    std::copy_n(bytes.begin(), size, space.begin());
    reader->received(size);
    bytes.remove_prefix(size);
  }
}

TEST(Frame, Bytes) {
  EXPECT_EQ(encode_frame(FrameType::log, "hi"), std::string("\2\0\0\0L\0\0\0hi", 10));
  EXPECT_EQ(encode_invoke("{}", "12"), std::string("\x8\0\0\0I\0\0\0\2\0\0\0{}12", 16));
}

TEST(Frame, HeaderRefusesWhatNoRuntimeSends) {
  FrameHeader header;
  EXPECT_TRUE(decode_header(std::string_view("\xff\xff\xff\xff"
                                             "O\0\0\0",
                                             8),
                            header));
  EXPECT_EQ(header.size, 0xffffffffu);
  EXPECT_FALSE(decode_header(std::string_view("\0\0\0\0I\0\0\0", 8), header));
  EXPECT_FALSE(decode_header(std::string_view("\0\0\0\0X\0\0\0", 8), header));
  for (std::size_t i : {5, 6, 7}) {
    std::string bytes = encode_frame(FrameType::ready, {});
    bytes[i] = 1;
    EXPECT_FALSE(decode_header(bytes, header));
  }
}

TEST(FrameReader, AnySplitGivesTheSameFrames) {
  const std::string big(100'000, 'b');
  const std::string bytes = encode_frame(FrameType::ready, {}) + encode_frame(FrameType::log, "line") + encode_frame(FrameType::result, big) +
                            encode_frame(FrameType::stream_chunk, {});
  for (std::size_t step : {1, 2, 7, 8, 9, 4096, 1'000'000}) {
    const auto [frames, end] = read_all(bytes, step);
    ASSERT_EQ(frames.size(), 4u);
    EXPECT_EQ(end, Next::need_more);
    EXPECT_EQ(frames[0].type, FrameType::ready);
    EXPECT_EQ(frames[1].body, "line");
    EXPECT_EQ(frames[2].body, big);
    EXPECT_EQ(frames[3].type, FrameType::stream_chunk);
  }
}

TEST(FrameReader, EmptyOnlyBetweenFrames) {
  const auto reader = std::make_unique<FrameReader>();
  Frame frame;
  const std::string bytes = encode_frame(FrameType::result, "ab");
  EXPECT_TRUE(reader->empty());
  for (char c : bytes) {
    reader->space()[0] = c;
    reader->received(1);
    const bool whole = reader->next(frame) == Next::frame;
    EXPECT_EQ(reader->empty(), whole);
  }
  EXPECT_EQ(frame.body, "ab");
}

TEST(FrameReader, LongBodiesAreCutOrRefused) {
  const auto cut = [](FrameType type, std::size_t limit) {
    const std::string after = encode_frame(FrameType::ready, {});
    const auto [frames, end] = read_all(encode_frame(type, std::string(limit + 1, 'x')) + after, 30'000);
    return frames.size() == 2 && frames[0].truncated && frames[0].body.size() == limit && frames[1].type == FrameType::ready;
  };
  EXPECT_TRUE(cut(FrameType::result, kResponseMax));
  EXPECT_TRUE(cut(FrameType::error, kResponseMax));
  EXPECT_TRUE(cut(FrameType::init_failed, kResponseMax));
  EXPECT_TRUE(cut(FrameType::stream_end, kResponseMax));
  EXPECT_TRUE(cut(FrameType::log, kLogEventMax));
  for (const auto& [type, limit] :
       {std::pair(FrameType::ready, kReadyMax), {FrameType::stream_begin, kContentTypeMax}, {FrameType::stream_chunk, kChunkMax}}) {
    EXPECT_EQ(read_all(encode_frame(type, std::string(limit + 1, 'x')), 4096).second, Next::broken);
    EXPECT_EQ(read_all(encode_frame(type, std::string(limit, 'x')), 4096).first.size(), 1u);
  }
}

TEST(FrameReader, RandomBytesEndOrWait) {
  const std::uint64_t seed = 7;
  SCOPED_TRACE(seed);
  const auto random = Random::seeded(seed);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(random->next() % 200, '\0');
    random->fill(std::as_writable_bytes(std::span(bytes)));
    if (bytes.size() >= kFrameHeaderSize && round % 2 == 0) {
      bytes[1] = bytes[2] = bytes[3] = bytes[5] = bytes[6] = bytes[7] = '\0';
      bytes[4] = "RFOESCZL"[random->next() % 8];
    }
    std::size_t total = 0;
    for (const Frame& frame : read_all(bytes, 1 + random->next() % 64).first) total += kFrameHeaderSize + frame.body.size();
    EXPECT_LE(total, bytes.size());
  }
}

}  // namespace
}  // namespace wick::invoke
