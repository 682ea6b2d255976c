#include "server/dialect/openai/words.h"

namespace sluice::dialect::openai {

const char* Word(chat::Role role) {
  switch (role) {
    case chat::Role::kDeveloper:
      return "developer";
    case chat::Role::kSystem:
      return "system";
    case chat::Role::kUser:
      return "user";
    case chat::Role::kAssistant:
      return "assistant";
    case chat::Role::kTool:
      return "tool";
  }
  return "developer";
}

const char* Word(chat::ToolKind kind) {
  switch (kind) {
    case chat::ToolKind::kFunction:
      return "function";
    case chat::ToolKind::kCustom:
      return "custom";
  }
  return "function";
}

const char* Word(chat::ImageDetail detail) {
  switch (detail) {
    case chat::ImageDetail::kAuto:
      return "auto";
    case chat::ImageDetail::kLow:
      return "low";
    case chat::ImageDetail::kHigh:
      return "high";
  }
  return "auto";
}

const char* Word(chat::AudioFormat format) {
  switch (format) {
    case chat::AudioFormat::kWav:
      return "wav";
    case chat::AudioFormat::kMp3:
      return "mp3";
    case chat::AudioFormat::kAac:
      return "aac";
    case chat::AudioFormat::kFlac:
      return "flac";
    case chat::AudioFormat::kOpus:
      return "opus";
    case chat::AudioFormat::kPcm16:
      return "pcm16";
  }
  return "wav";
}

const char* Word(chat::ServiceTier tier) {
  switch (tier) {
    case chat::ServiceTier::kAuto:
      return "auto";
    case chat::ServiceTier::kDefault:
      return "default";
    case chat::ServiceTier::kFlex:
      return "flex";
    case chat::ServiceTier::kScale:
      return "scale";
    case chat::ServiceTier::kPriority:
      return "priority";
    case chat::ServiceTier::kFast:
      return "fast";
  }
  return "auto";
}

const char* Word(chat::ReasoningEffort effort) {
  switch (effort) {
    case chat::ReasoningEffort::kNone:
      return "none";
    case chat::ReasoningEffort::kMinimal:
      return "minimal";
    case chat::ReasoningEffort::kLow:
      return "low";
    case chat::ReasoningEffort::kMedium:
      return "medium";
    case chat::ReasoningEffort::kHigh:
      return "high";
    case chat::ReasoningEffort::kXHigh:
      return "xhigh";
    case chat::ReasoningEffort::kMax:
      return "max";
  }
  return "none";
}

const char* Word(chat::Verbosity verbosity) {
  switch (verbosity) {
    case chat::Verbosity::kLow:
      return "low";
    case chat::Verbosity::kMedium:
      return "medium";
    case chat::Verbosity::kHigh:
      return "high";
  }
  return "low";
}

const char* Word(chat::CacheRetention retention) {
  switch (retention) {
    case chat::CacheRetention::kInMemory:
      return "in_memory";
    case chat::CacheRetention::k24h:
      return "24h";
  }
  return "in_memory";
}

const char* Word(chat::CacheMode mode) {
  switch (mode) {
    case chat::CacheMode::kImplicit:
      return "implicit";
    case chat::CacheMode::kExplicit:
      return "explicit";
  }
  return "implicit";
}

const char* Word(chat::Modality modality) {
  switch (modality) {
    case chat::Modality::kText:
      return "text";
    case chat::Modality::kAudio:
      return "audio";
  }
  return "text";
}

const char* Word(chat::SearchContextSize size) {
  switch (size) {
    case chat::SearchContextSize::kLow:
      return "low";
    case chat::SearchContextSize::kMedium:
      return "medium";
    case chat::SearchContextSize::kHigh:
      return "high";
  }
  return "low";
}

const char* Word(chat::GrammarSyntax syntax) {
  switch (syntax) {
    case chat::GrammarSyntax::kLark:
      return "lark";
    case chat::GrammarSyntax::kRegex:
      return "regex";
  }
  return "lark";
}

}  // namespace sluice::dialect::openai
