#ifndef SLUICE_TESTS_UNIT_DIALECT_HARNESS_H_
#define SLUICE_TESTS_UNIT_DIALECT_HARNESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/dialect/codec.h"
#include "tests/unit/dialect/recorder.h"

namespace sluice::dialect {

struct Decoded {
  Lines lines;
  chat::Error error;
};

using MakeDecoder = std::function<std::unique_ptr<StreamDecoder>()>;

// Feeds `body` to a ReplyReader whole, byte by byte, and cut in two at every place; requires the same events each
// time, none of them later than its last byte allows, and returns them.
Decoded DecodeEachWay(const MakeDecoder& make, absl::string_view body,
                      absl::string_view content_type = "text/event-stream");

// The same with OpenAI's decoder; made-up tool ids count from call_...01 for each run.
Decoded DecodeOpenAi(absl::string_view body, absl::string_view content_type = "text/event-stream");

// A stream of data events: "data: X\n\n" for each.
std::string Stream(const std::vector<std::string>& events);

// A chunk with one choice, index 0, and this delta; `rest` is put in after the delta (", \"finish_reason\": ...").
std::string Chunk(absl::string_view delta, absl::string_view rest = "");
// A chunk without output that finishes choice 0.
std::string FinishChunk(absl::string_view reason);

}  // namespace sluice::dialect

#endif  // SLUICE_TESTS_UNIT_DIALECT_HARNESS_H_
