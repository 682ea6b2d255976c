#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_MEDIA_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_MEDIA_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "server/chat/message.h"

namespace sluice::dialect::anthropic {

// The two halves of "data:image/png;base64,..." (RFC 2397); views into the URI.
struct Base64Uri {
  absl::string_view mime_type;  // without parameters
  absl::string_view base64;
};

bool IsDataUri(absl::string_view uri);
// Nothing for a data: URI without a media type, or whose data is not in base64: Anthropic takes no other.
std::optional<Base64Uri> ReadBase64Uri(absl::string_view uri);

// What Anthropic takes as a document.
enum class DocumentKind { kNone, kPdf, kText };
// By the media type of a file that came with its data. kNone also for a text that is no valid UTF-8.
DocumentKind KindOfDocument(const chat::File& file);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_MEDIA_H_
