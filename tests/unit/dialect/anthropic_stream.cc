#include "tests/unit/dialect/anthropic_stream.h"

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/dialect/anthropic/stream_decoder.h"

namespace sluice::dialect::anthropic {

Decoded Decode(absl::string_view body, absl::string_view content_type) {
  // Every run numbers from 1; all its decoders live within this call.
  std::vector<std::unique_ptr<FakeIdSource>> ids;
  const MakeDecoder make = [&ids] {
    ids.push_back(std::make_unique<FakeIdSource>());
    return std::make_unique<AnthropicDecoder>(DecodeLimits(), *ids.back());
  };
  return DecodeEachWay(make, body, content_type);
}

std::string Events(const std::vector<std::string>& events) {
  std::string out;
  for (const std::string& event : events) {
    json::Tape tape;
    tape.Parse(event);
    absl::StrAppend(&out, "event: ", tape.root().Find("type").AsString(), "\ndata: ", event, "\n\n");
  }
  return out;
}

std::string MessageStart() {
  return R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m",)"
         R"("content":[],"stop_reason":null,"usage":{"input_tokens":12,"output_tokens":1}}})";
}

std::string BlockStart(int index, absl::string_view content_block) {
  return absl::StrCat(R"({"type":"content_block_start","index":)", index, R"(,"content_block":)", content_block, "}");
}

std::string BlockPiece(int index, absl::string_view delta) {
  return absl::StrCat(R"({"type":"content_block_delta","index":)", index, R"(,"delta":)", delta, "}");
}

std::string BlockStop(int index) { return absl::StrCat(R"({"type":"content_block_stop","index":)", index, "}"); }

std::string MessageEnd(absl::string_view stop_reason) {
  return absl::StrCat(R"({"type":"message_delta","delta":{"stop_reason":")", stop_reason,
                      R"(","stop_sequence":null},"usage":{"output_tokens":7}})");
}

std::string MessageStop() { return R"({"type":"message_stop"})"; }

std::vector<std::string> TextBlock(int index, absl::string_view text) {
  return {BlockStart(index, R"({"type":"text","text":""})"),
          BlockPiece(index, absl::StrCat(R"({"type":"text_delta","text":")", text, R"("})")), BlockStop(index)};
}

std::vector<std::string> Join(const std::vector<std::vector<std::string>>& lists) {
  std::vector<std::string> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace sluice::dialect::anthropic
