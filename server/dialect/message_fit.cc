#include "server/dialect/message_fit.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/dialect/data_uri.h"
#include "server/dialect/json_object.h"

namespace sluice::dialect {

using Severity = Misfit::Severity;

void FitNotes::Add(absl::string_view member, absl::string_view why, Severity severity) const {
  misfits_.push_back({absl::StrCat(path_, member), std::string(why), severity});
}

FitNotes FitNotes::Below(absl::string_view member) const {
  return FitNotes(provider_, absl::StrCat(path_, member), misfits_);
}

bool FitImage(chat::Image& image, const FitNotes& notes) {
  const auto detail = std::exchange(image.detail, std::nullopt);
  if (detail && detail != chat::ImageDetail::kAuto) {
    notes.Add(".image.detail", absl::StrCat(notes.provider(), " has one resolution for all pictures: leave it out"),
              Severity::kPolicy);
  }
  if (!IsDataUri(image.url) || ReadDataUri(image.url)) return true;
  notes.Add(".image.url", "is no data: URI with a media type and its data: write data:image/png;base64,...",
            Severity::kRefuse);
  return false;
}

void FitCall(chat::ToolCall& call, const FitNotes& notes) {
  if (call.kind == chat::ToolKind::kCustom) {
    notes.Add(".custom", absl::StrCat(notes.provider(), " knows functions only: send the call as one"),
              Severity::kRefuse);
    call.kind = chat::ToolKind::kFunction;
    call.arguments.clear();
  }
  if (absl::StripAsciiWhitespace(call.arguments).empty() || IsJsonObject(call.arguments)) return;
  notes.Add(".function.arguments",
            absl::StrCat("is no JSON object, and ", notes.provider(),
                         " takes nothing else: mend it, or leave the call and its result out"),
            Severity::kRefuse);
  call.arguments.clear();
}

}  // namespace sluice::dialect
