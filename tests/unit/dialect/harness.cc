#include "tests/unit/dialect/harness.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/dialect/openai/stream_decoder.h"
#include "server/dialect/reply_reader.h"

namespace sluice::dialect {
namespace {

// What one way of feeding gave: the events after each piece.
Decoded Run(const MakeDecoder& make, const std::vector<absl::string_view>& pieces, absl::string_view content_type) {
  Recorder recorder;
  ReplyReader reader(make(), content_type, DecodeLimits());
  for (const absl::string_view piece : pieces) {
    // A copy, so that a view kept beyond the call is found by the sanitizer.
    reader.Feed(std::string(piece), recorder);
    EXPECT_EQ(reader.done(), recorder.done());
  }
  reader.Eof(recorder);
  EXPECT_TRUE(recorder.done());
  return {recorder.lines(), recorder.error()};
}

}  // namespace

void OnBrokenContract(const std::string& what) { ADD_FAILURE() << what; }

Decoded DecodeEachWay(const MakeDecoder& make, absl::string_view body, absl::string_view content_type) {
  const Decoded whole = Run(make, {body}, content_type);
  const auto same = [&](const std::vector<absl::string_view>& pieces) {
    const Decoded other = Run(make, pieces, content_type);
    return other.lines == whole.lines && other.error.message == whole.error.message &&
           other.error.provider_message == whole.error.provider_message;
  };
  std::vector<absl::string_view> bytes;
  for (size_t i = 0; i < body.size(); ++i) bytes.push_back(body.substr(i, 1));
  EXPECT_TRUE(same(bytes)) << "differs when fed byte by byte: " << body;
  for (size_t cut = 1; cut < body.size(); ++cut) {
    if (same({body.substr(0, cut), body.substr(cut)})) continue;
    ADD_FAILURE() << "differs when cut at byte " << cut << ": " << body;
    break;
  }
  return whole;
}

Decoded DecodeOpenAi(absl::string_view body, absl::string_view content_type) {
  // Every run numbers from 1; all its decoders live within this call.
  std::vector<std::unique_ptr<FakeIdSource>> ids;
  const MakeDecoder make = [&ids] {
    ids.push_back(std::make_unique<FakeIdSource>());
    return std::make_unique<openai::OpenAiDecoder>(DecodeLimits(), *ids.back());
  };
  return DecodeEachWay(make, body, content_type);
}

std::string Stream(const std::vector<std::string>& events) {
  std::string out;
  for (const std::string& event : events) absl::StrAppend(&out, "data: ", event, "\n\n");
  return out;
}

std::string Chunk(absl::string_view delta, absl::string_view rest) {
  return absl::StrCat(R"({"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)",
                      R"("delta":)", delta, rest, "}]}");
}

std::string FinishChunk(absl::string_view reason) {
  return Chunk("{}", absl::StrCat(R"(,"finish_reason":")", reason, R"(")"));
}

}  // namespace sluice::dialect
