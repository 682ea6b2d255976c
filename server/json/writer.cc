#include "server/json/writer.h"

#include <rapidjson/writer.h>

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
  void Flush() {}

 private:
  std::string& out_;
};

rapidjson::SizeType Size(absl::string_view text) { return static_cast<rapidjson::SizeType>(text.size()); }

}  // namespace

class Writer::Impl {
 public:
  explicit Impl(std::string& out) : sink(out), json(sink) {}

  StringSink sink;
  rapidjson::Writer<StringSink, rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::CrtAllocator,
                    rapidjson::kWriteValidateEncodingFlag>
      json;
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
    // A null pointer is undefined to RapidJSON, even with no bytes behind it.
    impl_->json.String(text.empty() ? "" : text.data(), Size(text));
  } else {
    const std::string repaired = RepairUtf8(text);
    impl_->json.String(repaired.data(), Size(repaired));
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
