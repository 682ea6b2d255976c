#ifndef SLUICE_SERVER_DIALECT_GEMINI_JSON_OBJECT_H_
#define SLUICE_SERVER_DIALECT_GEMINI_JSON_OBJECT_H_

#include "absl/strings/string_view.h"

namespace sluice::dialect::gemini {

// Whether a text is one JSON object, so that it can go into the request as it stands.
bool IsJsonObject(absl::string_view text);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_JSON_OBJECT_H_
