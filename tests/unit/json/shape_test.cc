#include "server/json/shape.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::json {
namespace {

constexpr absl::string_view kText = R"({"id":1,"d":{"t":"word"},"pad":"xx","e":null})";

// The part of `text` that reads `part`.
absl::string_view In(absl::string_view text, absl::string_view part) {
  return text.substr(text.find(part), part.size());
}

class ShapeTest : public ::testing::Test {
 protected:
  ShapeTest() {
    const std::vector<absl::string_view> strings = {In(kText, "word"), In(kText, "xx")};
    shape_.Learn(kText, strings);
  }

  // The strings found, joined by "|"; "-" if the text does not match.
  std::string Match(absl::string_view text) {
    Shape::Strings strings;
    // A copy of exactly its size: the sanitizer sees what is read beyond.
    const std::vector<char> copy(text.begin(), text.end());
    if (!shape_.Match(absl::string_view(copy.data(), copy.size()), strings)) return "-";
    return std::string(strings[0]) + "|" + std::string(strings[1]);
  }

  Shape shape_;
};

TEST_F(ShapeTest, MatchesWhatDiffersInTheStringsOnly) {
  EXPECT_EQ(Match(kText), "word|xx");
  EXPECT_EQ(Match(R"({"id":1,"d":{"t":""},"pad":"","e":null})"), "|");
  EXPECT_EQ(Match(R"({"id":1,"d":{"t":"a much longer piece of text"},"pad":"0123456789","e":null})"),
            "a much longer piece of text|0123456789");
}

TEST_F(ShapeTest, AnyOtherByteIsAMismatch) {
  const std::string text(kText);
  for (size_t i = 0; i < text.size(); ++i) {
    if (In(kText, "word").find(text[i]) != absl::string_view::npos || text[i] == 'x') continue;
    std::string other = text;
    other[i] = other[i] == '#' ? '$' : '#';
    EXPECT_EQ(Match(other), "-") << other;
  }
}

TEST_F(ShapeTest, MoreOrLessIsAMismatch) {
  const std::string text(kText);
  EXPECT_EQ(Match(text + " "), "-");
  for (size_t size = 0; size < text.size(); ++size) EXPECT_EQ(Match(text.substr(0, size)), "-") << size;
}

TEST_F(ShapeTest, AStringEndsAtItsFirstBareQuote) {
  EXPECT_EQ(Match(R"({"id":1,"d":{"t":"a\"},\\"},"pad":"xx","e":null})"), R"(a\"},\\|xx)");
  EXPECT_EQ(Match(R"({"id":1,"d":{"t":"a","t":"b"},"pad":"xx","e":null})"), "-");
  EXPECT_EQ(Match(R"({"id":1,"d":{"t":"a\)"), "-");
}

TEST_F(ShapeTest, AControlCharacterInAStringIsNoJson) {
  for (int c = 0; c < 0x20; ++c) {
    for (const size_t at : {0u, 3u, 8u, 11u}) {
      std::string piece(12, 'a');
      piece[at] = static_cast<char>(c);
      EXPECT_EQ(Match(R"({"id":1,"d":{"t":")" + piece + R"("},"pad":"xx","e":null})"), "-") << c << " at " << at;
    }
  }
}

TEST_F(ShapeTest, OtherScriptsAreText) {
  EXPECT_EQ(Match(R"({"id":1,"d":{"t":"größe 東京 😀"},"pad":"xx","e":null})"), "größe 東京 😀|xx");
}

TEST_F(ShapeTest, NothingMatchesBeforeItHasLearnedOrAfterItForgot) {
  shape_.Forget();
  EXPECT_EQ(Match(kText), "-");
  EXPECT_EQ(Match(""), "-");
}

TEST_F(ShapeTest, LargeTextsAreNotRemembered) {
  const std::string large = "[\"" + std::string(Shape::kMaxBytes, 'x') + "\"]";
  shape_.Learn(large, {});
  EXPECT_TRUE(shape_.empty());
  EXPECT_EQ(Match(large), "-");
}

TEST(AppendUnescapedTest, ReadsEveryEscape) {
  std::string out = ">";
  EXPECT_TRUE(AppendUnescaped(R"(a\"\\\/\b\f\n\r\tz\u0041\u00e9\u6771\u0000é)", out));
  EXPECT_EQ(out, std::string(">a\"\\/\b\f\n\r\tzA\xC3\xA9\xE6\x9D\xB1\0\xC3\xA9", 20));
}

TEST(AppendUnescapedTest, RefusesWhatIsNoEscapeAndSurrogates) {
  for (const char* raw :
       {"\\", "a\\", "\\x", "\\u", "\\u12", "\\u12G4", "\\ud83d", "\\ud83d\\ude00", "\\uDE00", "\"", "\n"}) {
    std::string out;
    EXPECT_FALSE(AppendUnescaped(raw, out)) << raw;
  }
}

}  // namespace
}  // namespace sluice::json
