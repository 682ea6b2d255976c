#include "server/json/writer.h"

#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "server/base/utf8.h"

namespace sluice::json {
namespace {

// RapidJSON's output stream, straight into the caller's string.
class StringSink {
 public:
  using Ch = char;
  explicit StringSink(std::string& out) : out_(out) {}
  void Put(char c) { out_.push_back(c); }
  void Put(absl::string_view text) { out_.append(text.data(), text.size()); }
  void Flush() {}

 private:
  std::string& out_;
};

constexpr char kHexDigits[] = "0123456789ABCDEF";

// RFC 8259, 7.
constexpr auto kEscaped = [] {
  std::array<bool, 256> escaped{};
  for (size_t c = 0; c < 0x20; ++c) escaped[c] = true;
  escaped['"'] = escaped['\\'] = true;
  return escaped;
}();

bool NeedsEscape(char c) { return kEscaped[static_cast<unsigned char>(c)]; }

void PutEscape(char c, StringSink& out) {
  switch (c) {
    case '"':
      return out.Put("\\\"");
    case '\\':
      return out.Put("\\\\");
    case '\b':
      return out.Put("\\b");
    case '\f':
      return out.Put("\\f");
    case '\n':
      return out.Put("\\n");
    case '\r':
      return out.Put("\\r");
    case '\t':
      return out.Put("\\t");
    default:
      out.Put("\\u00");
      out.Put(kHexDigits[c >> 4]);
      out.Put(kHexDigits[c & 0xF]);
  }
}

// RapidJSON's writer, but strings of ours: prompts are long, and RapidJSON takes every byte through the stream.
class StringWriter : public rapidjson::Writer<StringSink> {
 public:
  explicit StringWriter(StringSink& sink) : Writer(sink) {}

  // `text` must be valid UTF-8.
  void Text(absl::string_view text) {
    Prefix(rapidjson::kStringType);
    os_->Put('"');
    while (!text.empty()) {
      const auto special = std::find_if(text.begin(), text.end(), NeedsEscape);
      const auto plain = static_cast<size_t>(special - text.begin());
      os_->Put(text.substr(0, plain));
      if (special == text.end()) break;
      PutEscape(*special, *os_);
      text.remove_prefix(plain + 1);
    }
    os_->Put('"');
  }
};

}  // namespace

class Writer::Impl {
 public:
  explicit Impl(std::string& out) : sink(out), json(sink) {}

  StringSink sink;
  StringWriter json;
};

Writer::Writer(std::string& out) : impl_(std::make_unique<Impl>(out)) {}
Writer::~Writer() = default;

Writer& Writer::StartObject() {
  impl_->json.StartObject();
  return *this;
}

Writer& Writer::EndObject() {
  impl_->json.EndObject();
  return *this;
}

Writer& Writer::StartArray() {
  impl_->json.StartArray();
  return *this;
}

Writer& Writer::EndArray() {
  impl_->json.EndArray();
  return *this;
}

Writer& Writer::Key(absl::string_view key) {
  // RapidJSON takes a key for a string: the place decides what it is.
  return String(key);
}

Writer& Writer::String(absl::string_view text) {
  if (IsValidUtf8(text)) {
    impl_->json.Text(text);
  } else {
    impl_->json.Text(RepairUtf8(text));
  }
  return *this;
}

Writer& Writer::Int(int64_t value) {
  impl_->json.Int64(value);
  return *this;
}

Writer& Writer::Double(double value) {
  if (!std::isfinite(value)) return Null();
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  static_cast<void>(error);  // the longest shortest form has 24 characters
  return Raw(absl::string_view(digits.data(), static_cast<size_t>(end - digits.data())));
}

Writer& Writer::Bool(bool value) {
  impl_->json.Bool(value);
  return *this;
}

Writer& Writer::Null() {
  impl_->json.Null();
  return *this;
}

Writer& Writer::Raw(absl::string_view json) {
  impl_->json.RawValue(json.data(), json.size(), rapidjson::kStringType);
  return *this;
}

}  // namespace sluice::json
