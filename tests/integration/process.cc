#include "tests/integration/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace sluice::integration {
namespace {

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Process::Process(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(variables);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return;
  out_ = ends[0];
  // Nothing between fork and exec but system calls: this process has many threads.
  pid_ = vfork();
  if (pid_ == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(ends[1]);
  reader_ = std::thread([this] {
    std::array<char, 65536> buffer;
    for (ssize_t n = 0; (n = read(out_, buffer.data(), buffer.size())) > 0;) {
      const std::lock_guard lock(mutex_);
      output_.append(buffer.data(), static_cast<size_t>(n));
    }
  });
}

Process::~Process() {
  if (pid_ > 0) {
    Signal(SIGKILL);
    Wait();
  }
  if (out_ >= 0) close(out_);
}

void Process::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int Process::Wait() {
  int status = 0;
  if (pid_ <= 0 || waitpid(std::exchange(pid_, -1), &status, 0) < 0) return -1;
  reader_.join();
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string Process::output() const {
  const std::lock_guard lock(mutex_);
  return output_;
}

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::Write(const std::string& name, const std::string& text) const {
  std::ofstream(Path(name)) << text;
  return Path(name);
}

GatewayProcess::GatewayProcess(const TempDir& dir, const std::string& config,
                               std::map<std::string, std::string> environment)
    : process({SLUICE_GATEWAY, "--config", config, "--ports-file",
               [&] {
                 mkfifo(dir.Path("ports").c_str(), 0600);
                 return dir.Path("ports");
               }()},
              environment) {
  // Both ways, so that opening does not wait for a gateway that refuses to start.
  const int fifo = open(dir.Path("ports").c_str(), O_RDWR | O_CLOEXEC);
  std::string text;
  std::array<char, 256> buffer;
  while (text.find("ops=") == std::string::npos || text.back() != '\n') {
    pollfd item{fifo, POLLIN, 0};
    if (poll(&item, 1, 30'000) != 1) break;
    const ssize_t n = read(fifo, buffer.data(), buffer.size());
    if (n <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(n));
  }
  close(fifo);
  const size_t line = text.find('\n');
  static_cast<void>(absl::SimpleAtoi(absl::StripPrefix(absl::string_view(text).substr(0, line), "grpc="), &grpc_port));
  const absl::string_view second = absl::StripSuffix(absl::string_view(text).substr(line + 1), "\n");
  static_cast<void>(absl::SimpleAtoi(absl::StripPrefix(second, "ops="), &ops_port));
}

}  // namespace sluice::integration
