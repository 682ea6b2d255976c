#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/dialect/anthropic/message_encoder.h"
#include "server/dialect/anthropic/opaque_parts.h"
#include "tests/unit/chat/messages.h"

namespace sluice::dialect::anthropic {
namespace {

using chat::Role;
using chat::Say;

std::string Json(const std::vector<chat::Message>& messages) {
  std::string out;
  json::Writer json(out);
  json.StartObject();
  PutMessages(json, messages, CacheControl(chat::Request()));
  json.EndObject();
  return out;
}

// What stands for a conversation without instructions.
std::string Turns(const std::vector<chat::Message>& messages) {
  const std::string json = Json(messages);
  const std::string head = R"({"messages":)";
  EXPECT_EQ(json.substr(0, head.size()), head);
  return json.substr(head.size(), json.size() - head.size() - 1);
}

chat::Message With(Role role, std::vector<chat::Part> parts) {
  chat::Message message;
  message.role = role;
  message.content = std::move(parts);
  return message;
}

chat::Message Result(const std::string& id, std::vector<std::string> texts) {
  chat::Message message = Say(Role::kTool, std::move(texts));
  message.tool_call_id = id;
  return message;
}

chat::Message Calls(std::vector<chat::Part> parts, std::vector<chat::ToolCall> calls) {
  chat::Message message = With(Role::kAssistant, std::move(parts));
  message.tool_calls = std::move(calls);
  return message;
}

chat::Part Signed(const std::string& signature, size_t calls_before) {
  return {
      chat::Opaque{WrapBlock(absl::StrCat(R"({"type":"thinking","signature":")", signature, R"("})"), calls_before)},
      false};
}

const chat::ToolKind kFunction = chat::ToolKind::kFunction;

TEST(AnthropicMessages, InstructionsAtTheStartAreTheSystem) {
  EXPECT_EQ(Json({Say(Role::kSystem, {"s"}), Say(Role::kUser, {"u"})}),
            R"({"system":"s","messages":[{"role":"user","content":"u"}]})");
  EXPECT_EQ(Json({Say(Role::kSystem, {"s"}), Say(Role::kDeveloper, {"d", "e"}), Say(Role::kUser, {"u"})}),
            R"({"system":[{"type":"text","text":"s"},{"type":"text","text":"d"},{"type":"text","text":"e"}],)"
            R"("messages":[{"role":"user","content":"u"}]})");
  EXPECT_EQ(Json({With(Role::kSystem, {{chat::Text{"s"}, true}}), Say(Role::kUser, {"u"})}),
            R"({"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],)"
            R"("messages":[{"role":"user","content":"u"}]})");
  EXPECT_EQ(Json({Say(Role::kSystem, {""}), Say(Role::kUser, {"u"})}),
            R"({"messages":[{"role":"user","content":"u"}]})");
}

TEST(AnthropicMessages, LaterInstructionsStayInTheirPlace) {
  EXPECT_EQ(Turns({Say(Role::kUser, {"u"}), Say(Role::kDeveloper, {"d"}), Say(Role::kUser, {"v"})}),
            R"([{"role":"user","content":"u"},{"role":"system","content":"d"},{"role":"user","content":"v"}])");
}

TEST(AnthropicMessages, NeighboursOfOneRoleAreOne) {
  EXPECT_EQ(Turns({Say(Role::kUser, {"a"}), Say(Role::kUser, {"b"}), Say(Role::kAssistant, {"c"}),
                   Say(Role::kAssistant, {""}), Say(Role::kAssistant, {"d"})}),
            R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)"
            R"({"role":"assistant","content":[{"type":"text","text":"c"},{"type":"text","text":"d"}]}])");
}

