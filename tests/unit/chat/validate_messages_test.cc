#include "server/chat/validate_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/chat/messages.h"

namespace sluice::chat {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Fields(const Message& message) {
  Checker check;
  CheckMessages({message}, check);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : check.Take())
    fields.push_back(violation.field.substr(sizeof("messages[0]") - 1));
  return fields;
}

Message With(Role role, std::vector<Part> parts) {
  Message message;
  message.role = role;
  message.content = std::move(parts);
  return message;
}

Message Calls(std::vector<ToolCall> calls) {
  Message message;
  message.role = Role::kAssistant;
  message.tool_calls = std::move(calls);
  return message;
}

const Part kImage{Image{"https://x.test/a.png", "", "", {}}, false};
const Part kSound{InputAudio{"x", AudioFormat::kMp3}, false};
const Part kFile{File{"file-1", "", "", ""}, false};
const Part kRefusal{Refusal{"no"}, false};
const Part kOpaque{Opaque{"x"}, false};

TEST(CheckMessages, AtLeastOne) {
  Checker check;
  CheckMessages({}, check);
  EXPECT_EQ(check.Take().size(), 1u);
}

TEST(CheckMessages, EachRoleTakesItsParts) {
  EXPECT_THAT(Fields(With(Role::kUser, {TextPart(""), kImage, kSound, kFile})), IsEmpty());
  EXPECT_THAT(Fields(With(Role::kUser, {kRefusal})), ElementsAre(".content[0]"));
  EXPECT_THAT(Fields(With(Role::kUser, {kOpaque})), ElementsAre(".content[0]"));
  EXPECT_THAT(Fields(With(Role::kAssistant, {kOpaque, TextPart("a"), kOpaque})), IsEmpty());
  EXPECT_THAT(Fields(With(Role::kAssistant, {kRefusal})), IsEmpty());
  EXPECT_THAT(Fields(With(Role::kAssistant, {kRefusal, TextPart("a")})), ElementsAre(".content[0]"));
  EXPECT_THAT(Fields(With(Role::kAssistant, {kImage})), ElementsAre(".content[0]"));
  for (const Role role : {Role::kDeveloper, Role::kSystem}) {
    EXPECT_THAT(Fields(With(role, {TextPart("a"), kImage, kSound, kFile})),
                ElementsAre(".content[1]", ".content[2]", ".content[3]"));
  }
}

TEST(CheckMessages, ContentMayLackWhereCallsOrSoundStand) {
  EXPECT_THAT(Fields(With(Role::kUser, {})), ElementsAre(".content"));
  EXPECT_THAT(Fields(With(Role::kAssistant, {})), ElementsAre(".content"));
  EXPECT_THAT(Fields(Calls({{"1", ToolKind::kFunction, "f", ""}})), IsEmpty());
  Message spoken = With(Role::kAssistant, {});
  spoken.audio_id = "a";
  EXPECT_THAT(Fields(spoken), IsEmpty());
  spoken.content = {TextPart("a")};
  EXPECT_THAT(Fields(spoken), ElementsAre(".audio_id"));
  spoken.role = Role::kUser;
  EXPECT_THAT(Fields(spoken), ElementsAre(".audio_id", ".audio_id"));
}

TEST(CheckMessages, PartsMustBeWhole) {
  EXPECT_THAT(Fields(With(Role::kUser, {Part()})), ElementsAre(".content[0]"));
  EXPECT_THAT(Fields(With(Role::kUser, {{Image{"ftp://x.test/a", "", "", {}}, false}})),
              ElementsAre(".content[0].image.url"));
  EXPECT_THAT(Fields(With(Role::kUser, {{Image{"DATA:image/png;base64,eA==", "", "", {}}, false}})), IsEmpty());
  EXPECT_THAT(Fields(With(Role::kUser, {{Image{"", "", "", {}}, false}})),
              ElementsAre(".content[0].image", ".content[0].image.mime_type"));
  EXPECT_THAT(Fields(With(Role::kUser, {{Image{"", "x", "", {}}, false}})), ElementsAre(".content[0].image.mime_type"));
  EXPECT_THAT(Fields(With(Role::kUser, {{InputAudio{"", AudioFormat::kOpus}, false}})),
              ElementsAre(".content[0].audio.data", ".content[0].audio.format"));
  EXPECT_THAT(Fields(With(Role::kUser, {{File{"", "", "", ""}, false}})),
              ElementsAre(".content[0].file", ".content[0].file.filename"));
  EXPECT_THAT(Fields(With(Role::kAssistant, {{Opaque{""}, false}})), ElementsAre(".content[0].opaque.data"));
  EXPECT_THAT(Fields(With(Role::kAssistant, {{Refusal{"no"}, true}})),
              ElementsAre(".content[0].prompt_cache_breakpoint"));
}

TEST(CheckMessages, ToolCallsAndResultsAreNamed) {
  EXPECT_THAT(Fields(Calls({{"", ToolKind::kFunction, "", ""}, {"1", {}, "", ""}})),
              ElementsAre(".tool_calls[0].id", ".tool_calls[0].function.name", ".tool_calls[1]"));
  Message calls = Calls({{"1", ToolKind::kCustom, "f", ""}});
  calls.role = Role::kUser;
  calls.content = {TextPart("a")};
  EXPECT_THAT(Fields(calls), ElementsAre(".tool_calls"));
  Message result = Say(Role::kTool, {"2"});
  EXPECT_THAT(Fields(result), ElementsAre(".tool_call_id"));
  result.tool_call_id = "1";
  EXPECT_THAT(Fields(result), IsEmpty());
  result.role = Role::kUser;
  EXPECT_THAT(Fields(result), ElementsAre(".tool_call_id"));
}

TEST(CheckMessages, ARoleIsNeeded) {
  Message message = Say(Role::kUser, {"a"});
  message.role.reset();
  EXPECT_THAT(Fields(message), ElementsAre(".role"));
}

}  // namespace
}  // namespace sluice::chat
