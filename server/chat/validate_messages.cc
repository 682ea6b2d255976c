#include "server/chat/validate_messages.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::chat {
namespace {

// Checks one part, whatever message it is in.
class PartChecker {
 public:
  PartChecker(std::string path, Checker& check) : path_(std::move(path)), check_(check) {}

  void operator()(std::monostate) const {
    check_.Add(path_, "must hold one of text, image, audio, file, refusal and opaque");
  }
  void operator()(const Text&) const {}
  void operator()(const Image& image) const {
    if (!image.url.empty()) {
      const bool known = absl::StartsWithIgnoreCase(image.url, "https:") ||
                         absl::StartsWithIgnoreCase(image.url, "http:") ||
                         absl::StartsWithIgnoreCase(image.url, "data:");
      check_.Require(known, absl::StrCat(path_, ".image.url"), "must be an http:, https: or data: URI");
      return;
    }
    check_.Require(!image.data.empty(), absl::StrCat(path_, ".image"), "must have a url or data");
    check_.Require(!image.mime_type.empty(), absl::StrCat(path_, ".image.mime_type"),
                   "must name the media type of data, such as image/png");
  }
  void operator()(const InputAudio& audio) const {
    check_.Require(!audio.data.empty(), absl::StrCat(path_, ".audio.data"), "must not be empty");
    check_.Require(audio.format == AudioFormat::kWav || audio.format == AudioFormat::kMp3,
                   absl::StrCat(path_, ".audio.format"), "must be WAV or MP3");
  }
  void operator()(const File& file) const {
    if (!file.file_id.empty()) return;
    check_.Require(!file.data.empty(), absl::StrCat(path_, ".file"), "must have a file_id or data");
    check_.Require(!file.filename.empty(), absl::StrCat(path_, ".file.filename"), "must be set beside data");
  }
  void operator()(const Refusal&) const {}
  void operator()(const Opaque& opaque) const {
    check_.Require(!opaque.data.empty(), absl::StrCat(path_, ".opaque.data"),
                   "must be what an earlier answer brought, unchanged");
  }

 private:
  const std::string path_;
  Checker& check_;
};

template <typename Body>
bool Is(const Part& part) {
  return std::holds_alternative<Body>(part.body);
}

bool Allowed(Role role, const Part& part) {
  if (Is<std::monostate>(part) || Is<Text>(part)) return true;  // the former is told elsewhere
  switch (role) {
    case Role::kUser:
      return Is<Image>(part) || Is<InputAudio>(part) || Is<File>(part);
    case Role::kAssistant:
      return Is<Refusal>(part) || Is<Opaque>(part);
    case Role::kDeveloper:
    case Role::kSystem:
    case Role::kTool:
      return false;
  }
  return false;
}

const char* WhatIsAllowed(Role role) {
  switch (role) {
    case Role::kUser:
      return "a user's message takes text, image, audio and file parts";
    case Role::kAssistant:
      return "an assistant's message takes text and opaque parts, or one refusal";
    default:
      return "a message of this role takes text parts only";
  }
}

const char* KindName(ToolKind kind) { return kind == ToolKind::kFunction ? "function" : "custom"; }

class MessageChecker {
 public:
  MessageChecker(const Message& message, std::string path, Checker& check)
      : message_(message), path_(std::move(path)), check_(check) {}

  void Check() const {
    check_.Require(message_.role.has_value(), Path(".role"), "must be DEVELOPER, SYSTEM, USER, ASSISTANT or TOOL");
    CheckContent();
    CheckToolCalls();
    const bool is_result = message_.role == Role::kTool;
    if (is_result) {
      check_.Require(!message_.tool_call_id.empty(), Path(".tool_call_id"),
                     "must name the tool call that this answers");
    } else {
      check_.Require(message_.tool_call_id.empty(), Path(".tool_call_id"), "belongs to messages of role TOOL only");
    }
    if (message_.audio_id.empty()) return;
    check_.Require(IsAssistant(), Path(".audio_id"), "belongs to messages of role ASSISTANT only");
    check_.Require(message_.content.empty(), Path(".audio_id"), "stands in place of content: leave one of the two out");
  }

 private:
  bool IsAssistant() const { return message_.role == Role::kAssistant; }
  std::string Path(absl::string_view member) const { return absl::StrCat(path_, member); }

  void CheckContent() const {
    const bool may_lack = IsAssistant() && (!message_.tool_calls.empty() || !message_.audio_id.empty());
    check_.Require(may_lack || !message_.content.empty(), Path(".content"),
                   "must hold at least one part; an empty text is allowed");
    for (size_t i = 0; i < message_.content.size(); ++i) {
      const Part& part = message_.content[i];
      const std::string path = absl::StrCat(path_, ".content[", i, "]");
      std::visit(PartChecker(path, check_), part.body);
      if (message_.role) check_.Require(Allowed(*message_.role, part), path, WhatIsAllowed(*message_.role));
      const bool refusal = Is<Refusal>(part);
      check_.Require(!refusal || message_.content.size() == 1, path, "a refusal must be its message's only part");
      check_.Require(!refusal || !part.cache_breakpoint, absl::StrCat(path, ".prompt_cache_breakpoint"),
                     "cannot stand on a refusal");
    }
  }

  void CheckToolCalls() const {
    check_.Require(IsAssistant() || message_.tool_calls.empty(), Path(".tool_calls"),
                   "belongs to messages of role ASSISTANT only");
    for (size_t i = 0; i < message_.tool_calls.size(); ++i) {
      const ToolCall& call = message_.tool_calls[i];
      const std::string path = absl::StrCat(path_, ".tool_calls[", i, "]");
      check_.Require(!call.id.empty(), absl::StrCat(path, ".id"), "must not be empty");
      check_.Require(call.kind.has_value(), path, "must hold one of function and custom");
      if (!call.kind) continue;
      check_.Require(!call.name.empty(), absl::StrCat(path, ".", KindName(*call.kind), ".name"), "must not be empty");
    }
  }

  const Message& message_;
  const std::string path_;
  Checker& check_;
};

}  // namespace

void CheckMessages(const std::vector<Message>& messages, Checker& check) {
  check.Require(!messages.empty(), "messages", "must hold at least one message");
  for (size_t i = 0; i < messages.size(); ++i) {
    MessageChecker(messages[i], absl::StrCat("messages[", i, "]"), check).Check();
  }
}

}  // namespace sluice::chat
