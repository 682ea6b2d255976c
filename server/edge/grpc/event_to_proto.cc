#include "server/edge/grpc/event_to_proto.h"

namespace sluice::edge {
namespace {

void Assign(std::string* to, absl::string_view from) { to->assign(from.data(), from.size()); }

void FillToolCall(const chat::ToolCallFragment& tool, v1::ToolCallDelta* proto) {
  proto->set_index(tool.index);
  Assign(proto->mutable_arguments(), tool.arguments);
  Assign(proto->mutable_id(), tool.id);
  Assign(proto->mutable_name(), tool.name);
  // The call's first fragment introduces it; the others are only arguments.
  if (tool.id.empty() && tool.name.empty()) {
    proto->clear_type();
  } else {
    proto->set_type(tool.kind == chat::ToolKind::kCustom ? v1::TOOL_TYPE_CUSTOM : v1::TOOL_TYPE_FUNCTION);
  }
}

void FillAudio(const chat::AudioFragment& audio, v1::Audio* proto) {
  Assign(proto->mutable_id(), audio.id);
  Assign(proto->mutable_data(), audio.data);
  Assign(proto->mutable_transcript(), audio.transcript);
  proto->clear_expires_at();
  if (audio.expires_at) proto->set_expires_at(*audio.expires_at);
}

}  // namespace

void FillStarted(const exchange::Started& started, v1::Started* proto) {
  Assign(proto->mutable_completion_id(), started.identity.completion_id);
  Assign(proto->mutable_model(), started.identity.model);
  Assign(proto->mutable_upstream(), started.upstream);
  Assign(proto->mutable_provider_request_id(), started.provider_request_id);
  proto->set_attempt(started.attempt);
}

void FillDelta(const chat::Delta& delta, v1::Delta* proto) {
  proto->set_choice(delta.choice);
  switch (delta.kind) {
    case chat::DeltaKind::kText:
      Assign(proto->mutable_text(), delta.text);
      break;
    case chat::DeltaKind::kReasoning:
      Assign(proto->mutable_reasoning(), delta.text);
      break;
    case chat::DeltaKind::kRefusal:
      Assign(proto->mutable_refusal(), delta.text);
      break;
    case chat::DeltaKind::kToolCall:
      FillToolCall(delta.tool, proto->mutable_tool_call());
      break;
    case chat::DeltaKind::kAudio:
      FillAudio(delta.audio, proto->mutable_audio());
      break;
    case chat::DeltaKind::kOpaque:
      Assign(proto->mutable_opaque()->mutable_data(), delta.text);
      break;
  }
  proto->clear_logprobs();
  for (const chat::TokenLogprob& logprob : delta.logprobs) FillLogprob(logprob, proto->add_logprobs());
}

void FillAnnotation(const chat::Annotation& annotation, v1::Annotation* proto) {
  proto->set_choice(annotation.choice);
  Assign(proto->mutable_type(), annotation.type);
  Assign(proto->mutable_url(), annotation.url);
  Assign(proto->mutable_title(), annotation.title);
  Assign(proto->mutable_cited_text(), annotation.cited_text);
  if (annotation.start_index) proto->set_start_index(*annotation.start_index);
  if (annotation.end_index) proto->set_end_index(*annotation.end_index);
  Assign(proto->mutable_native_json(), annotation.native_json);
}

void FillModeration(const chat::Moderation& moderation, v1::ModerationResult* proto) {
  proto->set_subject(ToProto(moderation.subject));
  if (moderation.choice) proto->set_choice(*moderation.choice);
  if (moderation.flagged) proto->set_flagged(*moderation.flagged);
  Assign(proto->mutable_native_json(), moderation.native_json);
}

void FillWarning(const chat::Warning& warning, v1::Warning* proto) {
  proto->set_field(warning.field);
  proto->set_message(warning.message);
}

void FillFinished(const chat::Finished& finished, v1::Finished* proto) {
  proto->set_choice(finished.choice);
  proto->set_finish_reason(ToProto(finished.reason));
  Assign(proto->mutable_native_finish_reason(), finished.native);
}

void FillUsage(const chat::Usage& usage, v1::Usage* proto) {
  if (usage.prompt_tokens) proto->set_prompt_tokens(*usage.prompt_tokens);
  if (usage.completion_tokens) proto->set_completion_tokens(*usage.completion_tokens);
  if (usage.total_tokens) proto->set_total_tokens(*usage.total_tokens);
  if (usage.cached_tokens) proto->set_cached_tokens(*usage.cached_tokens);
  if (usage.cache_write_tokens) proto->set_cache_write_tokens(*usage.cache_write_tokens);
  proto->set_estimated(usage.estimated);
  if (usage.reasoning_tokens) proto->set_reasoning_tokens(*usage.reasoning_tokens);
}

void FillLogprob(const chat::TokenLogprob& logprob, v1::TokenLogprob* proto) {
  proto->set_token(logprob.token);
  proto->set_logprob(logprob.logprob);
  proto->set_bytes(logprob.bytes);
  for (const chat::TopLogprob& top : logprob.top) {
    v1::TopLogprob* entry = proto->add_top_logprobs();
    entry->set_token(top.token);
    entry->set_logprob(top.logprob);
    entry->set_bytes(top.bytes);
  }
}

v1::FinishReason ToProto(chat::FinishReason reason) {
  switch (reason) {
    case chat::FinishReason::kUnspecified:
      return v1::FINISH_REASON_UNSPECIFIED;
    case chat::FinishReason::kStop:
      return v1::FINISH_REASON_STOP;
    case chat::FinishReason::kLength:
      return v1::FINISH_REASON_LENGTH;
    case chat::FinishReason::kToolCalls:
      return v1::FINISH_REASON_TOOL_CALLS;
    case chat::FinishReason::kContentFilter:
      return v1::FINISH_REASON_CONTENT_FILTER;
    case chat::FinishReason::kError:
      return v1::FINISH_REASON_ERROR;
    case chat::FinishReason::kOther:
      return v1::FINISH_REASON_OTHER;
  }
  return v1::FINISH_REASON_OTHER;
}

v1::ModerationSubject ToProto(chat::Moderation::Subject subject) {
  switch (subject) {
    case chat::Moderation::Subject::kUnknown:
      return v1::MODERATION_SUBJECT_UNSPECIFIED;
    case chat::Moderation::Subject::kPrompt:
      return v1::MODERATION_SUBJECT_PROMPT;
    case chat::Moderation::Subject::kAnswer:
      return v1::MODERATION_SUBJECT_ANSWER;
  }
  return v1::MODERATION_SUBJECT_UNSPECIFIED;
}

}  // namespace sluice::edge
