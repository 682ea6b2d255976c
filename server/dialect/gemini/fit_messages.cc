#include "server/dialect/gemini/fit_messages.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/dialect/data_uri.h"
#include "server/dialect/gemini/contents.h"
#include "server/dialect/gemini/opaque_parts.h"
#include "server/dialect/json_object.h"
#include "server/dialect/opaque.h"

namespace sluice::dialect::gemini {
namespace {

using Severity = Misfit::Severity;

// Takes out what does not fit; `fits` sees each in order, with the index that the caller knows it by.
template <typename Element, typename Fits>
void KeepWhere(std::vector<Element>& list, Fits fits) {
  size_t kept = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    if (!fits(i, list[i])) continue;
    if (kept != i) list[kept] = std::move(list[i]);
    ++kept;
  }
  list.erase(list.begin() + static_cast<ptrdiff_t>(kept), list.end());
}

// Fits one part; false: it is to be taken out.
class PartFitter {
 public:
  PartFitter(std::string path, std::vector<Misfit>& misfits) : path_(std::move(path)), misfits_(misfits) {}

  bool operator()(std::monostate) const { return false; }
  bool operator()(const chat::Text&) const { return true; }
  bool operator()(const chat::Refusal&) const { return true; }
  bool operator()(const chat::InputAudio&) const { return true; }

  bool operator()(chat::Image& image) const {
    const auto detail = std::exchange(image.detail, std::nullopt);
    if (detail && detail != chat::ImageDetail::kAuto) {
      Add(".image.detail", "Gemini has one resolution for all pictures: leave it out", Severity::kPolicy);
    }
    if (!IsDataUri(image.url) || ReadDataUri(image.url)) return true;
    Add(".image.url", "is no data: URI with a media type and its data: write data:image/png;base64,...",
        Severity::kRefuse);
    return false;
  }

  bool operator()(const chat::File& file) const {
    if (!file.file_id.empty() || !file.mime_type.empty()) return true;
    Add(".file.mime_type", "Gemini has to be told what the data is: set it, to application/pdf for example",
        Severity::kRefuse);
    return false;
  }

  bool operator()(const chat::Opaque& opaque) const {
    std::string native;
    OpaqueOrigin origin = UnwrapOpaque(kDialectName, opaque.data, &native);
    if (origin == OpaqueOrigin::kThis && !ReadMark(native)) origin = OpaqueOrigin::kNone;
    if (origin == OpaqueOrigin::kThis) return true;
    misfits_.push_back(NotOurOpaque(absl::StrCat(path_, ".opaque"), origin));
    return false;
  }

 private:
  void Add(absl::string_view member, absl::string_view why, Severity severity) const {
    misfits_.push_back({absl::StrCat(path_, member), std::string(why), severity});
  }

  const std::string path_;
  std::vector<Misfit>& misfits_;
};

class MessageFitter {
 public:
  explicit MessageFitter(std::vector<Misfit>& misfits) : misfits_(misfits) {}

  // False: the message is to be taken out.
  bool Fit(size_t index, chat::Message& message) {
    path_ = absl::StrCat("messages[", index, "]");
    FitRole(message);
    FitContent(message.content);
    if (!message.name.empty()) {
      Add(".name", "Gemini knows no names of participants: say in the text who speaks", Severity::kPolicy);
      message.name.clear();
    }
    FitCalls(message.tool_calls);
    if (!message.audio_id.empty()) {
      Add(".audio_id", "Gemini keeps no spoken answers: send the answer's transcript as text", Severity::kRefuse);
      message.audio_id.clear();
    }
    if (message.role != chat::Role::kTool || calls_.contains(message.tool_call_id)) return true;
    Add(".tool_call_id", "names no call of an earlier message: Gemini has to be told the function's name",
        Severity::kRefuse);
    return false;
  }

 private:
  void FitRole(chat::Message& message) {
    if (!IsInstruction(message)) {
      in_conversation_ = true;
    } else if (in_conversation_) {
      Add(".role",
          "Gemini takes instructions at the beginning only: move the message there; where that may be left aside, it "
          "is sent as a user's message",
          Severity::kPolicy);
      message.role = chat::Role::kUser;
    }
  }

  void FitContent(std::vector<chat::Part>& content) {
    KeepWhere(content, [this](size_t index, chat::Part& part) {
      const std::string path = absl::StrCat(path_, ".content[", index, "]");
      const bool fits = std::visit(PartFitter(path, misfits_), part.body);
      if (std::exchange(part.cache_breakpoint, false)) {
        misfits_.push_back({absl::StrCat(path, ".prompt_cache_breakpoint"),
                            "Gemini caches prefixes by itself, or as extra_json's cachedContent says: leave it out"});
      }
      return fits;
    });
  }

  void FitCalls(std::vector<chat::ToolCall>& calls) {
    KeepWhere(calls, [this](size_t index, chat::ToolCall& call) {
      const std::string path = absl::StrCat(".tool_calls[", index, "]");
      calls_.insert(call.id);
      if (call.kind == chat::ToolKind::kCustom) {
        Add(absl::StrCat(path, ".custom"), "Gemini knows functions only: send the call as one", Severity::kRefuse);
        return false;
      }
      if (!absl::StripAsciiWhitespace(call.arguments).empty() && !IsJsonObject(call.arguments)) {
        Add(absl::StrCat(path, ".function.arguments"),
            "is no JSON object, and Gemini takes nothing else: mend it, or leave the call and its result out",
            Severity::kRefuse);
        call.arguments.clear();
      }
      return true;
    });
  }

  void Add(absl::string_view member, absl::string_view why, Severity severity) {
    misfits_.push_back({absl::StrCat(path_, member), std::string(why), severity});
  }

  std::vector<Misfit>& misfits_;
  std::string path_;
  bool in_conversation_ = false;
  std::set<std::string> calls_;  // ids
};

}  // namespace

void FitMessages(std::vector<chat::Message>* messages, std::vector<Misfit>* misfits) {
  MessageFitter fitter(*misfits);
  KeepWhere(*messages, [&](size_t index, chat::Message& message) { return fitter.Fit(index, message); });
  if (std::all_of(messages->begin(), messages->end(), IsInstruction)) {
    misfits->push_back({"messages", "Gemini answers a message: add one that is no instruction", Severity::kRefuse});
  }
}

}  // namespace sluice::dialect::gemini
