#include "server/dialect/data_uri.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

namespace sluice::dialect {
namespace {

constexpr absl::string_view kScheme = "data:";
constexpr absl::string_view kBase64 = ";base64";

// RFC 3986 2.1; what is no escape stays.
std::string Unescape(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                         absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                         absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]));
    if (escaped) {
      out += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

bool IsDataUri(absl::string_view uri) { return absl::StartsWithIgnoreCase(uri, kScheme); }

std::optional<InlineData> ReadDataUri(absl::string_view uri) {
  if (!IsDataUri(uri)) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  const size_t comma = uri.find(',');
  if (comma == absl::string_view::npos) return std::nullopt;
  absl::string_view type = uri.substr(0, comma);
  const bool is_base64 = absl::EndsWithIgnoreCase(type, kBase64);
  if (is_base64) type.remove_suffix(kBase64.size());
  if (type.find('/') == absl::string_view::npos) return std::nullopt;
  const std::string data = Unescape(uri.substr(comma + 1));
  if (!is_base64) return InlineData{Unescape(type), absl::Base64Escape(data)};
  std::string decoded;
  if (data.empty() || !absl::Base64Unescape(data, &decoded)) return std::nullopt;
  return InlineData{Unescape(type), data};
}

}  // namespace sluice::dialect
