#include "server/dialect/gemini/model_content.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/base/utf8.h"
#include "server/dialect/gemini/opaque_parts.h"
#include "server/dialect/json_object.h"
#include "server/dialect/opaque.h"

namespace sluice::dialect::gemini {
namespace {

// What Google's guide to thought signatures gives for calls that no Gemini made: from Gemini 3 on a step whose first
// call has no signature is refused, and so would be every conversation that began with another provider.
constexpr absl::string_view kNotOurCall = "skip_thought_signature_validator";

class ModelParts {
 public:
  ModelParts(json::Writer& json, const chat::Message& message) : json_(json), calls_(message.tool_calls) {
    for (const chat::Part& part : message.content) Read(part);
    if (!calls_.empty() && signatures_.empty() && marks_.empty()) signatures_[calls_[0].id] = std::string(kNotOurCall);
  }

  void Put() {
    if (marks_.empty()) {
      for (const absl::string_view text : texts_) PutText(text, "");
    } else {
      for (const absl::string_view text : texts_) text_.append(text.data(), text.size());
    }
    for (const Mark& mark : marks_) PutMark(mark);
    PutTextTo(text_.size());
    PutCallsTo(calls_.size());
  }

 private:
  void Read(const chat::Part& part) {
    if (const auto* const text = std::get_if<chat::Text>(&part.body)) texts_.push_back(text->text);
    if (const auto* const refusal = std::get_if<chat::Refusal>(&part.body)) texts_.push_back(refusal->text);
    const auto* const opaque = std::get_if<chat::Opaque>(&part.body);
    std::string native;
    if (opaque == nullptr || UnwrapOpaque(kDialectName, opaque->data, &native) != OpaqueOrigin::kThis) return;
    std::optional<Mark> mark = ReadMark(native);
    if (!mark) return;
    if (mark->call.empty()) {
      marks_.push_back(*std::move(mark));
    } else {
      signatures_[mark->call] = mark->signature;
    }
  }

  void PutMark(const Mark& mark) {
    PutTextTo(mark.begin);
    PutCallsTo(mark.calls);
    if (mark.part.empty()) {
      PutText(TakeTextTo(mark.end), mark.signature);
    } else {
      json_.Raw(mark.part);
    }
  }

  // The text up to that place, as far as it was not taken before.
  absl::string_view TakeTextTo(size_t end) {
    const size_t begin = place_;
    place_ = std::max(begin, Utf8Boundary(text_, std::min(end, text_.size())));
    return absl::string_view(text_).substr(begin, place_ - begin);
  }

  void PutTextTo(size_t end) {
    const absl::string_view text = TakeTextTo(end);
    if (!text.empty()) PutText(text, "");
  }

  void PutText(absl::string_view text, absl::string_view signature) {
    json_.StartObject().Member("text", text);
    PutSignature(signature);
  }

  void PutCallsTo(size_t end) {
    for (; next_call_ < std::min(end, calls_.size()); ++next_call_) {
      const chat::ToolCall& call = calls_[next_call_];
      json_.StartObject().Key("functionCall").StartObject().Member("id", call.id).Member("name", call.name);
      json_.Key("args").Raw(IsJsonObject(call.arguments) ? absl::string_view(call.arguments) : "{}").EndObject();
      PutSignature(signatures_[call.id]);
    }
  }

  void PutSignature(absl::string_view signature) {
    if (!signature.empty()) json_.Member("thoughtSignature", signature);
    json_.EndObject();
  }

  json::Writer& json_;
  const std::vector<chat::ToolCall>& calls_;
  std::vector<absl::string_view> texts_;
  std::vector<Mark> marks_;
  std::map<std::string, std::string> signatures_;  // by the id of the call
  std::string text_;                               // all of it, where it has marks
  size_t place_ = 0;                               // in it
  size_t next_call_ = 0;
};

}  // namespace

void PutModelParts(json::Writer& json, const chat::Message& message) { ModelParts(json, message).Put(); }

}  // namespace sluice::dialect::gemini
