#ifndef SLUICE_SERVER_TELEMETRY_LOG_H_
#define SLUICE_SERVER_TELEMETRY_LOG_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"

namespace sluice::telemetry {

enum class Level { kDebug, kInfo, kWarning, kError };

// A value of a log field. Text is not copied: it must live until Log returns, as it does when written in the call.
class LogValue {
 public:
  LogValue(absl::string_view text) : value_(text) {}               // NOLINT: implicit, so that call sites read as data
  LogValue(const char* text) : value_(absl::string_view(text)) {}  // NOLINT
  LogValue(const std::string& text) : value_(absl::string_view(text)) {}  // NOLINT
  LogValue(int64_t number) : value_(number) {}                            // NOLINT
  LogValue(int number) : value_(int64_t{number}) {}                       // NOLINT
  LogValue(unsigned number) : value_(uint64_t{number}) {}                 // NOLINT
  LogValue(uint64_t number) : value_(number) {}                           // NOLINT
  LogValue(double number) : value_(number) {}  // NOLINT: one that is not finite shows as null
  LogValue(bool flag) : value_(flag) {}        // NOLINT

  using Variant = std::variant<absl::string_view, int64_t, uint64_t, double, bool>;
  const Variant& value() const { return value_; }

 private:
  Variant value_;
};

// A field's name: a literal of characters that JSON takes as they are, or the call does not compile.
class LogName {
 public:
  consteval LogName(const char* name) : name_(name) {  // NOLINT: implicit, so that call sites read as data
    for (const char c : name_) {
      if (!IsPlain(c)) NameNeedsEscapes();
    }
  }

  absl::string_view name() const { return name_; }
  // Whether a character is printable ASCII and needs no escape in a JSON string.
  static constexpr bool IsPlain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

 private:
  static void NameNeedsEscapes();  // no constant expression: this is what the compiler then says

  absl::string_view name_;
};

struct LogField {
  LogName name;
  LogValue value;
};

// Writes one line of JSON to standard error: {"ts":RFC 3339 in UTC with ms,"level","msg",fields...}. Bytes that are not
// UTF-8 become U+FFFD. Thread safe; a line is never torn. Never give it a key, a prompt or an answer.
void Log(Level level, absl::string_view message, std::initializer_list<LogField> fields = {});

// Lines below `level` are not made. Default: info.
void SetLogLevel(Level level);

// For tests: each line, without its line end, goes to `sink` instead of standard error, one at a time; an empty
// function brings standard error back. `sink` must not log. When this returns, the sink before it is not called again.
void SetLogSink(std::function<void(absl::string_view line)> sink);

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_LOG_H_
