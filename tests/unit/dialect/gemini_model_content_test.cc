// What an answer brought stands in the next request as it stood in the answer.

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/dialect/gemini/model_content.h"
#include "server/dialect/gemini/opaque_parts.h"
#include "server/dialect/gemini/stream_decoder.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

std::string Put(const chat::Message& message) {
  std::string text;
  json::Writer json(text);
  json.StartArray();
  PutModelParts(json, message);
  json.EndArray();
  return text;
}

// Keeps an answer as a caller does: either in the order of its pieces, or as Complete gathers it, all the text first
// and all the opaque parts after it.
class Gatherer final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity&) override {}
  void OnDelta(const chat::Delta& delta) override {
    const std::string text(delta.text);
    if (delta.kind == chat::DeltaKind::kText) {
      in_order.content.push_back(chat::TextPart(text));
      text_ += text;
    } else if (delta.kind == chat::DeltaKind::kOpaque) {
      in_order.content.push_back({chat::Opaque{text}});
      opaque_.push_back({chat::Opaque{text}});
    } else if (delta.kind == chat::DeltaKind::kToolCall) {
      in_order.tool_calls.push_back({std::string(delta.tool.id), chat::ToolKind::kFunction,
                                     std::string(delta.tool.name), std::string(delta.tool.arguments)});
    }
  }
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished&) override {}
  void OnUsage(const chat::Usage&) override {}
  void OnDone(const chat::Error*) override {}

  chat::Message Gathered() const {
    chat::Message message;
    message.role = chat::Role::kAssistant;
    if (!text_.empty()) message.content.push_back(chat::TextPart(text_));
    message.content.insert(message.content.end(), opaque_.begin(), opaque_.end());
    message.tool_calls = in_order.tool_calls;
    return message;
  }

  chat::Message in_order;

 private:
  std::string text_;
  std::vector<chat::Part> opaque_;
};

// Decodes the chunks of parts, and expects that the history gives `parts` back, however the caller kept it.
void ExpectRoundTrip(const std::vector<std::string>& chunks, const std::string& parts) {
  FakeIdSource ids;
  GeminiDecoder decoder(DecodeLimits(), ids);
  Gatherer sink;
  for (const std::string& chunk : chunks) {
    const std::string event = PartsChunk(chunk);
    decoder.OnEvent({"message", event, ""}, sink);
  }
  EXPECT_EQ(Put(sink.in_order), parts);
  EXPECT_EQ(Put(sink.Gathered()), parts);
}

TEST(GeminiRoundTripTest, SignaturesOnCalls) {
  const std::string call = R"({"functionCall":{"id":"a","name":"f","args":{"x":1}},"thoughtSignature":"s1"})";
  const std::string second = R"({"functionCall":{"id":"b","name":"g","args":{}}})";
  ExpectRoundTrip({call + "," + second}, absl::StrCat("[", call, ",", second, "]"));
  ExpectRoundTrip({second, call}, absl::StrCat("[", second, ",", call, "]"));
}

TEST(GeminiRoundTripTest, TheSignatureOfACallWhoseIdWasMadeUp) {
  ExpectRoundTrip(
      {R"({"functionCall":{"name":"f"},"thoughtSignature":"s"})"},
      absl::StrCat(R"([{"functionCall":{"id":")", MadeUpId(1), R"(","name":"f","args":{}},"thoughtSignature":"s"}])"));
}

TEST(GeminiRoundTripTest, SignaturesOnText) {
  ExpectRoundTrip({R"({"text":"caf\u00e9 "})", R"({"text":"au"})", R"({"text":" lait","thoughtSignature":"s"})"},
                  "[{\"text\":\"caf\xC3\xA9 au\"},{\"text\":\" lait\",\"thoughtSignature\":\"s\"}]");
  ExpectRoundTrip({R"({"text":"a","thoughtSignature":"s1"},{"text":"b"},{"text":"c","thoughtSignature":"s2"})"},
                  R"([{"text":"a","thoughtSignature":"s1"},{"text":"b"},{"text":"c","thoughtSignature":"s2"}])");
}

