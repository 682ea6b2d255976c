#include "server/dialect/message_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::dialect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// PATH: WHY of each, with a mark for what no policy excuses.
std::vector<std::string> Lines(const std::vector<Misfit>& misfits) {
  std::vector<std::string> lines;
  for (const Misfit& misfit : misfits) {
    const bool refused = misfit.severity == Misfit::Severity::kRefuse;
    lines.push_back(misfit.field + ": " + misfit.why + (refused ? "!" : ""));
  }
  return lines;
}

chat::Image ImageAt(std::string url, std::optional<chat::ImageDetail> detail = std::nullopt) {
  chat::Image image;
  image.url = std::move(url);
  image.detail = detail;
  return image;
}

class MessageFitTest : public ::testing::Test {
 protected:
  std::vector<Misfit> misfits_;
  const FitNotes notes_{"Acme", "messages[0]", misfits_};
};

TEST_F(MessageFitTest, WhatIsKeptStaysInOrderAndIsSeenByItsFirstIndex) {
  std::vector<std::string> list = {"a", "b", "c", "d"};
  std::vector<size_t> seen;
  KeepWhere(list, [&](size_t index, const std::string& element) {
    seen.push_back(index);
    return element == "b" || element == "d";
  });
  EXPECT_THAT(list, ElementsAre("b", "d"));
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3));
}

TEST_F(MessageFitTest, APathGrowsDownwards) {
  notes_.Below(".content[1]").Add(".text", "why", Misfit::Severity::kRefuse);
  EXPECT_THAT(Lines(misfits_), ElementsAre("messages[0].content[1].text: why!"));
}

TEST_F(MessageFitTest, ADetailIsLeftOutAndTheAutomaticOneUnnoticed) {
  chat::Image fine = ImageAt("https://x/y.png", chat::ImageDetail::kHigh);
  EXPECT_TRUE(FitImage(fine, notes_));
  EXPECT_FALSE(fine.detail.has_value());
  EXPECT_THAT(Lines(misfits_),
              ElementsAre("messages[0].image.detail: Acme has one resolution for all pictures: leave it out"));
  misfits_.clear();
  chat::Image automatic = ImageAt("data:image/png;base64,AAAA", chat::ImageDetail::kAuto);
  EXPECT_TRUE(FitImage(automatic, notes_));
  EXPECT_THAT(misfits_, IsEmpty());
}

TEST_F(MessageFitTest, AUriWithoutReadableDataIsNoPicture) {
  chat::Image image = ImageAt("data:,hello");
  EXPECT_FALSE(FitImage(image, notes_));
  EXPECT_THAT(Lines(misfits_), ElementsAre("messages[0].image.url: is no data: URI with a media type and its data: "
                                           "write data:image/png;base64,...!"));
}

TEST_F(MessageFitTest, CallsAreOfFunctionsWithAnObject) {
  for (const char* arguments : {"", " ", "{}", " {\"a\":[1]} "}) {
    chat::ToolCall call{"id", chat::ToolKind::kFunction, "f", arguments};
    FitCall(call, notes_);
    EXPECT_EQ(call.arguments, arguments);
  }
  EXPECT_THAT(misfits_, IsEmpty());
  chat::ToolCall list{"id", chat::ToolKind::kFunction, "f", "[1]"};
  FitCall(list, notes_);
  EXPECT_THAT(Lines(misfits_), ElementsAre("messages[0].function.arguments: is no JSON object, and Acme takes nothing "
                                           "else: mend it, or leave the call and its result out!"));
}

TEST_F(MessageFitTest, ACallOfACustomToolIsNotedOnce) {
  chat::ToolCall call{"id", chat::ToolKind::kCustom, "f", "free text"};
  FitCall(call, notes_);
  EXPECT_THAT(Lines(misfits_), ElementsAre("messages[0].custom: Acme knows functions only: send the call as one!"));
  FitCall(call, notes_);
  EXPECT_EQ(misfits_.size(), 1u);
}

}  // namespace
}  // namespace sluice::dialect
