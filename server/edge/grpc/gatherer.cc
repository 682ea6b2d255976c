#include "server/edge/grpc/gatherer.h"

#include <string>

#include "server/edge/grpc/delta_split.h"
#include "server/edge/grpc/event_to_proto.h"

namespace sluice::edge {
namespace {

void Append(absl::string_view from, std::string* to) { to->append(from.data(), from.size()); }

}  // namespace

void Gatherer::Add(const exchange::Started& started) {
  v1::Started filled;
  FillStarted(started, &filled);
  response_.set_completion_id(filled.completion_id());
  response_.set_model(filled.model());
  response_.set_upstream(filled.upstream());
  response_.set_attempt(filled.attempt());
  response_.set_provider_request_id(filled.provider_request_id());
}

v1::CompletedChoice* Gatherer::Choice(int index) {
  auto* choices = response_.mutable_choices();
  int at = 0;
  while (at < choices->size() && choices->Get(at).index() < index) ++at;
  if (at < choices->size() && choices->Get(at).index() == index) return choices->Mutable(at);
  choices->Add()->set_index(index);
  for (int i = choices->size() - 1; i > at; --i) choices->SwapElements(i, i - 1);
  return choices->Mutable(at);
}

void Gatherer::Add(const chat::Delta& delta) {
  bytes_ += DeltaBytes(delta);
  v1::CompletedChoice* choice = Choice(delta.choice);
  switch (delta.kind) {
    case chat::DeltaKind::kText:
      Append(delta.text, choice->mutable_text());
      break;
    case chat::DeltaKind::kReasoning:
      Append(delta.text, choice->mutable_reasoning());
      break;
    case chat::DeltaKind::kRefusal:
      Append(delta.text, choice->mutable_refusal());
      break;
    case chat::DeltaKind::kToolCall:
      AddToolCall(delta.tool, choice);
      break;
    case chat::DeltaKind::kAudio:
      AddAudio(delta.audio, choice->mutable_audio());
      break;
    case chat::DeltaKind::kOpaque:
      choice->add_opaque()->set_data(delta.text.data(), delta.text.size());
      break;
  }
  const bool of_refusal = delta.kind == chat::DeltaKind::kRefusal;
  for (const chat::TokenLogprob& logprob : delta.logprobs) {
    FillLogprob(logprob, of_refusal ? choice->add_refusal_logprobs() : choice->add_logprobs());
  }
}

void Gatherer::AddToolCall(const chat::ToolCallFragment& fragment, v1::CompletedChoice* choice) {
  // Indexes count from 0 in order of first appearance, so a new one is the next.
  while (choice->tool_calls_size() <= fragment.index) choice->add_tool_calls();
  v1::ToolCall* call = choice->mutable_tool_calls(fragment.index);
  if (!fragment.id.empty()) call->set_id(std::string(fragment.id));
  const bool custom = fragment.kind == chat::ToolKind::kCustom || call->has_custom();
  if (custom) {
    if (!fragment.name.empty()) call->mutable_custom()->set_name(std::string(fragment.name));
    Append(fragment.arguments, call->mutable_custom()->mutable_input());
  } else {
    if (!fragment.name.empty()) call->mutable_function()->set_name(std::string(fragment.name));
    Append(fragment.arguments, call->mutable_function()->mutable_arguments());
  }
}

void Gatherer::AddAudio(const chat::AudioFragment& fragment, v1::Audio* audio) {
  if (!fragment.id.empty()) audio->set_id(std::string(fragment.id));
  Append(fragment.data, audio->mutable_data());
  Append(fragment.transcript, audio->mutable_transcript());
  if (fragment.expires_at) audio->set_expires_at(*fragment.expires_at);
}

void Gatherer::Add(const chat::Warning& warning) { FillWarning(warning, response_.add_warnings()); }

void Gatherer::Add(const chat::Annotation& annotation) {
  v1::Annotation* message = Choice(annotation.choice)->add_annotations();
  FillAnnotation(annotation, message);
  bytes_ += message->ByteSizeLong();
}

void Gatherer::Add(const chat::Moderation& moderation) {
  v1::ModerationResult* message = response_.add_moderations();
  FillModeration(moderation, message);
  bytes_ += message->ByteSizeLong();
}

void Gatherer::Add(const chat::Finished& finished) {
  v1::CompletedChoice* choice = Choice(finished.choice);
  choice->set_finish_reason(ToProto(finished.reason));
  choice->set_native_finish_reason(std::string(finished.native));
}

void Gatherer::Add(const chat::Usage& usage) { FillUsage(usage, response_.mutable_usage()); }

}  // namespace sluice::edge