TEST(AnthropicMessages, EveryKindOfPart) {
  EXPECT_EQ(
      Turns({With(Role::kUser, {chat::TextPart("look"),
                                {chat::Image{"https://x.test/a.png", "", "", {}}, false},
                                {chat::Image{"data:image/gif;base64,R0lG", "", "", {}}, false},
                                {chat::Image{"", "PNG", "image/png", {}}, true},
                                {chat::File{"", "%PDF", "a.pdf", "application/pdf"}, false},
                                {chat::File{"", "x\xC3\xA9", "a.txt", "text/plain; charset=utf-8"}, false}})}),
      R"([{"role":"user","content":[{"type":"text","text":"look"},)"
      R"({"type":"image","source":{"type":"url","url":"https://x.test/a.png"}},)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/gif","data":"R0lG"}},)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"UE5H"},)"
      R"("cache_control":{"type":"ephemeral"}},)"
      R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERg=="},)"
      R"("title":"a.pdf"},)"
      "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"x\xC3\xA9\"},"
      R"("title":"a.txt"}]}])");
}

TEST(AnthropicMessages, ARefusalIsSentAsItsText) {
  EXPECT_EQ(Turns({Say(Role::kUser, {"u"}), With(Role::kAssistant, {{chat::Refusal{"no"}, false}})}),
            R"([{"role":"user","content":"u"},{"role":"assistant","content":[{"type":"text","text":"no"}]}])");
}

TEST(AnthropicMessages, ParallelCallsAndTheirResults) {
  EXPECT_EQ(
      Turns({Say(Role::kUser, {"u"}),
             Calls({chat::TextPart("ok"), chat::TextPart("")},
                   {{"c1", kFunction, "add", "{\"x\": 1}"}, {"c2", kFunction, "now", " "}}),
             Result("c1", {"2"}), Say(Role::kUser, {"and?"}), Result("c2", {"a", "", "b"}), Result("c3", {""})}),
      R"([{"role":"user","content":"u"},{"role":"assistant","content":[{"type":"text","text":"ok"},)"
      R"({"type":"tool_use","id":"c1","name":"add","input":{"x": 1}},)"
      R"({"type":"tool_use","id":"c2","name":"now","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"2"},)"
      R"({"type":"tool_result","tool_use_id":"c2","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)"
      R"({"type":"tool_result","tool_use_id":"c3","content":""},{"type":"text","text":"and?"}]}])");
}

TEST(AnthropicMessages, ABreakpointInAResultIsOneOfTheWhole) {
  chat::Message result = Result("c1", {"a", "b"});
  result.content[0].cache_breakpoint = true;
  EXPECT_EQ(Turns({result}),
            R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[)"
            R"({"type":"text","text":"a"},{"type":"text","text":"b"}],"cache_control":{"type":"ephemeral"}}]}])");
}

TEST(AnthropicMessages, OpaqueBlocksGoBackToTheirPlaceAmongTheCalls) {
  const std::vector<chat::ToolCall> calls = {
      {"c1", kFunction, "f", "{}"}, {"c2", kFunction, "g", "{}"}, {"c3", kFunction, "h", ""}};
  EXPECT_EQ(
      Turns({Calls({Signed("s0", 0), chat::TextPart("a"), Signed("s2", 2), Signed("t2", 2), chat::TextPart("b")},
                   calls)}),
      R"([{"role":"assistant","content":[{"type":"thinking","signature":"s0"},{"type":"text","text":"a"},)"
      R"({"type":"tool_use","id":"c1","name":"f","input":{}},{"type":"tool_use","id":"c2","name":"g","input":{}},)"
      R"({"type":"thinking","signature":"s2"},{"type":"thinking","signature":"t2"},{"type":"text","text":"b"},)"
      R"({"type":"tool_use","id":"c3","name":"h","input":{}}]}])");
  // A caller that lost calls still gets each block through.
  EXPECT_EQ(Turns({Calls({Signed("s9", 9)}, {})}),
            R"([{"role":"assistant","content":[{"type":"thinking","signature":"s9"}]}])");
}

}  // namespace
}  // namespace sluice::dialect::anthropic
