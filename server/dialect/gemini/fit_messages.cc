#include "server/dialect/gemini/fit_messages.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/dialect/gemini/contents.h"
#include "server/dialect/gemini/opaque_parts.h"
#include "server/dialect/message_fit.h"
#include "server/dialect/opaque.h"

namespace sluice::dialect::gemini {
namespace {

using Severity = Misfit::Severity;

// Fits one part; false: it is to be taken out.
class PartFitter {
 public:
  explicit PartFitter(FitNotes notes) : notes_(std::move(notes)) {}

  bool operator()(std::monostate) const { return false; }
  bool operator()(const chat::Text&) const { return true; }
  bool operator()(const chat::Refusal&) const { return true; }
  bool operator()(const chat::InputAudio&) const { return true; }

  bool operator()(chat::Image& image) const { return FitImage(image, notes_); }
  bool operator()(const chat::File& file) const {
    if (!file.file_id.empty() || !file.mime_type.empty()) return true;
    notes_.Add(".file.mime_type", "Gemini has to be told what the data is: set it, to application/pdf for example",
               Severity::kRefuse);
    return false;
  }

  bool operator()(const chat::Opaque& opaque) const {
    std::string native;
    OpaqueOrigin origin = UnwrapOpaque(kDialectName, opaque.data, &native);
    if (origin == OpaqueOrigin::kThis && !ReadMark(native)) origin = OpaqueOrigin::kNone;
    if (origin == OpaqueOrigin::kThis) return true;
    notes_.misfits().push_back(NotOurOpaque(notes_.path() + ".opaque", origin));
    return false;
  }

 private:
  const FitNotes notes_;
};

class MessageFitter {
 public:
  // False: the message is to be taken out.
  bool Fit(chat::Message& message, const FitNotes& notes) {
    FitRole(message, notes);
    FitContent(message.content, notes);
    if (!message.name.empty()) {
      notes.Add(".name", "Gemini knows no names of participants: say in the text who speaks", Severity::kPolicy);
      message.name.clear();
    }
    for (size_t i = 0; i < message.tool_calls.size(); ++i) {
      calls_.insert(message.tool_calls[i].id);
      FitCall(message.tool_calls[i], notes.Below(absl::StrCat(".tool_calls[", i, "]")));
    }
    if (!message.audio_id.empty()) {
      notes.Add(".audio_id", "Gemini keeps no spoken answers: send the answer's transcript as text", Severity::kRefuse);
      message.audio_id.clear();
    }
    if (message.role != chat::Role::kTool || calls_.contains(message.tool_call_id)) return true;
    notes.Add(".tool_call_id", "names no call of an earlier message: Gemini has to be told the function's name",
              Severity::kRefuse);
    return false;
  }

 private:
  void FitRole(chat::Message& message, const FitNotes& notes) {
    if (!IsInstruction(message)) {
      in_conversation_ = true;
    } else if (in_conversation_) {
      notes.Add(".role",
                "Gemini takes instructions at the beginning only: move the message there; where that may be left "
                "aside, it is sent as a user's message",
                Severity::kPolicy);
      message.role = chat::Role::kUser;
    }
  }

  static void FitContent(std::vector<chat::Part>& content, const FitNotes& message_notes) {
    KeepWhere(content, [&](size_t index, chat::Part& part) {
      const FitNotes notes = message_notes.Below(absl::StrCat(".content[", index, "]"));
      const bool fits = std::visit(PartFitter(notes), part.body);
      if (std::exchange(part.cache_breakpoint, false)) {
        notes.Add(".prompt_cache_breakpoint",
                  "Gemini caches prefixes by itself, or as extra_json's cachedContent says: leave it out",
                  Severity::kPolicy);
      }
      return fits;
    });
  }

  bool in_conversation_ = false;
  std::set<std::string> calls_;  // ids
};

}  // namespace

void FitMessages(std::vector<chat::Message>* messages, std::vector<Misfit>* misfits) {
  MessageFitter fitter;
  KeepWhere(*messages, [&](size_t index, chat::Message& message) {
    return fitter.Fit(message, FitNotes("Gemini", absl::StrCat("messages[", index, "]"), *misfits));
  });
  if (std::all_of(messages->begin(), messages->end(), IsInstruction)) {
    misfits->push_back({"messages", "Gemini answers a message: add one that is no instruction", Severity::kRefuse});
  }
}

}  // namespace sluice::dialect::gemini
