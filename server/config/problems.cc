#include "server/config/problems.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace sluice::config {

const std::string& Problems::NameOf(const std::string& path) const {
  const auto renamed = names_.find(path);
  return renamed == names_.end() ? path : renamed->second;
}

void Problems::Add(const std::string& path, absl::string_view message) { AddAt(LineOf(path), path, message); }

void Problems::AddAt(int line, const std::string& path, absl::string_view message) {
  if (!path.empty()) paths_.insert(path);
  std::string text = source_;
  if (line > 0) absl::StrAppend(&text, ":", line);
  if (!path.empty()) absl::StrAppend(&text, ": ", NameOf(path));
  absl::StrAppend(&text, ": ", message);
  // One problem is one line, even if a quoted name in the file holds a line break.
  found_.push_back({line, absl::StrReplaceAll(text, {{"\n", " "}, {"\r", " "}})});
}

int Problems::LineOf(absl::string_view path) const {
  while (true) {
    const auto found = lines_.find(std::string(path));
    if (found != lines_.end()) return found->second;
    const size_t cut = path.find_last_of(".[");
    if (cut == absl::string_view::npos) return 0;
    path = path.substr(0, cut);
  }
}

absl::Status Problems::ToStatus() const {
  if (found_.empty()) return absl::OkStatus();
  std::vector<Problem> sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) { return a.line < b.line; });
  std::string text;
  for (const Problem& problem : sorted) absl::StrAppend(&text, text.empty() ? "" : "\n", problem.text);
  return absl::InvalidArgumentError(text);
}

}  // namespace sluice::config
