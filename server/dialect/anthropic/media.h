#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_MEDIA_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_MEDIA_H_

#include "absl/strings/string_view.h"
#include "server/chat/message.h"

namespace sluice::dialect::anthropic {

// A media type without its parameters, which Anthropic does not take.
absl::string_view WithoutParameters(absl::string_view mime_type);

// What Anthropic takes as a document.
enum class DocumentKind { kNone, kPdf, kText };
// By the media type of a file that came with its data. kNone also for a text that is no valid UTF-8.
DocumentKind KindOfDocument(const chat::File& file);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_MEDIA_H_
