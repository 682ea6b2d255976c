#include <gtest/gtest.h>

#include "server/dialect/opaque.h"
#include "server/dialect/openai/message_encoder.h"
#include "server/dialect/openai/opaque_parts.h"
#include "tests/unit/chat/messages.h"

namespace sluice::dialect::openai {
namespace {

using chat::Role;

std::string Json(const chat::Message& message) {
  std::string out;
  json::Writer json(out);
  PutMessage(json, message);
  return out;
}

chat::Message With(Role role, std::vector<chat::Part> parts) {
  chat::Message message;
  message.role = role;
  message.content = std::move(parts);
  return message;
}

TEST(OpenAiMessage, ASoleTextIsAString) {
  EXPECT_EQ(Json(chat::Say(Role::kUser, {"hi"})), R"({"role":"user","content":"hi"})");
}

TEST(OpenAiMessage, EveryKindOfPart) {
  EXPECT_EQ(Json(With(Role::kUser, {chat::TextPart("look"),
                                    {chat::Image{"https://x.test/a.png", "", "", chat::ImageDetail::kHigh}, false},
                                    {chat::Image{"", "PNG", "image/png", {}}, false},
                                    {chat::InputAudio{"WAV", chat::AudioFormat::kWav}, false},
                                    {chat::File{"file-1", "", "", ""}, false},
                                    {chat::File{"", "%PDF", "a.pdf", "application/pdf"}, false},
                                    {chat::File{"", "x", "a.bin", ""}, false}})),
            R"({"role":"user","content":[{"type":"text","text":"look"},)"
            R"({"type":"image_url","image_url":{"url":"https://x.test/a.png","detail":"high"}},)"
            R"({"type":"image_url","image_url":{"url":"data:image/png;base64,UE5H"}},)"
            R"({"type":"input_audio","input_audio":{"data":"V0FW","format":"wav"}},)"
            R"({"type":"file","file":{"file_id":"file-1"}},)"
            R"({"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERg=="}},)"
            R"({"type":"file","file":{"filename":"a.bin","file_data":"data:application/octet-stream;base64,eA=="}}]})");
}

TEST(OpenAiMessage, ACacheBreakpointMakesATextAPart) {
  EXPECT_EQ(
      Json(With(Role::kSystem, {{chat::Text{"long"}, true}})),
      R"({"role":"system","content":[{"type":"text","text":"long","prompt_cache_breakpoint":{"mode":"explicit"}}]})");
}

TEST(OpenAiMessage, ARefusalIsAMemberOfItsOwn) {
  EXPECT_EQ(Json(With(Role::kAssistant, {{chat::Refusal{"no"}, false}})),
            R"({"role":"assistant","content":null,"refusal":"no"})");
}

TEST(OpenAiMessage, ToolCallsAndTheirResult) {
  chat::Message call;
  call.role = Role::kAssistant;
  call.tool_calls = {{"call_1", chat::ToolKind::kFunction, "add", "{\"x\": 1}"},
                     {"call_2", chat::ToolKind::kCustom, "sql", "select 1"},
                     {"call_3", chat::ToolKind::kFunction, "broken", "{not json"}};
  EXPECT_EQ(Json(call), R"({"role":"assistant","content":null,"tool_calls":[)"
                        R"({"id":"call_1","type":"function","function":{"name":"add","arguments":"{\"x\": 1}"}},)"
                        R"({"id":"call_2","type":"custom","custom":{"name":"sql","input":"select 1"}},)"
                        R"({"id":"call_3","type":"function","function":{"name":"broken","arguments":"{not json"}}]})");
  chat::Message result = chat::Say(Role::kTool, {"2"});
  result.tool_call_id = "call_1";
  EXPECT_EQ(Json(result), R"({"role":"tool","content":"2","tool_call_id":"call_1"})");
}

TEST(OpenAiMessage, AnEarlierSpokenAnswer) {
  chat::Message message;
  message.role = Role::kAssistant;
  message.audio_id = "audio_1";
  EXPECT_EQ(Json(message), R"({"role":"assistant","content":null,"audio":{"id":"audio_1"}})");
}

TEST(OpenAiMessage, OpaquePartsGoBackToWhereTheyCameFrom) {
  chat::Message message = With(Role::kAssistant, {{chat::Opaque{OpaqueReasoningDetails(R"({"id":1},{"id":2})")}, false},
                                                  chat::TextPart("a"),
                                                  {chat::Opaque{OpaqueReasoningDetails(R"({"id":3})")}, false},
                                                  {chat::Opaque{OpaqueExtraContent("c2", R"({"sig":"x=="})")}, false}});
  message.tool_calls = {{"c1", chat::ToolKind::kFunction, "f", "{}"}, {"c2", chat::ToolKind::kFunction, "g", "{}"}};
  EXPECT_EQ(Json(message),
            R"({"role":"assistant","content":"a","tool_calls":[)"
            R"({"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},)"
            R"({"id":"c2","type":"function","function":{"name":"g","arguments":"{}"},"extra_content":{"sig":"x=="}}],)"
            R"("reasoning_details":[{"id":1},{"id":2},{"id":3}]})");
}

}  // namespace
}  // namespace sluice::dialect::openai
