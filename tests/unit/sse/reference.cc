#include "tests/unit/sse/reference.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"

namespace sluice::sse {

void Recorder::OnEvent(const Event& event) {
  found.push_back({Found::kEvent, std::string(event.type), std::string(event.data), std::string(event.id), fed});
}

void Recorder::OnUnknownField(absl::string_view name, absl::string_view value) {
  found.push_back({Found::kUnknown, std::string(name), std::string(value), "", fed});
}

void Recorder::OnRetry(uint64_t milliseconds) {
  found.push_back({Found::kRetry, "", absl::StrCat(milliseconds), "", fed});
}

namespace {

struct Line {
  std::string text;
  size_t end;  // bytes of the stream up to and with the byte that ends it
};

std::vector<Line> LinesOf(absl::string_view stream) {
  std::vector<Line> lines;
  std::string text;
  for (size_t i = 0; i < stream.size(); ++i) {
    if (stream[i] == '\n' && i > 0 && stream[i - 1] == '\r') continue;
    if (stream[i] == '\r' || stream[i] == '\n') {
      lines.push_back({RepairUtf8(text), i + 1});
      text.clear();
    } else {
      text += stream[i];
    }
  }
  return lines;
}

}  // namespace

std::vector<Found> Reference(absl::string_view stream) {
  std::vector<Found> found;
  std::string data, type, id;
  std::vector<Line> lines = LinesOf(stream);
  if (!lines.empty() && lines[0].text.rfind("\xEF\xBB\xBF", 0) == 0) lines[0].text.erase(0, 3);
  for (const auto& [line, end] : lines) {
    if (line.empty()) {
      if (!data.empty()) {
        data.pop_back();
        found.push_back({Found::kEvent, type.empty() ? "message" : type, data, id, end});
      }
      data.clear();
      type.clear();
      continue;
    }
    const size_t colon = line.find(':');
    const std::string name = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    if (colon == 0) {
    } else if (name == "data") {
      data += value + "\n";
    } else if (name == "event") {
      type = value;
    } else if (name == "id") {
      if (value.find('\0') == std::string::npos) id = value;
    } else if (name == "retry") {
      uint64_t number = 0;
      const bool digits = value.find_first_not_of("0123456789") == std::string::npos;
      if (digits && absl::SimpleAtoi(value, &number)) {
        found.push_back({Found::kRetry, "", absl::StrCat(number), "", end});
      }
    } else {
      found.push_back({Found::kUnknown, name, value, "", end});
    }
  }
  return found;
}

}  // namespace sluice::sse
