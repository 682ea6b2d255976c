#include <charconv>
#include <cmath>
#include <iterator>

#include "absl/strings/numbers.h"
#include "server/json/tape.h"

namespace sluice::json {

bool Value::is_filled() const {
  switch (kind()) {
    case Kind::kString:
      return tape_->nodes_[index_].size > 0;
    case Kind::kArray:
    case Kind::kObject:
      return tape_->nodes_[index_].next > index_ + 1;
    default:
      return false;
  }
}

Value Value::Find(absl::string_view key) const {
  Value found;
  for (const auto& member : members()) {
    if (member.key == key) found = member.value;
  }
  return found;
}

size_t Value::size() const {
  const Elements all = elements();
  return static_cast<size_t>(std::distance(all.begin(), all.end()));
}

Text Value::AsText() const {
  Text text;
  if (!is_string()) return text;
  const Tape::Node& node = tape_->nodes_[index_];
  text.utf8 = tape_->StringAt(index_);
  if (node.has_half_pair) {
    const Tape::Surrogates* halves = tape_->FindSurrogates(node.begin);
    text.leading_low = halves->leading_low;
    text.trailing_high = halves->trailing_high;
  }
  return text;
}

std::optional<int64_t> Value::AsInt64() const {
  if (kind() != Kind::kNumber) return std::nullopt;
  const absl::string_view raw = Raw();
  if (raw.size() == 1) return raw[0] - '0';  // most indexes: JSON has no other number of one character
  if (raw.find_first_of(".eE") == absl::string_view::npos) {
    int64_t whole;
    return absl::SimpleAtoi(raw, &whole) ? std::optional<int64_t>(whole) : std::nullopt;
  }
  const std::optional<double> real = AsDouble();
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!real.has_value() || *real != std::floor(*real) || *real < -kLimit || *real >= kLimit) return std::nullopt;
  return static_cast<int64_t>(*real);
}

std::optional<double> Value::AsDouble() const {
  if (kind() != Kind::kNumber) return std::nullopt;
  const absl::string_view raw = Raw();
  double real;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), real);
  if (error != std::errc() || end != raw.data() + raw.size()) return std::nullopt;
  return real;
}

absl::string_view Value::Raw() const {
  if (kind() == Kind::kAbsent || kind() == Kind::kString) return {};
  const Tape::Node& node = tape_->nodes_[index_];
  return tape_->text_.substr(node.begin, node.size);
}

absl::string_view Value::RawString() const {
  if (!is_string()) return {};
  const absl::string_view text = tape_->text_.substr(tape_->nodes_[index_].begin);
  size_t end = 0;
  while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return text.substr(0, end);
}

void AppendCompact(absl::string_view text, std::string& out) {
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    out.push_back(c);
    if (c == '"') {
      in_string = !in_string;
    } else if (in_string && c == '\\' && i + 1 < text.size()) {
      out.push_back(text[++i]);
    }
  }
}

}  // namespace sluice::json
