#include "server/dialect/anthropic/message_encoder.h"

#include <algorithm>

#include "server/dialect/anthropic/turns.h"

namespace sluice::dialect::anthropic {
namespace {

void PutContent(json::Writer& json, absl::string_view key, const Turn& turn, const CacheControl& cache) {
  json.Key(key);
  const chat::Text* const sole = turn.SoleText();
  if (sole != nullptr) {
    json.String(sole->text);
    return;
  }
  json.StartArray();
  for (const Block& block : turn.results) PutBlock(json, block, cache);
  for (const Block& block : turn.blocks) PutBlock(json, block, cache);
  json.EndArray();
}

}  // namespace

bool IsInstruction(const chat::Message& message) {
  return message.role == chat::Role::kSystem || message.role == chat::Role::kDeveloper;
}

void PutMessages(json::Writer& json, const std::vector<chat::Message>& messages, const CacheControl& cache) {
  const auto first = std::find_if_not(messages.begin(), messages.end(), IsInstruction);
  Turns system;
  for (auto message = messages.begin(); message != first; ++message) system.Add(*message);
  for (const Turn& turn : system.list()) PutContent(json, "system", turn, cache);

  Turns turns;
  for (auto message = first; message != messages.end(); ++message) turns.Add(*message);
  json.Key("messages").StartArray();
  for (const Turn& turn : turns.list()) {
    json.StartObject().Member("role", turn.role);
    PutContent(json, "content", turn, cache);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace sluice::dialect::anthropic
