#include "server/base/utf8.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

using std::string_literals::operator""s;

const char kFffd[] = "\xEF\xBF\xBD";

std::string Fffd(int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += kFffd;
  return out;
}

std::string Encode(uint32_t code) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F))};
  if (code < 0x10000) {
    return {byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
  }
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)), byte(0x80 | (code >> 6 & 0x3F)),
          byte(0x80 | (code & 0x3F))};
}

TEST(Utf8Validity, EveryCodePointIsValidExceptSurrogates) {
  for (uint32_t code = 0; code <= 0x10FFFF; ++code) {
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    ASSERT_EQ(IsValidUtf8(Encode(code)), !surrogate) << std::hex << code;
  }
  EXPECT_FALSE(IsValidUtf8(Encode(0x110000)));
}

TEST(Utf8Validity, FindsTheFirstBadByteAtEveryOffset) {
  // The fast paths take 16 and 8 bytes at a time: the bad byte must be seen in each lane, after ASCII and after others.
  for (const std::string& filler : {"a"s, "\xD0\xB8"s, "\xE2\x82\xAC"s, "\xF0\x9F\x98\x80"s}) {
    std::string text;
    for (int i = 0; i < 40; ++i) {
      EXPECT_TRUE(IsValidUtf8(text));
      EXPECT_EQ(Utf8ValidPrefix(text + "\xFF" + std::string(20, 'z')), text.size());
      text += filler;
    }
  }
}

TEST(Utf8Validity, SeesACharacterAtEveryOffsetOfAscii) {
  const std::string text(70, 'a');
  for (const std::string& character : {"\xD0\xB8"s, "\xE2\x82\xAC"s, "\xF0\x9F\x98\x80"s}) {
    for (size_t at = 0; at <= text.size(); ++at) {
      const std::string before = text.substr(0, at);
      EXPECT_TRUE(IsValidUtf8(before + character + text.substr(at))) << at;
      const std::string cut = before + character.substr(0, character.size() - 1);
      EXPECT_EQ(Utf8ValidPrefix(cut), at);
      EXPECT_EQ(Utf8ValidPrefix(cut + text), at);
    }
  }
}

TEST(Utf8Validity, EmptyAndNulAreValid) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8(absl::string_view()));
  EXPECT_TRUE(IsValidUtf8("a\0b"s));
}

TEST(RepairUtf8, LeavesValidTextUnchanged) {
  const std::string text = "a\xD0\xB8\xE2\x82\xAC\xF0\x9F\x98\x80"s + "\0z"s;
  EXPECT_EQ(RepairUtf8(text), text);
  EXPECT_EQ(RepairUtf8(""), "");
}

TEST(RepairUtf8, PutsOneReplacementPerMaximalSubpart) {
  struct Case {
    std::string in;
    std::string out;
  };
  const std::vector<Case> cases = {
      {"\xFF", Fffd(1)},
      {"a\x80z", "a" + Fffd(1) + "z"},
      {"\xC0\xAF", Fffd(2)},          // overlong: C0 never begins anything
      {"\xC1\xBF", Fffd(2)},          //
      {"\xE0\x80\x80", Fffd(3)},      // overlong of three
      {"\xF0\x80\x80\x80", Fffd(4)},  // overlong of four
      {"\xED\xA0\x80", Fffd(3)},      // surrogate
      {"\xF4\x90\x80\x80", Fffd(4)},  // above U+10FFFF
      {"\xF5\x80", Fffd(2)},          //
      {"\xE2\x82", Fffd(1)},          // cut at the end
      {"\xE2\x82z", Fffd(1) + "z"},   // cut by ASCII
      {"\xF0\x9F\x98", Fffd(1)},      //
      {"\xF0\x9F\x98\xF0\x9F\x98\x80", Fffd(1) + "\xF0\x9F\x98\x80"},
      {"\xE2\xE2\x82\xAC", Fffd(1) + "\xE2\x82\xAC"},
      {"\xC2", Fffd(1)},
      // The two examples of the Unicode standard, tables 3-10 and 3-11.
      {"\x41\xE0\x9F\x80\x41", "A" + Fffd(3) + "A"},
      {"\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", "a" + Fffd(3) + "b" + Fffd(1) + "c" + Fffd(2) + "d"},
  };
  for (const Case& c : cases) EXPECT_EQ(RepairUtf8(c.in), c.out) << testing::PrintToString(c.in);
}

TEST(RepairUtf8, AppendsBehindWhatIsThere) {
  std::string out = "x";
  AppendRepairedUtf8("\xFFy", out);
  EXPECT_EQ(out, "x"s + kFffd + "y");
}

TEST(RepairUtf8, AlwaysGivesValidText) {
  std::mt19937 random(7);
  // Few distinct bytes, so that sequences come close to valid.
  const std::string alphabet = "a\x80\x9F\xA0\xBF\xC2\xE0\xED\xEF\xF0\xF4\xFF";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) text += alphabet[random() % alphabet.size()];
    const std::string fixed = RepairUtf8(text);
    ASSERT_TRUE(IsValidUtf8(fixed));
    ASSERT_EQ(RepairUtf8(fixed), fixed);
    if (IsValidUtf8(text)) {
      ASSERT_EQ(fixed, text);
    }
  }
}

TEST(Utf8Boundary, NeverCutsACharacter) {
  const std::string text = "a\xD0\xB8\xE2\x82\xAC\xF0\x9F\x98\x80z";  // ends at 1, 3, 6, 10, 11
  const std::vector<size_t> expected = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (size_t max = 0; max < expected.size(); ++max) EXPECT_EQ(Utf8Boundary(text, max), expected[max]) << max;
}

TEST(Utf8Length, CountsCharacters) {
  EXPECT_EQ(Utf8Length(""), 0u);
  EXPECT_EQ(Utf8Length("a\xD0\xB8\xE2\x82\xAC\xF0\x9F\x98\x80"), 4u);
}

}  // namespace
}  // namespace sluice
