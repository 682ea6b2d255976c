#include <gtest/gtest.h>

#include "server/dialect/gemini/contents.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

std::string Put(const std::vector<chat::Message>& messages) {
  std::string text;
  json::Writer json(text);
  json.StartObject();
  PutContents(json, messages);
  json.EndObject();
  return text;
}

chat::Message From(chat::Role role, std::vector<chat::Part> content) {
  chat::Message message;
  message.role = role;
  message.content = std::move(content);
  return message;
}

chat::Message Says(chat::Role role, std::string text) { return From(role, {chat::TextPart(std::move(text))}); }

chat::Message Calls(std::vector<chat::ToolCall> calls) {
  chat::Message message = From(chat::Role::kAssistant, {});
  message.tool_calls = std::move(calls);
  return message;
}

chat::Message Result(std::string id, std::vector<chat::Part> content) {
  chat::Message message = From(chat::Role::kTool, std::move(content));
  message.tool_call_id = std::move(id);
  return message;
}

TEST(GeminiContentsTest, InstructionsAtTheBeginning) {
  EXPECT_EQ(
      Put({Says(chat::Role::kSystem, "s"), From(chat::Role::kDeveloper, {chat::TextPart("d"), chat::TextPart("e")}),
           Says(chat::Role::kUser, "u")}),
      R"({"systemInstruction":{"parts":[{"text":"s"},{"text":"d"},{"text":"e"}]},)"
      R"("contents":[{"role":"user","parts":[{"text":"u"}]}]})");
}

TEST(GeminiContentsTest, NeighboursOfOneRoleAreOneContent) {
  EXPECT_EQ(Put({Says(chat::Role::kUser, "a"), Says(chat::Role::kUser, "b"), Says(chat::Role::kAssistant, "c"),
                 From(chat::Role::kAssistant, {}), Says(chat::Role::kAssistant, "d"), Says(chat::Role::kUser, "e")}),
            R"({"contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"}]},)"
            R"({"role":"model","parts":[{"text":"c"},{"text":"d"}]},{"role":"user","parts":[{"text":"e"}]}]})");
}

TEST(GeminiContentsTest, CallsAndTheirResults) {
  EXPECT_EQ(
      Put({Says(chat::Role::kUser, "u"),
           Calls({{"a", chat::ToolKind::kFunction, "f", R"({ "x": 1.0 })"}, {"b", chat::ToolKind::kFunction, "g", ""}}),
           Result("b", {chat::TextPart("sunny")}), Result("a", {chat::TextPart(R"({ "t": 21.50 })")}),
           Says(chat::Role::kUser, "and?")}),
      R"({"contents":[{"role":"user","parts":[{"text":"u"}]},{"role":"model","parts":[)"
      R"({"functionCall":{"id":"a","name":"f","args":{ "x": 1.0 }},"thoughtSignature":"skip_thought_signature_validator"},)"
      R"({"functionCall":{"id":"b","name":"g","args":{}}}]},)"
      R"({"role":"user","parts":[{"functionResponse":{"id":"b","name":"g","response":{"result":"sunny"}}},)"
      R"({"functionResponse":{"id":"a","name":"f","response":{ "t": 21.50 }}}]},)"
      R"({"role":"user","parts":[{"text":"and?"}]}]})");
}

TEST(GeminiContentsTest, ResultsThatAreNoObject) {
  const auto response = [](std::vector<chat::Part> content) {
    const std::string text =
        Put({Calls({{"a", chat::ToolKind::kFunction, "f", "{}"}}), Result("a", std::move(content))});
    const size_t begin = text.find("\"response\":");
    return text.substr(begin, text.size() - begin - std::string("}}]}]}").size());
  };
  EXPECT_EQ(response({chat::TextPart("[1]")}), R"("response":{"result":"[1]"})");
  EXPECT_EQ(response({chat::TextPart("")}), R"("response":{"result":""})");
  EXPECT_EQ(response({chat::TextPart("{\"a\":")}), R"("response":{"result":"{\"a\":"})");
  EXPECT_EQ(response({chat::TextPart("{}"), chat::TextPart("b")}), R"("response":{"result":["{}","b"]})");
}

TEST(GeminiContentsTest, AnIdThatIsUsedAgainMeansTheLatestCall) {
  EXPECT_EQ(
      Put({Calls({{"a", chat::ToolKind::kFunction, "f", "{}"}}), Calls({{"a", chat::ToolKind::kFunction, "g", "{}"}}),
           Result("a", {chat::TextPart("{}")})}),
      R"({"contents":[{"role":"model","parts":[)"
      R"({"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"},)"
      R"({"functionCall":{"id":"a","name":"g","args":{}},"thoughtSignature":"skip_thought_signature_validator"}]},)"
      R"({"role":"user","parts":[{"functionResponse":{"id":"a","name":"g","response":{}}}]}]})");
}

TEST(GeminiContentsTest, PicturesSoundsAndFiles) {
  chat::Image bytes;
  bytes.data = std::string("A\0B", 3);
  bytes.mime_type = "image/png";
  chat::Image uri;
  uri.url = "data:image/jpeg;base64,QUI=";
  chat::Image url;
  url.url = "https://a/b.png";
  chat::File file;
  file.data = "AB";
  file.filename = "f.pdf";
  file.mime_type = "application/pdf";
  chat::File uploaded;
  uploaded.file_id = "https://a/v1beta/files/1";
  const chat::InputAudio wav = {"AB", chat::AudioFormat::kWav};
  const chat::InputAudio mp3 = {"AB", chat::AudioFormat::kMp3};
  EXPECT_EQ(
      Put({From(chat::Role::kUser, {{bytes}, {uri}, {url}, {wav}, {mp3}, {file}, {uploaded}})}),
      R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"QQBC"}},)"
      R"({"inlineData":{"mimeType":"image/jpeg","data":"QUI="}},{"fileData":{"fileUri":"https://a/b.png"}},)"
      R"({"inlineData":{"mimeType":"audio/wav","data":"QUI="}},{"inlineData":{"mimeType":"audio/mp3","data":"QUI="}},)"
      R"({"inlineData":{"mimeType":"application/pdf","data":"QUI="}},)"
      R"({"fileData":{"fileUri":"https://a/v1beta/files/1"}}]}]})");
}

TEST(GeminiContentsTest, ARefusalIsSentAsText) {
  EXPECT_EQ(Put({From(chat::Role::kAssistant, {{chat::Refusal{"no"}}})}),
            R"({"contents":[{"role":"model","parts":[{"text":"no"}]}]})");
}

}  // namespace
}  // namespace sluice::dialect::gemini
