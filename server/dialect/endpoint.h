#ifndef SLUICE_SERVER_DIALECT_ENDPOINT_H_
#define SLUICE_SERVER_DIALECT_ENDPOINT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/dialect/codec.h"

namespace sluice::dialect {

// How a dialect's requests are addressed where the target says nothing else.
struct Endpoint {
  absl::string_view chat_path;    // under base_url; "{model}" stands for the model's name
  absl::string_view models_path;  // the same
  absl::string_view auth_header;
  absl::string_view auth_prefix;  // before the key, in the header
};

// Requests without a body, with URL, credentials, the target's headers and what the kind of request wants.
HttpRequest ChatRequestTo(const Target& target, const Endpoint& endpoint, absl::string_view model);
HttpRequest ListModelsRequestTo(const Target& target, const Endpoint& endpoint);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_ENDPOINT_H_
