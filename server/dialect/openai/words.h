#ifndef SLUICE_SERVER_DIALECT_OPENAI_WORDS_H_
#define SLUICE_SERVER_DIALECT_OPENAI_WORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "server/chat/request.h"
#include "server/json/writer.h"

namespace sluice::dialect::openai {

// OpenAI's word for each value of the contract.
const char* Word(chat::Role role);
const char* Word(chat::ToolKind kind);
const char* Word(chat::ImageDetail detail);
const char* Word(chat::AudioFormat format);
const char* Word(chat::ServiceTier tier);
const char* Word(chat::ReasoningEffort effort);
const char* Word(chat::Verbosity verbosity);
const char* Word(chat::CacheRetention retention);
const char* Word(chat::CacheMode mode);
const char* Word(chat::Modality modality);
const char* Word(chat::SearchContextSize size);
const char* Word(chat::GrammarSyntax syntax);

// Members that are left out when the caller left them out.
inline void Put(json::Writer& json, absl::string_view key, const std::optional<double>& value) {
  if (value.has_value()) json.Key(key).Double(*value);
}
inline void Put(json::Writer& json, absl::string_view key, const std::optional<int32_t>& value) {
  if (value.has_value()) json.Key(key).Int(*value);
}
inline void Put(json::Writer& json, absl::string_view key, const std::optional<int64_t>& value) {
  if (value.has_value()) json.Key(key).Int(*value);
}
inline void Put(json::Writer& json, absl::string_view key, const std::optional<bool>& value) {
  if (value.has_value()) json.Key(key).Bool(*value);
}
inline void Put(json::Writer& json, absl::string_view key, const std::string& value) {
  if (!value.empty()) json.Member(key, value);
}
template <typename Enum>
requires std::is_enum_v<Enum>
void Put(json::Writer& json, absl::string_view key, const std::optional<Enum>& value) {
  if (value.has_value()) json.Member(key, Word(*value));
}
// JSON that the caller wrote, as it was written.
inline void PutRaw(json::Writer& json, absl::string_view key, const std::optional<std::string>& value) {
  if (value.has_value()) json.Key(key).Raw(*value);
}

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_WORDS_H_
