// What an answer brings goes back to the provider as it came.

#include <gtest/gtest.h>

#include "server/dialect/anthropic/codec.h"
#include "tests/unit/chat/messages.h"
#include "tests/unit/dialect/anthropic_stream.h"

namespace sluice::dialect::anthropic {
namespace {

// Makes one assistant's message of an answer, as the contract asks callers to.
class Gatherer final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity&) override {}
  void OnDelta(const chat::Delta& delta) override {
    const std::string text(delta.text);
    if (delta.kind == chat::DeltaKind::kOpaque) message.content.push_back({chat::Opaque{text}, false});
    if (delta.kind == chat::DeltaKind::kText) {
      chat::Text* const last =
          message.content.empty() ? nullptr : std::get_if<chat::Text>(&message.content.back().body);
      if (last != nullptr) {
        last->text += text;
      } else {
        message.content.push_back(chat::TextPart(text));
      }
    }
    if (delta.kind != chat::DeltaKind::kToolCall) return;
    if (!delta.tool.id.empty()) {
      message.tool_calls.push_back(
          {std::string(delta.tool.id), chat::ToolKind::kFunction, std::string(delta.tool.name), ""});
    }
    message.tool_calls[static_cast<size_t>(delta.tool.index)].arguments += std::string(delta.tool.arguments);
  }
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished&) override {}
  void OnUsage(const chat::Usage&) override {}
  void OnDone(const chat::Error* error) override { EXPECT_EQ(error, nullptr); }

  chat::Message message = chat::Say(chat::Role::kAssistant, {});
};

// The assistant's content in the next request.
std::string SentBack(const std::vector<std::string>& events) {
  Gatherer gatherer;
  const auto decoder = AnthropicCodec().NewDecoder({}, {});
  for (const std::string& event : events) decoder->OnEvent({"message", event, ""}, gatherer);
  EXPECT_TRUE(decoder->done());
  chat::Request request;
  request.model = "m";
  request.messages = {chat::Say(chat::Role::kUser, {"u"}), gatherer.message};
  std::vector<Misfit> misfits;
  AnthropicCodec().Fit({}, &request, &misfits);
  EXPECT_TRUE(misfits.empty());
  const std::string body = AnthropicCodec().EncodeChat(request, {}).body;
  const std::string before = R"({"role":"assistant","content":)";
  const size_t begin = body.find(before) + before.size();
  return body.substr(begin, body.rfind("}],\"stream\"") - begin);
}

TEST(AnthropicRoundTrip, ThinkingBetweenCallsComesBackInItsPlace) {
  EXPECT_EQ(
      SentBack({MessageStart(),
                BlockStart(0, R"({"type":"thinking","thinking":"","signature":""})"),
                BlockPiece(0, R"({"type":"thinking_delta","thinking":"first \"A\",\n"})"),
                BlockPiece(0, R"({"type":"thinking_delta","thinking":"then B"})"),
                BlockPiece(0, R"({"type":"signature_delta","signature":"EqQ/+=="})"),
                BlockStop(0),
                BlockStart(1, R"({"type":"text","text":""})"),
                BlockPiece(1, R"({"type":"text_delta","text":"I "})"),
                BlockPiece(1, R"({"type":"text_delta","text":"look"})"),
                BlockStop(1),
                BlockStart(2, R"({"type":"tool_use","id":"t1","name":"f","input":{}})"),
                BlockPiece(2, R"({"type":"input_json_delta","partial_json":"{\"x\": 1"})"),
                BlockPiece(2, R"({"type":"input_json_delta","partial_json":"}"})"),
                BlockStop(2),
                BlockStart(3, R"({"type":"redacted_thinking","data":"Ab=="})"),
                BlockStop(3),
                BlockStart(4, R"({"type":"tool_use","id":"t2","name":"g","input":{}})"),
                BlockStop(4),
                MessageEnd("tool_use"),
                MessageStop()}),
      R"([{"type":"thinking","thinking":"first \"A\",\nthen B","signature":"EqQ/+=="},{"type":"text","text":"I look"},)"
      R"({"type":"tool_use","id":"t1","name":"f","input":{"x": 1}},{"type":"redacted_thinking","data":"Ab=="},)"
      R"({"type":"tool_use","id":"t2","name":"g","input":{}}])");
}

TEST(AnthropicRoundTrip, APausedTurnCanGoOn) {
  EXPECT_EQ(
      SentBack({MessageStart(), BlockStart(0, R"({"type":"text","text":"I search"})"), BlockStop(0),
                BlockStart(1, R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}})"),
                BlockPiece(1, R"({"type":"input_json_delta","partial_json":"{\"query\":\"q\"}"})"), BlockStop(1),
                BlockStart(2, R"({"type":"web_search_tool_result","tool_use_id":"srv_1","content":[{"url":"u"}]})"),
                BlockStop(2), MessageEnd("pause_turn"), MessageStop()}),
      R"([{"type":"text","text":"I search"},)"
      R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"query":"q"}},)"
      R"({"type":"web_search_tool_result","tool_use_id":"srv_1","content":[{"url":"u"}]}])");
}

}  // namespace
}  // namespace sluice::dialect::anthropic
