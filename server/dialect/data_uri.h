#ifndef SLUICE_SERVER_DIALECT_DATA_URI_H_
#define SLUICE_SERVER_DIALECT_DATA_URI_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::dialect {

// What a data: URI holds (RFC 2397).
struct InlineData {
  std::string mime_type;  // with its parameters
  std::string base64;
};

bool IsDataUri(absl::string_view uri);
// Nothing for a URI that names no media type or whose base64 is none.
std::optional<InlineData> ReadDataUri(absl::string_view uri);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_DATA_URI_H_
