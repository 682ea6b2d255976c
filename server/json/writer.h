#ifndef SLUICE_SERVER_JSON_WRITER_H_
#define SLUICE_SERVER_JSON_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::json {

// Writes one compact JSON text, in the order of the calls. Calls must make valid JSON: inside an object Key and value
// take turns, each Start has its End. One thread at a time.
class Writer {
 public:
  explicit Writer(std::string& out);  // appends to `out`, which must outlive the writer
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Writer& StartObject();
  Writer& EndObject();
  Writer& StartArray();
  Writer& EndArray();
  Writer& Key(absl::string_view key);

  // Text that is not valid UTF-8 is written with U+FFFD for its bad parts.
  Writer& String(absl::string_view text);
  Writer& Int(int64_t value);
  // The shortest digits that read back as the same double (1, 0.7, 1e+23); null for what JSON cannot write (NaN, inf).
  Writer& Double(double value);
  Writer& Bool(bool value);
  Writer& Null();
  // One JSON value, verbatim. It must be valid.
  Writer& Raw(absl::string_view json);

  // Key and value at once.
  Writer& Member(absl::string_view key, absl::string_view text) { return Key(key).String(text); }

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::json

#endif  // SLUICE_SERVER_JSON_WRITER_H_
