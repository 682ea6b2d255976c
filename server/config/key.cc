#include "server/config/key.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::config {
namespace {

// Words that stand in guides where the key goes. Each is long enough, or has a separator, so that a random key holds
// none of them by chance.
constexpr absl::string_view kGuideWords[] = {
    "your_",      "your-",      "yourkey",    "yourapi",   "-your",      "_your",       "change-me",    "change_me",
    "changeme",   "replace-me", "replace_me", "replaceme", "insert-key", "placeholder", "-key-here",    "_key_here",
    "apikeyhere", "my-api-key", "my_api_key", "xxxxxxxx",  "********",   "actual-key",  "dummy-api-key"};
constexpr absl::string_view kGuideKeys[] = {"apikey", "api-key", "api_key", "todo", "secret", "key", "..."};

// "sk-xxx...": nothing but filler after the last '-'.
bool IsFiller(absl::string_view key) {
  const size_t dash = key.rfind('-');
  const absl::string_view rest = dash == absl::string_view::npos ? key : key.substr(dash + 1);
  return rest.size() >= 3 && rest.find_first_not_of("x.*") == absl::string_view::npos;
}

bool IsPlaceholder(absl::string_view key) {
  const std::string lower = absl::AsciiStrToLower(key);
  if (lower.front() == '<' || lower.front() == '$' || lower.front() == '{' || lower.front() == '[') return true;
  for (const absl::string_view word : kGuideWords) {
    if (absl::StrContains(lower, word)) return true;
  }
  for (const absl::string_view word : kGuideKeys) {
    if (lower == word) return true;
  }
  return IsFiller(lower);
}

}  // namespace

absl::Status CheckKey(absl::string_view key, absl::string_view prefix) {
  if (key.empty()) {
    return absl::InvalidArgumentError("the key is empty; give one, or remove the field if the upstream takes none");
  }
  for (const char c : key) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError(
          "the key holds a space, a line break or another character that no key has; copy it again");
    }
  }
  if (IsPlaceholder(key)) {
    return absl::InvalidArgumentError("this is a placeholder, not a key; put the key that the provider gave you");
  }
  if (!absl::StartsWith(key, prefix)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the key does not begin with \"", prefix, "\"; it probably belongs to another provider"));
  }
  if (key.size() == prefix.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the key is nothing but its prefix \"", prefix, "\"; copy it again"));
  }
  return absl::OkStatus();
}

}  // namespace sluice::config
