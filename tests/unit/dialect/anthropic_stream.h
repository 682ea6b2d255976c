#ifndef SLUICE_TESTS_UNIT_DIALECT_ANTHROPIC_STREAM_H_
#define SLUICE_TESTS_UNIT_DIALECT_ANTHROPIC_STREAM_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect::anthropic {

// DecodeEachWay with Anthropic's decoder; made-up tool ids count from call_...01 for each run.
Decoded Decode(absl::string_view body, absl::string_view content_type = "text/event-stream");

// Each event under its SSE name, which is its `type`, as the API sends it.
std::string Events(const std::vector<std::string>& events);

// message_start of msg_1 by model m, with 12 tokens in and 1 out.
std::string MessageStart();
std::string BlockStart(int index, absl::string_view content_block);
std::string BlockPiece(int index, absl::string_view delta);
std::string BlockStop(int index);
// message_delta with 7 tokens out.
std::string MessageEnd(absl::string_view stop_reason);
std::string MessageStop();

// A text block of one piece: its three events.
std::vector<std::string> TextBlock(int index, absl::string_view text);

std::vector<std::string> Join(const std::vector<std::vector<std::string>>& lists);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_TESTS_UNIT_DIALECT_ANTHROPIC_STREAM_H_
