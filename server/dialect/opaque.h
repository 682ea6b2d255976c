#ifndef SLUICE_SERVER_DIALECT_OPAQUE_H_
#define SLUICE_SERVER_DIALECT_OPAQUE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/dialect/codec.h"

namespace sluice::dialect {

// What an answer brings that only its provider can read (a signature over its thinking) and wants back on the next
// turn. To callers it is a string of bytes. Inside it is {"dialect":NAME,"part":NATIVE}, so that another provider's can
// be told apart when a conversation moves; the dialect of that name decides what the part looks like.
std::string WrapOpaque(absl::string_view dialect, absl::string_view native_json);

enum class OpaqueOrigin {
  kThis,   // `native` was set
  kOther,  // made by another dialect
  kNone,   // nothing that this gateway gave out
};
// `data` is what a caller sent back; `native_json` is set with kThis only.
OpaqueOrigin UnwrapOpaque(absl::string_view dialect, absl::string_view data, std::string* native_json);

// What Codec::Fit says of an opaque part that is not the dialect's own. `origin` is not kThis.
Misfit NotOurOpaque(std::string field, OpaqueOrigin origin);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_OPAQUE_H_
