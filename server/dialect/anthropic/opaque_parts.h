#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_OPAQUE_PARTS_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_OPAQUE_PARTS_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "server/dialect/opaque.h"

namespace sluice::dialect::anthropic {

// What Anthropic wants back on the next turn, as dialect/opaque.h wraps it: {"block":BLOCK,"calls_before":N}. BLOCK is
// a content block as the provider made it: thinking with its signature, or what its own tools did. N is how many of the
// answer's tool calls stand before it: the contract keeps calls apart from content, and a signature holds in its place
// only.
inline constexpr absl::string_view kDialectName = "anthropic";

// Whether a block of that type goes to callers as an opaque part.
bool IsOpaqueBlock(absl::string_view type);

struct OpaqueBlock {
  std::string json;
  size_t calls_before = 0;
};

std::string WrapBlock(absl::string_view block_json, size_t calls_before);
// A block whose input came piece by piece after its start, with the pieces joined in place of the empty one; "" if they
// make no JSON object.
std::string WithInput(absl::string_view block_json, absl::string_view input);

// `block` is set with kThis only.
OpaqueOrigin UnwrapBlock(absl::string_view data, OpaqueBlock* block);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_OPAQUE_PARTS_H_
