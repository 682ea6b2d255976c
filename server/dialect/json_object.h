#ifndef SLUICE_SERVER_DIALECT_JSON_OBJECT_H_
#define SLUICE_SERVER_DIALECT_JSON_OBJECT_H_

#include "absl/strings/string_view.h"

namespace sluice::dialect {

// Whether a text is one JSON object, so that it can go into the request as it stands.
bool IsJsonObject(absl::string_view text);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_JSON_OBJECT_H_