TEST(GeminiRoundTripTest, SignaturesOnEmptyText) {
  ExpectRoundTrip({R"({"text":"a"})", R"({"text":"","thoughtSignature":"s"})"},
                  R"([{"text":"a"},{"text":"","thoughtSignature":"s"}])");
  ExpectRoundTrip({R"({"functionCall":{"id":"a","name":"f","args":{}}})", R"({"text":"","thoughtSignature":"s"})",
                   R"({"functionCall":{"id":"b","name":"f","args":{}}})"},
                  R"([{"functionCall":{"id":"a","name":"f","args":{}}},{"text":"","thoughtSignature":"s"},)"
                  R"({"functionCall":{"id":"b","name":"f","args":{}}}])");
}

TEST(GeminiRoundTripTest, SignedThinkingAndPartsOfOtherKinds) {
  const std::string thought = R"({"text":"hm","thought":true,"thoughtSignature":"s"})";
  const std::string code = R"({"executableCode":{"language":"PYTHON","code":"1"}})";
  const std::string result = R"({"codeExecutionResult":{"outcome":"OUTCOME_OK"}})";
  const std::string call = R"({"functionCall":{"id":"a","name":"f","args":{}}})";
  ExpectRoundTrip({thought, R"({"text":"a"})", code, result, R"({"text":"b"})", call},
                  absl::StrCat("[", thought, R"(,{"text":"a"},)", code, ",", result, R"(,{"text":"b"},)", call, "]"));
  ExpectRoundTrip({call, code}, absl::StrCat("[", call, ",", code, "]"));
}

TEST(GeminiRoundTripTest, ThinkingWithoutASignatureDoesNotComeBack) {
  ExpectRoundTrip({R"({"text":"hm","thought":true},{"text":"a"})"}, R"([{"text":"a"}])");
}

TEST(GeminiModelContentTest, WithoutMarksTheCallersPartsStay) {
  chat::Message message;
  message.content = {chat::TextPart("a"), chat::TextPart(""), chat::TextPart("b")};
  EXPECT_EQ(Put(message), R"([{"text":"a"},{"text":""},{"text":"b"}])");
}

TEST(GeminiModelContentTest, WhatTheCallerChangedGoesToTheNearestPlace) {
  chat::Message message;
  message.content = {chat::TextPart("\xC3\xA9"),
                     {chat::Opaque{OpaqueOfText("s", 1, 900, 77)}},
                     {chat::Opaque{OpaqueOfText("t", 0, 1, 0)}},
                     {chat::Opaque{OpaqueOfCall("u", "gone")}}};
  message.tool_calls = {{"a", chat::ToolKind::kFunction, "f", "{}"}};
  EXPECT_EQ(Put(message),
            "[{\"functionCall\":{\"id\":\"a\",\"name\":\"f\",\"args\":{}}},"
            "{\"text\":\"\xC3\xA9\",\"thoughtSignature\":\"s\"},{\"text\":\"\",\"thoughtSignature\":\"t\"}]");
}

TEST(GeminiModelContentTest, ArgumentsThatAreNoObjectAreLeftOut) {
  chat::Message message;
  message.tool_calls = {{"a", chat::ToolKind::kFunction, "f", "{\"x\":"}};
  EXPECT_EQ(
      Put(message),
      R"([{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"}])");
}

TEST(GeminiModelContentTest, OnlyCallsThatNoGeminiMadeAreExcusedFromSignatures) {
  chat::Message message;
  message.tool_calls = {{"a", chat::ToolKind::kFunction, "f", "{}"}, {"b", chat::ToolKind::kFunction, "g", "{}"}};
  EXPECT_EQ(
      Put(message),
      R"([{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"},)"
      R"({"functionCall":{"id":"b","name":"g","args":{}}}])");
  message.content = {{chat::Opaque{OpaqueOfCall("c2ln", "b")}, false}};
  EXPECT_EQ(Put(message), R"([{"functionCall":{"id":"a","name":"f","args":{}}},)"
                          R"({"functionCall":{"id":"b","name":"g","args":{}},"thoughtSignature":"c2ln"}])");
  // An answer that Gemini signed elsewhere is one of its own.
  message.content = {chat::TextPart("x"), {chat::Opaque{OpaqueOfText("c2ln", 0, 1, 0)}, false}};
  EXPECT_EQ(Put(message), R"([{"text":"x","thoughtSignature":"c2ln"},{"functionCall":{"id":"a","name":"f","args":{}}},)"
                          R"({"functionCall":{"id":"b","name":"g","args":{}}}])");
}

}  // namespace
}  // namespace sluice::dialect::gemini
