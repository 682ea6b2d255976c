#include "tests/unit/dialect/gemini_harness.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/fake_id.h"
#include "server/dialect/gemini/encoder.h"
#include "server/dialect/gemini/fit.h"
#include "server/dialect/gemini/stream_decoder.h"

namespace sluice::dialect::gemini {

Decoded DecodeGemini(absl::string_view body, absl::string_view content_type) {
  std::vector<std::unique_ptr<FakeIdSource>> ids;
  const MakeDecoder make = [&ids] {
    ids.push_back(std::make_unique<FakeIdSource>());
    return std::make_unique<GeminiDecoder>(DecodeLimits(), *ids.back());
  };
  return DecodeEachWay(make, body, content_type);
}

std::string GeminiStream(const std::vector<std::string>& events) {
  std::string out;
  for (const std::string& event : events) absl::StrAppend(&out, "data: ", event, "\r\n\r\n");
  return out;
}

std::string PartsChunk(absl::string_view parts, absl::string_view rest) {
  return absl::StrCat(R"({"candidates":[{"content":{"parts":[)", parts, R"(],"role":"model"},"index":0)", rest,
                      R"(}],"modelVersion":"m","responseId":"r"})");
}

std::string TextChunk(absl::string_view text, absl::string_view rest) {
  return PartsChunk(absl::StrCat(R"({"text":")", text, R"("})"), rest);
}

std::string EndChunk(absl::string_view reason) {
  return absl::StrCat(R"({"candidates":[{"finishReason":")", reason, R"("}],"modelVersion":"m","responseId":"r"})");
}

std::string MadeUpId(int nth) { return absl::StrFormat("call_%032d", nth); }

chat::Request UserSays(std::string text) {
  chat::Request request;
  request.model = "gemini-2.5-flash";
  chat::Message message;
  message.content.push_back(chat::TextPart(std::move(text)));
  request.messages.push_back(std::move(message));
  return request;
}

Lines FitLines(chat::Request& request, const Target& target) {
  std::vector<Misfit> misfits;
  Fit(target, &request, &misfits);
  Lines lines;
  for (const Misfit& misfit : misfits) {
    EXPECT_NE(misfit.why, "") << misfit.field;
    const char* severity = misfit.severity == Misfit::Severity::kPolicy   ? " policy"
                           : misfit.severity == Misfit::Severity::kRefuse ? " refuse"
                                                                          : " drop";
    lines.push_back(absl::StrCat(misfit.field, severity));
  }
  return lines;
}

std::string FittedBody(chat::Request request, const Target& target) {
  EXPECT_EQ(FitLines(request, target), Lines{});
  return EncodeChat(request, target).body;
}

}  // namespace sluice::dialect::gemini
