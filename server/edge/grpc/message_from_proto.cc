#include "server/edge/grpc/message_from_proto.h"

#include <string>
#include <utility>

namespace sluice::edge {
namespace {

// TakeEnum and KnownEnum count on the two lists running in step.
static_assert(static_cast<int>(chat::Role::kDeveloper) + 1 == v1::ROLE_DEVELOPER);
static_assert(static_cast<int>(chat::Role::kTool) + 1 == v1::ROLE_TOOL);
static_assert(static_cast<int>(chat::ImageDetail::kHigh) + 1 == v1::IMAGE_DETAIL_HIGH);
static_assert(static_cast<int>(chat::AudioFormat::kMp3) + 1 == v1::AUDIO_FORMAT_MP3);
static_assert(static_cast<int>(chat::AudioFormat::kPcm16) + 1 == v1::AUDIO_FORMAT_PCM16);

chat::Image ImageFromProto(v1::ImagePart* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  chat::Image image;
  if (proto->has_url()) image.url = std::move(*proto->mutable_url());
  if (proto->has_data()) image.data = std::move(*proto->mutable_data());
  if (!proto->mime_type().empty()) image.mime_type = std::move(*proto->mutable_mime_type());
  image.detail = violations.TakeEnum<chat::ImageDetail>(proto->detail(), v1::ImageDetail_MAX, Place(place, "detail"));
  return image;
}

chat::InputAudio AudioFromProto(v1::AudioPart* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  return {std::move(*proto->mutable_data()),
          Violations::KnownEnum<chat::AudioFormat>(proto->format(), v1::AudioFormat_MAX)};
}

chat::File FileFromProto(v1::FilePart* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  chat::File file;
  if (proto->has_file_id()) file.file_id = std::move(*proto->mutable_file_id());
  if (proto->has_data()) file.data = std::move(*proto->mutable_data());
  if (!proto->filename().empty()) file.filename = std::move(*proto->mutable_filename());
  if (!proto->mime_type().empty()) file.mime_type = std::move(*proto->mutable_mime_type());
  return file;
}

chat::Opaque OpaqueFromProto(v1::OpaquePart* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  return {std::move(*proto->mutable_data())};
}

void CheckBreakpoint(const v1::PromptCacheBreakpoint& proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(proto, place);
  if (proto.mode() == v1::PROMPT_CACHE_MODE_UNSPECIFIED || proto.mode() == v1::PROMPT_CACHE_MODE_EXPLICIT) return;
  violations.Add(Place(place, "mode"), "must be EXPLICIT, or be left out");
}

chat::Part PartFromProto(v1::ContentPart* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  chat::Part part;
  switch (proto->part_case()) {
    case v1::ContentPart::kText:
      part.body = chat::Text{std::move(*proto->mutable_text())};
      break;
    case v1::ContentPart::kImage:
      part.body = ImageFromProto(proto->mutable_image(), Place(place, "image"), violations);
      break;
    case v1::ContentPart::kAudio:
      part.body = AudioFromProto(proto->mutable_audio(), Place(place, "audio"), violations);
      break;
    case v1::ContentPart::kFile:
      part.body = FileFromProto(proto->mutable_file(), Place(place, "file"), violations);
      break;
    case v1::ContentPart::kRefusal:
      part.body = chat::Refusal{std::move(*proto->mutable_refusal())};
      break;
    case v1::ContentPart::kOpaque:
      part.body = OpaqueFromProto(proto->mutable_opaque(), Place(place, "opaque"), violations);
      break;
    case v1::ContentPart::PART_NOT_SET:
      break;
  }
  part.cache_breakpoint = proto->has_prompt_cache_breakpoint();
  if (part.cache_breakpoint) {
    CheckBreakpoint(proto->prompt_cache_breakpoint(), Place(place, "prompt_cache_breakpoint"), violations);
  }
  return part;
}

chat::ToolCall ToolCallFromProto(v1::ToolCall* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  chat::ToolCall call;
  call.id = std::move(*proto->mutable_id());
  if (proto->has_function()) {
    v1::FunctionCall* function = proto->mutable_function();
    violations.RefuseUnknownFields(*function, Place(place, "function"));
    call.kind = chat::ToolKind::kFunction;
    call.name = std::move(*function->mutable_name());
    call.arguments = std::move(*function->mutable_arguments());
  } else if (proto->has_custom()) {
    v1::CustomToolCall* custom = proto->mutable_custom();
    violations.RefuseUnknownFields(*custom, Place(place, "custom"));
    call.kind = chat::ToolKind::kCustom;
    call.name = std::move(*custom->mutable_name());
    call.arguments = std::move(*custom->mutable_input());
  }
  return call;
}

}  // namespace

chat::Message MessageFromProto(v1::Message* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  chat::Message message;
  message.role = Violations::KnownEnum<chat::Role>(proto->role(), v1::Role_MAX);
  message.content.reserve(static_cast<size_t>(proto->content_size()));
  for (int i = 0; i < proto->content_size(); ++i) {
    message.content.push_back(PartFromProto(proto->mutable_content(i), Place(place, "content", i), violations));
  }
  // To take an absent text would first make one.
  if (!proto->name().empty()) message.name = std::move(*proto->mutable_name());
  message.tool_calls.reserve(static_cast<size_t>(proto->tool_calls_size()));
  for (int i = 0; i < proto->tool_calls_size(); ++i) {
    const Place call(place, "tool_calls", i);
    message.tool_calls.push_back(ToolCallFromProto(proto->mutable_tool_calls(i), call, violations));
  }
  if (!proto->tool_call_id().empty()) message.tool_call_id = std::move(*proto->mutable_tool_call_id());
  if (!proto->audio_id().empty()) message.audio_id = std::move(*proto->mutable_audio_id());
  return message;
}

}  // namespace sluice::edge
