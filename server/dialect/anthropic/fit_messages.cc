#include "server/dialect/anthropic/fit_messages.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/dialect/anthropic/media.h"
#include "server/dialect/anthropic/message_encoder.h"
#include "server/dialect/anthropic/opaque_parts.h"
#include "server/dialect/message_fit.h"

namespace sluice::dialect::anthropic {
namespace {

using Severity = Misfit::Severity;

// Fits one part; false: it is to be taken out.
class PartFitter {
 public:
  explicit PartFitter(FitNotes notes) : notes_(std::move(notes)) {}

  bool operator()(std::monostate) const { return false; }
  bool operator()(const chat::Text&) const { return true; }
  bool operator()(const chat::Refusal&) const { return true; }

  bool operator()(chat::Image& image) const { return FitImage(image, notes_); }
  bool operator()(const chat::InputAudio&) const {
    notes_.Add(".audio", "Anthropic hears nothing: send the words as text", Severity::kRefuse);
    return false;
  }

  bool operator()(const chat::File& file) const {
    if (!file.file_id.empty()) {
      notes_.Add(".file.file_id", "files cannot be named to Anthropic this way: send the data", Severity::kRefuse);
      return false;
    }
    if (KindOfDocument(file) != DocumentKind::kNone) return true;
    notes_.Add(".file.mime_type",
               "Anthropic reads application/pdf, and text/plain in UTF-8: send the file as one of them",
               Severity::kRefuse);
    return false;
  }

  bool operator()(const chat::Opaque& opaque) const {
    OpaqueBlock block;
    const OpaqueOrigin origin = UnwrapBlock(opaque.data, &block);
    if (origin == OpaqueOrigin::kThis) return true;
    notes_.misfits().push_back(NotOurOpaque(notes_.path() + ".opaque", origin));
    return false;
  }

 private:
  const FitNotes notes_;
};

// Whether a cache_control can stand on the part's block.
bool CanEndPrefix(const chat::Part& part) {
  const auto* const text = std::get_if<chat::Text>(&part.body);
  return !std::holds_alternative<chat::Opaque>(part.body) && (text == nullptr || !text->text.empty());
}

class MessageFitter {
 public:
  MessageFitter(chat::Message& message, FitNotes notes) : message_(message), notes_(std::move(notes)) {}

  void Fit() {
    FitContent();
    if (!message_.name.empty()) {
      notes_.Add(".name", "Anthropic knows no names of participants: say in the text who speaks", Severity::kPolicy);
      message_.name.clear();
    }
    for (size_t i = 0; i < message_.tool_calls.size(); ++i) {
      FitCall(message_.tool_calls[i], notes_.Below(absl::StrCat(".tool_calls[", i, "]")));
    }
    if (message_.audio_id.empty()) return;
    notes_.Add(".audio_id", "Anthropic keeps no spoken answers: send the answer's transcript as text",
               Severity::kRefuse);
    message_.audio_id.clear();
  }

 private:
  void FitContent() {
    KeepWhere(message_.content, [this](size_t index, chat::Part& part) {
      const FitNotes notes = notes_.Below(absl::StrCat(".content[", index, "]"));
      if (!std::visit(PartFitter(notes), part.body)) return false;
      if (part.cache_breakpoint && !CanEndPrefix(part)) {
        notes.Add(".prompt_cache_breakpoint",
                  "Anthropic sets none on an empty text or an opaque part: set it on the part before",
                  Severity::kPolicy);
        part.cache_breakpoint = false;
      }
      return true;
    });
  }

  chat::Message& message_;
  const FitNotes notes_;
};

}  // namespace

void FitMessages(std::vector<chat::Message>* messages, std::vector<Misfit>* misfits) {
  for (size_t i = 0; i < messages->size(); ++i) {
    MessageFitter((*messages)[i], FitNotes("Anthropic", absl::StrCat("messages[", i, "]"), *misfits)).Fit();
  }
  if (std::all_of(messages->begin(), messages->end(), IsInstruction)) {
    misfits->push_back({"messages", "Anthropic answers a message: add one that is no instruction", Severity::kRefuse});
  }
}

}  // namespace sluice::dialect::anthropic
