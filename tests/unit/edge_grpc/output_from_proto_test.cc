#include "server/edge/grpc/output_from_proto.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::edge {
namespace {

using ::testing::ElementsAre;

chat::Request Convert(v1::ChatRequest proto, std::vector<std::string>* violated = nullptr) {
  std::vector<chat::FieldViolation> found;
  Violations violations(&found);
  chat::Request request;
  TakeOutput(&proto, Place(), &request, violations);
  for (const auto& violation : found) {
    if (violated == nullptr) ADD_FAILURE() << violation.field << ": " << violation.description;
    if (violated != nullptr) violated->push_back(violation.field);
  }
  return request;
}

TEST(OutputFromProtoTest, EachFormatArrives) {
  using Kind = chat::ResponseFormat::Kind;
  v1::ChatRequest proto;
  EXPECT_FALSE(Convert(proto).response_format.has_value());
  v1::ResponseFormat* format = proto.mutable_response_format();
  EXPECT_EQ(Convert(proto).response_format->kind, std::nullopt);
  format->mutable_text();
  EXPECT_EQ(Convert(proto).response_format->kind, Kind::kText);
  format->mutable_json_object();
  EXPECT_EQ(Convert(proto).response_format->kind, Kind::kJsonObject);
  format->mutable_json_schema()->set_name("answer");
  const auto bare = *Convert(proto).response_format;
  EXPECT_EQ(bare.kind, Kind::kJsonSchema);
  EXPECT_EQ(bare.schema_json, std::nullopt);
  EXPECT_EQ(bare.strict, std::nullopt);
  format->mutable_json_schema()->set_description("what to say");
  format->mutable_json_schema()->set_schema_json("{ \"b\":1.0, \"a\" : 2 }");
  format->mutable_json_schema()->set_strict(false);
  const auto full = *Convert(proto).response_format;
  EXPECT_EQ(full.name, "answer");
  EXPECT_EQ(full.description, "what to say");
  EXPECT_EQ(full.schema_json, "{ \"b\":1.0, \"a\" : 2 }");
  EXPECT_EQ(full.strict, false);
}

TEST(OutputFromProtoTest, SpokenOutputArrives) {
  const std::vector<std::pair<v1::AudioFormat, chat::AudioFormat>> formats = {
      {v1::AUDIO_FORMAT_WAV, chat::AudioFormat::kWav},   {v1::AUDIO_FORMAT_MP3, chat::AudioFormat::kMp3},
      {v1::AUDIO_FORMAT_AAC, chat::AudioFormat::kAac},   {v1::AUDIO_FORMAT_FLAC, chat::AudioFormat::kFlac},
      {v1::AUDIO_FORMAT_OPUS, chat::AudioFormat::kOpus}, {v1::AUDIO_FORMAT_PCM16, chat::AudioFormat::kPcm16}};
  EXPECT_EQ(formats.size(), static_cast<size_t>(v1::AudioFormat_MAX));
  for (const auto& [format, plain] : formats) {
    v1::ChatRequest proto;
    proto.mutable_audio()->set_voice("ash");
    proto.mutable_audio()->set_format(format);
    const chat::Request request = Convert(proto);
    ASSERT_TRUE(request.audio.has_value());
    EXPECT_EQ(request.audio->voice, "ash");
    EXPECT_EQ(request.audio->format, plain);
  }
}

TEST(OutputFromProtoTest, ModalitiesKeepTheirOrderAndOneThatIsNoneItsPlace) {
  v1::ChatRequest proto;
  proto.add_modalities(v1::MODALITY_AUDIO);
  proto.add_modalities(static_cast<v1::Modality>(9));
  proto.add_modalities(v1::MODALITY_TEXT);
  EXPECT_THAT(Convert(proto).modalities, ElementsAre(chat::Modality::kAudio, std::nullopt, chat::Modality::kText));
}

TEST(OutputFromProtoTest, APredictionIsItsTexts) {
  v1::ChatRequest proto;
  proto.mutable_prediction()->add_content()->set_text("one");
  proto.mutable_prediction()->add_content()->set_text("two");
  EXPECT_THAT(Convert(proto).prediction, ElementsAre("one", "two"));
}

TEST(OutputFromProtoTest, APredictionWithoutTextIsRefused) {
  v1::ChatRequest proto;
  proto.mutable_prediction();
  std::vector<std::string> violated;
  Convert(proto, &violated);
  EXPECT_THAT(violated, ElementsAre("prediction.content"));
  proto.mutable_prediction()->add_content()->set_refusal("no");
  v1::ContentPart* cached = proto.mutable_prediction()->add_content();
  cached->set_text("one");
  cached->mutable_prompt_cache_breakpoint();
  violated.clear();
  Convert(proto, &violated);
  EXPECT_THAT(violated, ElementsAre("prediction.content[0]", "prediction.content[1].prompt_cache_breakpoint"));
}

TEST(OutputFromProtoTest, ModerationArrivesWithItsPolicyAsWritten) {
  v1::ChatRequest proto;
  proto.mutable_moderation()->set_model("omni");
  proto.mutable_moderation()->set_policy_json("{ \"a\" : 1 }");
  const chat::Request request = Convert(proto);
  ASSERT_TRUE(request.moderation.has_value());
  EXPECT_EQ(request.moderation->model, "omni");
  EXPECT_EQ(request.moderation->policy_json, "{ \"a\" : 1 }");
}

TEST(OutputFromProtoTest, AWebSearchArrivesWithItsPlace) {
  v1::ChatRequest proto;
  proto.mutable_web_search_options();
  ASSERT_TRUE(Convert(proto).web_search.has_value());
  EXPECT_FALSE(Convert(proto).web_search->user_location.has_value());
  proto.mutable_web_search_options()->set_search_context_size(v1::SEARCH_CONTEXT_SIZE_HIGH);
  v1::ApproximateLocation* location = proto.mutable_web_search_options()->mutable_user_location();
  location->set_country("NO");
  location->set_region("Troms");
  location->set_city("Harstad");
  location->set_timezone("Europe/Oslo");
  const chat::WebSearch search = *Convert(proto).web_search;
  EXPECT_EQ(search.context_size, chat::SearchContextSize::kHigh);
  EXPECT_EQ(search.user_location->country, "NO");
  EXPECT_EQ(search.user_location->region, "Troms");
  EXPECT_EQ(search.user_location->city, "Harstad");
  EXPECT_EQ(search.user_location->timezone, "Europe/Oslo");
}

}  // namespace
}  // namespace sluice::edge
