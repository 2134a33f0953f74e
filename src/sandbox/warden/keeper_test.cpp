#include "sandbox/warden/keeper.h"

#include <gtest/gtest.h>

namespace wick::sandbox::warden {
namespace {

TEST(Note, KeepsWhatItSays) {
  const std::string packet = encode_note({.type = NoteType::failed, .seat = 5'000'000'000, .value = -3}, "why");
  Note note;
  const auto text = decode_note(packet, note);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "why");
  EXPECT_EQ(note.type, NoteType::failed);
  EXPECT_EQ(note.seat, 5'000'000'000U);
  EXPECT_EQ(note.value, -3);
}

TEST(Note, IsRefusedWhenItIsCut) {
  Note note;
  EXPECT_FALSE(decode_note(encode_note({}).substr(1), note));
  EXPECT_FALSE(decode_note("", note));
}

}  // namespace
}  // namespace wick::sandbox::warden
