#include "server/dialect/anthropic/media.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/base/utf8.h"

namespace sluice::dialect::anthropic {
namespace {

constexpr absl::string_view kScheme = "data:";
constexpr absl::string_view kBase64 = ";base64";

absl::string_view WithoutParameters(absl::string_view mime_type) {
  return absl::StripAsciiWhitespace(mime_type.substr(0, mime_type.find(';')));
}

}  // namespace

bool IsDataUri(absl::string_view uri) { return absl::StartsWithIgnoreCase(uri, kScheme); }

std::optional<Base64Uri> ReadBase64Uri(absl::string_view uri) {
  if (!IsDataUri(uri)) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  const size_t comma = uri.find(',');
  if (comma == absl::string_view::npos) return std::nullopt;
  const absl::string_view head = uri.substr(0, comma);
  const Base64Uri read = {WithoutParameters(head), uri.substr(comma + 1)};
  if (!absl::EndsWithIgnoreCase(head, kBase64) || !absl::StrContains(read.mime_type, '/') || read.base64.empty()) {
    return std::nullopt;
  }
  return read;
}

DocumentKind KindOfDocument(const chat::File& file) {
  const absl::string_view type = WithoutParameters(file.mime_type);
  if (absl::EqualsIgnoreCase(type, "application/pdf")) return DocumentKind::kPdf;
  if (absl::EqualsIgnoreCase(type, "text/plain") && IsValidUtf8(file.data)) return DocumentKind::kText;
  return DocumentKind::kNone;
}

}  // namespace sluice::dialect::anthropic
