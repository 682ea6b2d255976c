#ifndef SLUICE_SERVER_CONFIG_CHECKER_H_
#define SLUICE_SERVER_CONFIG_CHECKER_H_

#include <google/protobuf/duration.pb.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/config/environment.h"
#include "server/config/problems.h"
#include "server/config/snapshot.h"

namespace sluice::config {

// What the checks of all sections need: a place for problems, and files.
class Checker {
 public:
  // Both must outlive the checker.
  Checker(const Environment& environment, Problems* problems) : environment_(environment), problems_(problems) {}

  Problems& problems() { return *problems_; }
  void Add(const std::string& path, absl::string_view message) { problems_->Add(path, message); }

  // The content of the file that the field at `path` names; reports a file that cannot be read.
  std::optional<std::string> Read(const std::string& path, const std::string& file);
  // The same for PEM, in which a line with `label` ("CERTIFICATE", "PRIVATE KEY") has to stand.
  std::optional<std::string> ReadPem(const std::string& path, const std::string& file, absl::string_view label);
  // The same for certificates, each of which has to be readable; sets when the first of them expires. "" after a
  // problem with the file.
  std::string ReadCertificates(const std::string& path, const std::string& file, absl::Time* first_expiry);

  // Sets `out` if the field was given. Reports values that are not above 0 (or not 0 and above, if `zero`) or over 24h.
  void Duration(const std::string& path, bool given, const google::protobuf::Duration& value, absl::Duration* out,
                bool zero = false);
  // Whether `value` lies in the range; reports it otherwise.
  bool InRange(const std::string& path, int64_t value, int64_t least, int64_t most);

  // Sets `out` to what the word stands for, if the field was given; reports words that are not in the list.
  template <typename T>
  void Choice(const std::string& path, bool given, const std::string& word,
              std::initializer_list<std::pair<const char*, T>> choices, T* out) {
    if (!given) return;
    std::vector<std::string> known;
    for (const auto& [name, value] : choices) {
      if (word == name) *out = value;
      known.emplace_back(name);
    }
    if (std::find(known.begin(), known.end(), word) == known.end()) AddUnknownWord(path, word, known);
  }

  const std::vector<SourceFile>& files() const { return files_; }

 private:
  void AddUnknownWord(const std::string& path, const std::string& word, const std::vector<std::string>& known);

  const Environment& environment_;
  Problems* const problems_;
  std::vector<SourceFile> files_;
};

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_CHECKER_H_
