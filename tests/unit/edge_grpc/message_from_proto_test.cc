#include "server/edge/grpc/message_from_proto.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/edge_grpc/describe.h"

namespace sluice::edge {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

chat::Message Convert(v1::Message proto, std::vector<std::string>* violated = nullptr) {
  std::vector<chat::FieldViolation> found;
  Violations violations(&found);
  const Place root;
  chat::Message message = MessageFromProto(&proto, Place(root, "messages", 3), violations);
  for (const auto& violation : found) {
    if (violated == nullptr) ADD_FAILURE() << violation.field << ": " << violation.description;
    if (violated != nullptr) violated->push_back(violation.field);
  }
  return message;
}

TEST(MessageFromProtoTest, EveryRoleArrives) {
  const std::vector<std::pair<v1::Role, chat::Role>> roles = {{v1::ROLE_DEVELOPER, chat::Role::kDeveloper},
                                                              {v1::ROLE_SYSTEM, chat::Role::kSystem},
                                                              {v1::ROLE_USER, chat::Role::kUser},
                                                              {v1::ROLE_ASSISTANT, chat::Role::kAssistant},
                                                              {v1::ROLE_TOOL, chat::Role::kTool}};
  EXPECT_EQ(roles.size(), static_cast<size_t>(v1::Role_MAX));
  for (const auto& [role, plain] : roles) {
    v1::Message proto;
    proto.set_role(role);
    EXPECT_EQ(Convert(proto).role, plain);
  }
  EXPECT_EQ(Convert({}).role, std::nullopt);
}

TEST(MessageFromProtoTest, PartsOfEveryKindKeepTheirPlacesAndBytes) {
  const std::string bytes("\0\xff\x01", 3);
  v1::Message proto;
  proto.set_role(v1::ROLE_USER);
  proto.add_content()->set_text(std::string("a\0b", 3));
  v1::ImagePart* image = proto.add_content()->mutable_image();
  image->set_url("https://example.org/a.png");
  image->set_detail(v1::IMAGE_DETAIL_LOW);
  image = proto.add_content()->mutable_image();
  image->set_data(bytes);
  image->set_mime_type("image/png");
  v1::AudioPart* audio = proto.add_content()->mutable_audio();
  audio->set_data(bytes);
  audio->set_format(v1::AUDIO_FORMAT_MP3);
  v1::FilePart* file = proto.add_content()->mutable_file();
  file->set_data(bytes);
  file->set_filename("a.pdf");
  file->set_mime_type("application/pdf");
  proto.add_content()->mutable_file()->set_file_id("file-1");
  proto.add_content()->set_refusal("no");
  proto.add_content()->mutable_opaque()->set_data(bytes);
  proto.add_content();
  proto.add_content()->set_text("");

  const chat::Message message = Convert(proto);
  ASSERT_EQ(message.content.size(), 10u);
  EXPECT_EQ(std::get<chat::Text>(message.content[0].body).text, std::string("a\0b", 3));
  const auto& by_url = std::get<chat::Image>(message.content[1].body);
  EXPECT_EQ(by_url.url, "https://example.org/a.png");
  EXPECT_EQ(by_url.detail, chat::ImageDetail::kLow);
  EXPECT_EQ(by_url.data, "");
  const auto& by_data = std::get<chat::Image>(message.content[2].body);
  EXPECT_EQ(by_data.data, bytes);
  EXPECT_EQ(by_data.mime_type, "image/png");
  EXPECT_EQ(by_data.detail, std::nullopt);
  const auto& sound = std::get<chat::InputAudio>(message.content[3].body);
  EXPECT_EQ(sound.data, bytes);
  EXPECT_EQ(sound.format, chat::AudioFormat::kMp3);
  const auto& whole_file = std::get<chat::File>(message.content[4].body);
  EXPECT_EQ(whole_file.data, bytes);
  EXPECT_EQ(whole_file.filename, "a.pdf");
  EXPECT_EQ(whole_file.mime_type, "application/pdf");
  EXPECT_EQ(std::get<chat::File>(message.content[5].body).file_id, "file-1");
  EXPECT_EQ(std::get<chat::Refusal>(message.content[6].body).text, "no");
  EXPECT_EQ(std::get<chat::Opaque>(message.content[7].body).data, bytes);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(message.content[8].body));
  EXPECT_EQ(std::get<chat::Text>(message.content[9].body).text, "");
}

