#include "server/telemetry/log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/base/utf8.h"
#include "spdlog/logger.h"
#include "spdlog/sinks/base_sink.h"

namespace sluice::telemetry {
namespace {

constexpr size_t kUsualLineBytes = 1000;  // a call's line fits

// Standard error, or a test's function. spdlog's base class holds its lock around each line.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void Redirect(std::function<void(absl::string_view)> to) {
    std::lock_guard<std::mutex> lock(mutex_);
    redirect_ = std::move(to);
  }

 private:
  // The line is complete, its end included: spdlog has nothing to format.
  void sink_it_(const spdlog::details::log_msg& msg) override {
    const absl::string_view line(msg.payload.data(), msg.payload.size());
    if (redirect_) {
      redirect_(line.substr(0, line.size() - 1));
      return;
    }
    std::fwrite(line.data(), 1, line.size(), stderr);  // nobody is left to tell of a failure here
  }
  void flush_() override { std::fflush(stderr); }

  std::function<void(absl::string_view)> redirect_;
};

struct Logger {
  std::shared_ptr<LineSink> sink = std::make_shared<LineSink>();
  spdlog::logger lines{"sluice", sink};
  std::atomic<Level> level{Level::kInfo};

  Logger() {
    lines.set_level(spdlog::level::trace);  // `level` decides, before a line is made
    lines.set_error_handler([](const std::string&) {});
  }
};

Logger& TheLogger() {
  static auto* logger = new Logger;  // never destroyed: other statics may log while the process exits
  return *logger;
}

const char* LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

// Appends the time in UTC with milliseconds, which are cut. Busy gateways write many lines a second, so a thread keeps
// the second's text; in plain bytes, for other statics may log while the thread ends.
void AppendTime(absl::Time time, std::string& out) {
  struct Second {
    int64_t unix_seconds = std::numeric_limits<int64_t>::min();
    std::array<char, sizeof("2020-01-01T00:00:00") - 1> text{};
  };
  thread_local Second last;
  const int64_t seconds = absl::ToUnixSeconds(time);
  if (seconds != last.unix_seconds) {
    absl::FormatTime("%E4Y-%m-%dT%H:%M:%S", time, absl::UTCTimeZone()).copy(last.text.data(), last.text.size());
    last.unix_seconds = seconds;
  }
  const auto millis = static_cast<int>(absl::ToUnixMillis(time) - seconds * 1000);
  const char fraction[] = {'.', static_cast<char>('0' + millis / 100), static_cast<char>('0' + millis / 10 % 10),
                           static_cast<char>('0' + millis % 10), 'Z'};
  out.append(last.text.data(), last.text.size()).append(fraction, sizeof(fraction));
}

// RFC 8259, 7: quotes, backslashes and everything below U+0020 are escaped. So are DEL, U+0085, U+2028 and U+2029,
// which JSON allows but terminals act on and some readers take for line ends.
void AppendEscaped(absl::string_view text, std::string& out) {
  const std::string valid = RepairUtf8(text);
  for (size_t i = 0; i < valid.size(); ++i) {
    const auto c = static_cast<unsigned char>(valid[i]);
    const absl::string_view rest = absl::string_view(valid).substr(i);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += valid[i];
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20 || c == 0x7f) {
      absl::StrAppend(&out, "\\u", absl::Hex(c, absl::kZeroPad4));
    } else if (c == 0xc2 && rest.substr(0, 2) == "\xc2\x85") {
      out += "\\u0085";
      i += 1;
    } else if (c == 0xe2 && (rest.substr(0, 3) == "\xe2\x80\xa8" || rest.substr(0, 3) == "\xe2\x80\xa9")) {
      out += rest[2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += valid[i];
    }
  }
}

void AppendString(absl::string_view text, std::string& out) {
  out += '"';
  if (std::all_of(text.begin(), text.end(), LogName::IsPlain)) {
    out.append(text.data(), text.size());
  } else {
    AppendEscaped(text, out);
  }
  out += '"';
}

struct AppendValue {
  std::string& out;

  void operator()(absl::string_view text) const { AppendString(text, out); }
  void operator()(int64_t number) const { absl::StrAppend(&out, number); }
  void operator()(uint64_t number) const { absl::StrAppend(&out, number); }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
  void operator()(double number) const {
    if (!std::isfinite(number)) {
      out += "null";  // JSON has no word for it
      return;
    }
    char digits[32];  // the shortest that reads back as the same number
    const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
    out.append(digits, end);
  }
};

}  // namespace

void Log(Level level, absl::string_view message, std::initializer_list<LogField> fields) {
  Logger& logger = TheLogger();
  if (level < logger.level.load(std::memory_order_relaxed)) return;
  std::string line;
  line.reserve(kUsualLineBytes);
  line += "{\"ts\":\"";
  AppendTime(Clock::Real().WallNow(), line);
  absl::StrAppend(&line, "\",\"level\":\"", LevelName(level), "\",\"msg\":");
  AppendString(message, line);
  for (const auto& [name, value] : fields) {
    line += ",\"";
    line.append(name.name().data(), name.name().size());
    line += "\":";
    std::visit(AppendValue{line}, value.value());
  }
  line += "}\n";
  logger.lines.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void SetLogLevel(Level level) { TheLogger().level.store(level, std::memory_order_relaxed); }

void SetLogSink(std::function<void(absl::string_view line)> sink) { TheLogger().sink->Redirect(std::move(sink)); }

}  // namespace sluice::telemetry
