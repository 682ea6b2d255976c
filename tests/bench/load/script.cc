#include "tests/bench/load/script.h"

#include "absl/strings/str_cat.h"
#include "tests/bench/load/stamp.h"

namespace sluice::bench {
namespace {

constexpr char kHead[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
    "cache-control: no-cache\r\n\r\n";
constexpr char kCompletion[] =
    R"(data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,)"
    R"("model":"bench","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[)";
constexpr char kBeforeText[] = R"({"index":0,"delta":{"content":")";
constexpr char kAfterText[] = R"("},"logprobs":null,"finish_reason":null}]})"
                              "\n\n";
constexpr char kFinish[] = R"({"index":0,"delta":{},"finish_reason":"stop"}]})"
                           "\n\n";
constexpr char kUsage[] = R"(],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}})"
                          "\n\n";
constexpr char kDone[] = "data: [DONE]\n\n";
constexpr char kModels[] = R"({"object":"list","data":[{"id":"bench","object":"model"}]})";

std::string Chunk(const std::string& data) { return absl::StrCat(absl::Hex(data.size()), "\r\n", data, "\r\n"); }

std::string Delta(size_t text_bytes) {
  return Chunk(absl::StrCat(kCompletion, kBeforeText, std::string(kStampBytes, ' '),
                            std::string(text_bytes - kStampBytes, 'x'), kAfterText));
}

}  // namespace

Script::Script(size_t most, size_t text_bytes) {
  std::string delta = Delta(text_bytes);
  delta_bytes_ = delta.size();
  stamp_at_ = delta.find(std::string(kStampBytes, ' '));
  deltas_.reserve(most * delta_bytes_);
  for (size_t i = 0; i < most; ++i) deltas_ += delta;
  end_ =
      Chunk(absl::StrCat(kCompletion, kFinish)) + Chunk(absl::StrCat(kCompletion, kUsage)) + Chunk(kDone) + "0\r\n\r\n";
  models_ = absl::StrCat("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ", sizeof(kModels) - 1,
                         "\r\n\r\n", kModels);
}

absl::string_view Script::Deltas(int64_t first, size_t count, int64_t now) {
  char* stamp = deltas_.data() + stamp_at_;
  char time[kTimeDigits];
  WriteDigits(time, kTimeDigits, now);
  for (size_t i = 0; i < count; ++i, stamp += delta_bytes_) {
    WriteDigits(stamp, kNumberDigits, (first + static_cast<int64_t>(i)) % kNumberWrap);
    std::char_traits<char>::copy(stamp + kNumberDigits + 1, time, kTimeDigits);
  }
  return absl::string_view(deltas_).substr(0, count * delta_bytes_);
}

absl::string_view Script::head() const { return kHead; }

size_t Script::DeltaBytes(size_t text_bytes) { return Delta(text_bytes).size(); }

}  // namespace sluice::bench
