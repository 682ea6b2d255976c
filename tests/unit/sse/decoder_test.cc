#include "server/sse/decoder.h"

#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/sse/split_feed.h"

// The rules of WHATWG HTML 9.2.5 and 9.2.6, each by name. Every stream is fed whole and in all kinds of pieces.

namespace sluice::sse {
namespace {

using std::string_literals::operator""s;

struct Rule {
  const char* name;
  std::string stream;
  std::vector<Found> found;  // with the number of bytes after which it comes
};

std::ostream& operator<<(std::ostream& out, const Rule& rule) { return out << rule.name; }

Found Ev(std::string data, size_t bytes, std::string type = "message", std::string id = "") {
  return {Found::kEvent, std::move(type), std::move(data), std::move(id), bytes};
}
Found Un(std::string name, std::string value, size_t bytes) {
  return {Found::kUnknown, std::move(name), std::move(value), "", bytes};
}
Found Re(std::string number, size_t bytes) { return {Found::kRetry, "", std::move(number), "", bytes}; }

const char kBom[] = "\xEF\xBB\xBF";

std::vector<Rule> Rules() {
  return {
      {"ByteOrderMarkAtTheStartIsDropped", kBom + "data: a\n\n"s, {Ev("a", 12)}},
      {"ByteOrderMarkBeforeACommentIsDropped", kBom + ":c\ndata: a\n\n"s, {Ev("a", 15)}},
      {"BeginningOfAByteOrderMarkIsTheFirstLines",
       "\xEF\xBB"
       "data: a\ndata: b\n\n",
       {Un("\xEF\xBF\xBD"
           "data",
           "a", 10),
        Ev("b", 19)}},
      {"SecondByteOrderMarkIsPartOfTheName",
       kBom + std::string(kBom) + "data: a\n\n data: b\n\ndata: c\n\n"s,
       {Un(kBom + "data"s, "a", 14), Un(" data", "b", 24), Ev("c", 34)}},
      {"LaterByteOrderMarkIsPartOfTheName",
       "\n"s + kBom + "data: a\n\ndata: b\n\n",
       {Un(kBom + "data"s, "a", 12), Ev("b", 22)}},
      {"LfCrAndCrlfEndALine", "data: a\rdata: b\ndata: c\r\n\r\n", {Ev("a\nb\nc", 26)}},
      {"CrlfIsOneLineEnd", "data: a\r\n\r\n", {Ev("a", 10)}},
      {"CrlfAfterCrDoesNotDispatchTwice", "data: a\r\r\ndata: b\n\n", {Ev("a", 9), Ev("b", 19)}},
      {"CrDispatchesAtOnce", "data: a\r\r", {Ev("a", 9)}},
      {"LfCrIsTwoLineEnds", "data: a\n\r", {Ev("a", 9)}},
      {"CommentsAreIgnored", ": hi\n:\ndata: x\n\n", {Ev("x", 16)}},
      {"CommentsDoNotEndAnEvent", "data: 1\n: c\ndata: 2\n\n", {Ev("1\n2", 21)}},
      {"NameThatBeginsWithDataIsAnother",
       "dataset: a\ndat: b\ndata: c\n\n",
       {Un("dataset", "a", 11), Un("dat", "b", 18), Ev("c", 27)}},
      {"FurtherColonsAreOfTheValue", "data::a:b\n\n", {Ev(":a:b", 11)}},
      {"LineWithoutColonIsANameWithEmptyValue", "data\n\n", {Ev("", 6)}},
      {"ExactlyOneLeadingBlankIsRemoved", "data:  a\n\ndata:\ta\n\n", {Ev(" a", 10), Ev("\ta", 19)}},
      {"OnlyTheFirstColonSplits", "data:a:b\n\n", {Ev("a:b", 10)}},
      {"DataLinesAreJoinedByLf", "data: a\ndata:\ndata: b\n\n", {Ev("a\n\nb", 23)}},
      {"TwoEmptyDataLinesAreOneLf", "data\ndata:\n\n", {Ev("\n", 12)}},
      {"NoDataDispatchesNothingAndResetsTheType", "event: x\n\ndata: y\n\n", {Ev("y", 19)}},
      {"EventNamesTheType", "event: x\ndata: y\n\ndata: z\n\n", {Ev("y", 18, "x"), Ev("z", 27)}},
      {"LastEventNameWins", "event: x\nevent: xx\ndata: y\n\n", {Ev("y", 28, "xx")}},
      {"EmptyEventNameIsMessage", "event: x\nevent:\ndata: y\n\n", {Ev("y", 25)}},
      {"NamesAreExact",
       "Data: a\n data: b\ndata : c\ndata: d\n\n",
       {Un("Data", "a", 8), Un(" data", "b", 17), Un("data ", "c", 26), Ev("d", 35)}},
      {"UnknownNamesThatBeginLikeKnownOnes",
       "dat: a\ndatas: b\nretry2:1\n\n",
       {Un("dat", "a", 7), Un("datas", "b", 16), Un("retry2", "1", 25)}},
      {"IdIsKeptForLaterEventsAndIgnoredWithNul",
       "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n"s,
       {Ev("a", 15, "message", "1"), Ev("b", 31, "message", "1")}},
      {"IdAloneResetsTheId",
       "id: 1\ndata: a\n\nid\ndata: b\n\nid:\n\ndata: c\n\n",
       {Ev("a", 15, "message", "1"), Ev("b", 27), Ev("c", 41)}},
      {"IdWithoutDataCountsForTheNextEvent", "id: 7\n\ndata: a\n\n", {Ev("a", 16, "message", "7")}},
      {"RetryTakesDigitsOnly",
       "retry: 10x\nretry: 5\nretry:\nretry: -1\nretry: 99999999999999999999\nretry:  6\nretry:007\n",
       {Re("5", 20), Re("7", 85)}},
      {"UnfinishedEventAtTheEndIsDropped", "data: a\n\ndata: b\n", {Ev("a", 9)}},
      {"UnfinishedLineAtTheEndIsDropped", "data: a\n\ndata: b", {Ev("a", 9)}},
      {"CharactersMayBeSplitBetweenReads", "data: \xD0\xB8\xF0\x9F\x98\x80\n\n", {Ev("\xD0\xB8\xF0\x9F\x98\x80", 14)}},
      {"InvalidBytesAreReplaced",
       "data: \xFF\n\ndata: a\ndata: \xE2\x82\n\nevent: \xC0\ndata: b\n\n",
       {Ev("\xEF\xBF\xBD", 9), Ev("a\n\xEF\xBF\xBD", 27), Ev("b", 45, "\xEF\xBF\xBD")}},
      {"InvalidBytesInIdsAndUnknownFieldsAreReplaced",
       "id: \xFE\nx\xFF: \xFF\ndata: a\n\n",
       {Un("x\xEF\xBF\xBD", "\xEF\xBF\xBD", 12), Ev("a", 21, "message", "\xEF\xBF\xBD")}},
      {"NulIsAllowedInData", "data: a\0b\n\n"s, {Ev("a\0b"s, 11)}},
      {"OnlyCrAndLfEndLines",
       "data: a\x0B"
       "b\x0C"
       "c\xC2\x85"
       "d\xE2\x80\xA8"
       "e\xE2\x80\xA9"
       "f\n\n",
       {Ev("a\x0B"
           "b\x0C"
           "c\xC2\x85"
           "d\xE2\x80\xA8"
           "e\xE2\x80\xA9"
           "f",
           24)}},
      {"MoreBlankLinesDispatchNothing", "\n\n\ndata: a\n\n\n\n", {Ev("a", 12)}},
      {"BareJsonComesAsUnknownLines",
       "{\n  \"error\": 1\n}\n",
       {Un("{", "", 2), Un("  \"error\"", "1", 15), Un("}", "", 17)}},
      {"RawErrorFieldIsHandedOver",
       "error: {\"code\":500}\n\ndata: [DONE]\n\n",
       {Un("error", "{\"code\":500}", 20), Ev("[DONE]", 35)}},
  };
}

class SseRule : public testing::TestWithParam<Rule> {};

TEST_P(SseRule, HoldsAtEverySplit) { ExpectFoundAtEverySplit(GetParam().stream, GetParam().found, 200); }

// Keeps the table and the oracle of the random test honest with each other.
TEST_P(SseRule, IsWhatTheReferenceSays) { EXPECT_EQ(Reference(GetParam().stream), GetParam().found); }

INSTANTIATE_TEST_SUITE_P(Whatwg, SseRule, testing::ValuesIn(Rules()),
                         [](const auto& rule) { return std::string(rule.param.name); });

TEST(SseDecoder, RandomStreamsDecodeAsTheReferenceSays) {
  const std::vector<std::string> pieces = {"\n",       "\n",     "\r",     "\r\n",     "\n\n",      "data",
                                           "data:",    "data: ", "event:", "event: x", "id:",       "id: 1",
                                           "retry: 5", ":",      ": hi",   " ",        "a",         "\xD0\xB8",
                                           "\xD0",     "\xFF",   "\0"s,    kBom,       "error: {}", "x"};
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string stream;
    for (size_t count = random() % 24; count > 0; --count) stream += pieces[random() % pieces.size()];
    const std::vector<Found> expected = Reference(stream);
    std::vector<size_t> every;
    for (size_t cut = 1; cut < stream.size(); ++cut) every.push_back(cut);
    ExpectFound(stream, {}, expected);
    ExpectFound(stream, every, expected);
    const size_t cut = random() % (stream.size() + 1);
    ExpectFound(stream, {cut}, expected);
    ExpectFound(stream, {cut, cut + random() % (stream.size() - cut + 1)}, expected);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(SseDecoder, ProviderSamplesDecode) {
  const std::string stream =
      ": OPENROUTER PROCESSING\n\n"
      "event: message_start\ndata: {\"type\":\"message_start\"}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"\xE4\xBD\xA0\xE5\xA5\xBD\"}}]}\r\n\r\n"
      "data:\n\n"
      "data: [DONE]\n\n";
  ExpectFoundAtEverySplit(stream, Reference(stream));
  const std::vector<Found> found = Reference(stream);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].type, "message_start");
  EXPECT_EQ(found[3].data, "[DONE]");
}

}  // namespace
}  // namespace sluice::sse
