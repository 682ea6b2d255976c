#ifndef SLUICE_SERVER_CONFIG_NEAREST_H_
#define SLUICE_SERVER_CONFIG_NEAREST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sluice::config {

// ` (did you mean "connect"?)` for a word that was probably meant to be one of `known`, else "".
std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_NEAREST_H_