TEST(MessageFromProtoTest, ToolCallsKeepTheirOrderAndTheirArgumentsAsWritten) {
  v1::Message proto;
  proto.set_role(v1::ROLE_ASSISTANT);
  proto.set_name("planner");
  proto.set_audio_id("audio-1");
  v1::ToolCall* call = proto.add_tool_calls();
  call->set_id("call_1");
  call->mutable_function()->set_name("add");
  call->mutable_function()->set_arguments("{ \"x\" : 1.0, ");
  call = proto.add_tool_calls();
  call->set_id("call_2");
  call->mutable_custom()->set_name("run");
  call->mutable_custom()->set_input("ls -l");
  proto.add_tool_calls()->set_id("call_3");

  const chat::Message message = Convert(proto);
  EXPECT_EQ(message.name, "planner");
  EXPECT_EQ(message.audio_id, "audio-1");
  ASSERT_EQ(message.tool_calls.size(), 3u);
  EXPECT_EQ(message.tool_calls[0].id, "call_1");
  EXPECT_EQ(message.tool_calls[0].kind, chat::ToolKind::kFunction);
  EXPECT_EQ(message.tool_calls[0].name, "add");
  EXPECT_EQ(message.tool_calls[0].arguments, "{ \"x\" : 1.0, ");
  EXPECT_EQ(message.tool_calls[1].kind, chat::ToolKind::kCustom);
  EXPECT_EQ(message.tool_calls[1].name, "run");
  EXPECT_EQ(message.tool_calls[1].arguments, "ls -l");
  EXPECT_EQ(message.tool_calls[2].kind, std::nullopt);
}

TEST(MessageFromProtoTest, AToolsResultNamesItsCall) {
  v1::Message proto;
  proto.set_role(v1::ROLE_TOOL);
  proto.set_tool_call_id("call_1");
  proto.add_content()->set_text("3");
  EXPECT_EQ(Convert(proto).tool_call_id, "call_1");
}

TEST(MessageFromProtoTest, ABreakpointIsOneUnlessItAsksForAnotherMode) {
  v1::Message proto;
  v1::ContentPart* part = proto.add_content();
  part->set_text("prefix");
  EXPECT_FALSE(Convert(proto).content[0].cache_breakpoint);
  part->mutable_prompt_cache_breakpoint();
  EXPECT_TRUE(Convert(proto).content[0].cache_breakpoint);
  part->mutable_prompt_cache_breakpoint()->set_mode(v1::PROMPT_CACHE_MODE_EXPLICIT);
  EXPECT_TRUE(Convert(proto).content[0].cache_breakpoint);
  part->mutable_prompt_cache_breakpoint()->set_mode(v1::PROMPT_CACHE_MODE_IMPLICIT);
  std::vector<std::string> violated;
  Convert(proto, &violated);
  EXPECT_THAT(violated, ElementsAre("messages[3].content[0].prompt_cache_breakpoint.mode"));
}

// To copy a conversation of 32 MiB would take its memory twice.
TEST(MessageFromProtoTest, TextsAndDataAreMoved) {
  v1::Message proto;
  proto.add_content()->set_text(std::string(1000, 'a'));
  proto.add_content()->mutable_image()->set_data(std::string(1000, 'b'));
  proto.add_content()->mutable_opaque()->set_data(std::string(1000, 'c'));
  proto.add_tool_calls()->mutable_function()->set_arguments(std::string(1000, 'd'));
  const void* const text = proto.content(0).text().data();
  const void* const image = proto.content(1).image().data().data();
  const void* const opaque = proto.content(2).opaque().data().data();
  const void* const arguments = proto.tool_calls(0).function().arguments().data();
  std::vector<chat::FieldViolation> found;
  Violations violations(&found);
  const chat::Message message = MessageFromProto(&proto, Place(), violations);
  EXPECT_EQ(std::get<chat::Text>(message.content[0].body).text.data(), text);
  EXPECT_EQ(std::get<chat::Image>(message.content[1].body).data.data(), image);
  EXPECT_EQ(std::get<chat::Opaque>(message.content[2].body).data.data(), opaque);
  EXPECT_EQ(message.tool_calls[0].arguments.data(), arguments);
  EXPECT_THAT(found, IsEmpty());
}

}  // namespace
}  // namespace sluice::edge
