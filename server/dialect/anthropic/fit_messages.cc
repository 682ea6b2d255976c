#include "server/dialect/anthropic/fit_messages.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/dialect/anthropic/media.h"
#include "server/dialect/anthropic/message_encoder.h"
#include "server/dialect/anthropic/opaque_parts.h"
#include "server/dialect/data_uri.h"
#include "server/dialect/json_object.h"

namespace sluice::dialect::anthropic {
namespace {

using Severity = Misfit::Severity;

// Fits one part; false: it is to be taken out.
class PartFitter {
 public:
  PartFitter(std::string path, std::vector<Misfit>& misfits) : path_(std::move(path)), misfits_(misfits) {}

  bool operator()(std::monostate) const { return false; }
  bool operator()(const chat::Text&) const { return true; }
  bool operator()(const chat::Refusal&) const { return true; }

  bool operator()(chat::Image& image) const {
    const auto detail = std::exchange(image.detail, std::nullopt);
    if (detail && detail != chat::ImageDetail::kAuto) {
      Add(".image.detail", "Anthropic has one resolution for all pictures: leave it out", Severity::kPolicy);
    }
    if (!IsDataUri(image.url) || ReadDataUri(image.url)) return true;
    Add(".image.url", "is no data: URI with a media type and its data: write data:image/png;base64,...",
        Severity::kRefuse);
    return false;
  }

  bool operator()(const chat::InputAudio&) const {
    Add(".audio", "Anthropic hears nothing: send the words as text", Severity::kRefuse);
    return false;
  }

  bool operator()(const chat::File& file) const {
    if (!file.file_id.empty()) {
      Add(".file.file_id", "files cannot be named to Anthropic this way: send the data", Severity::kRefuse);
      return false;
    }
    if (KindOfDocument(file) != DocumentKind::kNone) return true;
    Add(".file.mime_type", "Anthropic reads application/pdf, and text/plain in UTF-8: send the file as one of them",
        Severity::kRefuse);
    return false;
  }

  bool operator()(const chat::Opaque& opaque) const {
    OpaqueBlock block;
    const OpaqueOrigin origin = UnwrapBlock(opaque.data, &block);
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

// Whether a cache_control can stand on the part's block.
bool CanEndPrefix(const chat::Part& part) {
  const auto* const text = std::get_if<chat::Text>(&part.body);
  return !std::holds_alternative<chat::Opaque>(part.body) && (text == nullptr || !text->text.empty());
}

class MessageFitter {
 public:
  MessageFitter(size_t index, chat::Message& message, std::vector<Misfit>& misfits)
      : path_(absl::StrCat("messages[", index, "]")), message_(message), misfits_(misfits) {}

  void Fit() {
    FitContent();
    if (!message_.name.empty()) {
      Add(".name", "Anthropic knows no names of participants: say in the text who speaks", Severity::kPolicy);
      message_.name.clear();
    }
    for (size_t i = 0; i < message_.tool_calls.size(); ++i) {
      FitCall(absl::StrCat(".tool_calls[", i, "]"), message_.tool_calls[i]);
    }
    if (message_.audio_id.empty()) return;
    Add(".audio_id", "Anthropic keeps no spoken answers: send the answer's transcript as text", Severity::kRefuse);
    message_.audio_id.clear();
  }

 private:
  void FitContent() {
    std::vector<chat::Part>& content = message_.content;
    size_t kept = 0;
    for (size_t i = 0; i < content.size(); ++i) {
      const std::string path = absl::StrCat(path_, ".content[", i, "]");
      if (!std::visit(PartFitter(path, misfits_), content[i].body)) continue;
      if (content[i].cache_breakpoint && !CanEndPrefix(content[i])) {
        misfits_.push_back({absl::StrCat(path, ".prompt_cache_breakpoint"),
                            "Anthropic sets none on an empty text or an opaque part: set it on the part before",
                            Severity::kPolicy});
        content[i].cache_breakpoint = false;
      }
      if (kept != i) content[kept] = std::move(content[i]);
      ++kept;
    }
    content.erase(content.begin() + static_cast<ptrdiff_t>(kept), content.end());
  }

  void FitCall(const std::string& path, chat::ToolCall& call) {
    if (call.kind == chat::ToolKind::kCustom) {
      Add(absl::StrCat(path, ".custom"), "Anthropic knows functions only: send the call as one", Severity::kRefuse);
      call.kind = chat::ToolKind::kFunction;
      call.arguments.clear();
    }
    if (absl::StripAsciiWhitespace(call.arguments).empty() || IsJsonObject(call.arguments)) return;
    Add(absl::StrCat(path, ".function.arguments"),
        "is no JSON object, and Anthropic takes nothing else: mend it, or leave the call and its result out",
        Severity::kRefuse);
    call.arguments.clear();
  }

  void Add(absl::string_view member, absl::string_view why, Severity severity) {
    misfits_.push_back({absl::StrCat(path_, member), std::string(why), severity});
  }

  const std::string path_;
  chat::Message& message_;
  std::vector<Misfit>& misfits_;
};

}  // namespace

void FitMessages(std::vector<chat::Message>* messages, std::vector<Misfit>* misfits) {
  for (size_t i = 0; i < messages->size(); ++i) MessageFitter(i, (*messages)[i], *misfits).Fit();
  if (std::all_of(messages->begin(), messages->end(), IsInstruction)) {
    misfits->push_back({"messages", "Anthropic answers a message: add one that is no instruction", Severity::kRefuse});
  }
}

}  // namespace sluice::dialect::anthropic
