#ifndef SLUICE_CLIENT_CLI_EXPLAIN_H_
#define SLUICE_CLIENT_CLI_EXPLAIN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client/cli/flags.h"
#include "sluice/call_status.h"

namespace sluice::cli {

// What went wrong and what to do about it, as lines for a person. `status` is not OK; `request_id` may be empty.
std::string Explain(const CallStatus& status, const Flags& flags, absl::string_view request_id);

// The text with every control character but newline and tab made visible, so that an answer cannot drive the terminal
// (move the cursor, set the title, answer queries). Invalid UTF-8 passes: terminals show it as such.
std::string Printable(absl::string_view text);

}  // namespace sluice::cli

#endif  // SLUICE_CLIENT_CLI_EXPLAIN_H_
