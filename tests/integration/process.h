#ifndef SLUICE_TESTS_INTEGRATION_PROCESS_H_
#define SLUICE_TESTS_INTEGRATION_PROCESS_H_

#include <sys/types.h>

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::integration {

// A real program with its standard output and error recorded. Killed when destroyed.
class Process {
 public:
  Process(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Signal(int signal) const;
  int Wait();                  // the exit status, or -1 when a signal ended it
  std::string output() const;  // so far; everything after Wait
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  mutable std::mutex mutex_;
  std::string output_;
  std::thread reader_;
};

// A new empty directory, removed with what is in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file and gives its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

// A gateway process that runs by the configuration file at `config`.
struct GatewayProcess {
  GatewayProcess(const TempDir& dir, const std::string& config, std::map<std::string, std::string> environment);

  Process process;
  int grpc_port = 0;  // 0: it did not start
  int ops_port = 0;
};

}  // namespace sluice::integration

#endif  // SLUICE_TESTS_INTEGRATION_PROCESS_H_
