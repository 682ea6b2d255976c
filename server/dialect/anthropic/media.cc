#include "server/dialect/anthropic/media.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/base/utf8.h"

namespace sluice::dialect::anthropic {

absl::string_view WithoutParameters(absl::string_view mime_type) {
  return absl::StripAsciiWhitespace(mime_type.substr(0, mime_type.find(';')));
}

DocumentKind KindOfDocument(const chat::File& file) {
  const absl::string_view type = WithoutParameters(file.mime_type);
  if (absl::EqualsIgnoreCase(type, "application/pdf")) return DocumentKind::kPdf;
  if (absl::EqualsIgnoreCase(type, "text/plain") && IsValidUtf8(file.data)) return DocumentKind::kText;
  return DocumentKind::kNone;
}

}  // namespace sluice::dialect::anthropic
