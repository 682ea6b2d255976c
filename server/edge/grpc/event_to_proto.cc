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
  }
  proto->clear_logprobs();
  for (const chat::TokenLogprob& logprob : delta.logprobs) FillLogprob(logprob, proto->add_logprobs());
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

}  // namespace sluice::edge
