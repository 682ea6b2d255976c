#ifndef SLUICE_SERVER_CONFIG_KEY_H_
#define SLUICE_SERVER_CONFIG_KEY_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::config {

// Whether `key` can be a real credential that begins with `prefix` ("" for any). Refused are an empty key, one with
// characters that no HTTP header takes, a placeholder copied from a guide ("YOUR_API_KEY", "sk-xxxx", "<key>",
// "changeme") and one without the prefix. Errors never quote the key.
absl::Status CheckKey(absl::string_view key, absl::string_view prefix);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_KEY_H_
