#ifndef SLUICE_SERVER_CONFIG_PROBLEMS_H_
#define SLUICE_SERVER_CONFIG_PROBLEMS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::config {

// Gathers everything that is wrong with a configuration, so that one run shows it all. A path is the way through the
// file, as "upstreams.holysheep.timeouts.connect" or "routes[0].models[1]". Messages must not quote a value that may be
// a secret.
class Problems {
 public:
  // `source` is what errors begin with: the file's name.
  explicit Problems(std::string source) : source_(std::move(source)) {}

  // Tells where a path stands in the file (lines count from 1).
  void Locate(const std::string& path, int line) { lines_[path] = line; }
  // Problems with `path` speak of `variable` instead: the value came from there.
  void Rename(const std::string& path, std::string variable) { names_[path] = std::move(variable); }

  // What to call `path` in a message: itself, or the variable behind it.
  const std::string& NameOf(const std::string& path) const;

  // Adds a problem at the line of `path`, or of the nearest place around it that the file has.
  void Add(const std::string& path, absl::string_view message);
  // Adds a problem at a given line; `path` may be empty.
  void AddAt(int line, const std::string& path, absl::string_view message);

  // Whether something is wrong with just this path, so that a value dropped for that reason is not called missing.
  bool Has(const std::string& path) const { return paths_.count(path) != 0; }
  bool empty() const { return found_.empty(); }

  // OK, or InvalidArgument with one problem a line, in the file's order.
  absl::Status ToStatus() const;

 private:
  struct Problem {
    int line;  // 0: nowhere in the file
    std::string text;
  };

  int LineOf(absl::string_view path) const;

  std::string source_;
  std::map<std::string, int, std::less<>> lines_;
  std::map<std::string, std::string> names_;
  std::set<std::string> paths_;
  std::vector<Problem> found_;
};

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_PROBLEMS_H_
