#ifndef SLUICE_SERVER_DIALECT_EXTRA_H_
#define SLUICE_SERVER_DIALECT_EXTRA_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/chat/request.h"
#include "server/dialect/codec.h"
#include "server/json/writer.h"

namespace sluice::dialect {

// Request::extra_json, which is one JSON object by now: members for what the contract does not name.

// Refuses the members whose names stand in `own`: those that the dialect writes itself, or that the contract has a
// field for. `within` names a member whose own members are looked at in the same way ("generationConfig"), or is "".
void FitExtra(const chat::Request& request, absl::Span<const absl::string_view> own, absl::string_view within,
              std::vector<Misfit>* misfits);

// Writes the members, as the caller wrote their values, into the object that `json` is in; without the one named
// `except`, if that is not "".
void PutExtra(json::Writer& json, const std::string& extra_json, absl::string_view except = {});
// The same for the members of its member `within`.
void PutExtraWithin(json::Writer& json, const std::string& extra_json, absl::string_view within);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_EXTRA_H_
