#include "tests/soak/scrape.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/soak/ledger.h"

namespace sluice::soak {
namespace {

// The body of GET /metrics; "" when there was no answer.
std::string Fetch(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string all;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET /metrics HTTP/1.1\r\nHost: soak\r\nConnection: close\r\n\r\n";
    static_cast<void>(!send(fd, request.data(), request.size(), MSG_NOSIGNAL));
    std::array<char, 65536> buffer;
    for (ssize_t n = 0; (n = recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      all.append(buffer.data(), static_cast<size_t>(n));
    }
  }
  close(fd);
  const size_t head = all.find("\r\n\r\n");
  return head == std::string::npos ? "" : all.substr(head + 4);
}

// The sum of all series of that name that have this label.
double Sum(const std::vector<absl::string_view>& lines, absl::string_view name, absl::string_view label = "") {
  double sum = 0;
  for (const absl::string_view line : lines) {
    const bool named = absl::StartsWith(line, name) && line.size() > name.size() &&
                       (line[name.size()] == '{' || line[name.size()] == ' ');
    double number = 0;
    if (named && absl::StrContains(line, label) && absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &number)) {
      sum += number;
    }
  }
  return sum;
}

}  // namespace

Sample TakeSample(int ops_port, pid_t pid) {
  Sample sample;
  const std::string text = Fetch(ops_port);
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  sample.answered = !text.empty();
  sample.at_ms = NowMs();
  sample.rss_mib = Sum(lines, "process_resident_memory_bytes") / (1 << 20);
  sample.fds = static_cast<int>(Sum(lines, "process_open_fds"));
  sample.open = static_cast<int>(Sum(lines, "sluice_open_streams"));
  sample.in_use = static_cast<int>(Sum(lines, "sluice_pool_connections", "state=\"in_use\""));
  sample.idle = static_cast<int>(Sum(lines, "sluice_pool_connections", "state=\"idle\""));
  sample.waiting = static_cast<int>(Sum(lines, "sluice_pool_waiting"));
  sample.calls = static_cast<int64_t>(Sum(lines, "sluice_calls_total"));
  sample.reloads = static_cast<int64_t>(Sum(lines, "sluice_reloads_total"));
  sample.failed_reloads = sample.reloads - static_cast<int64_t>(Sum(lines, "sluice_reloads_total", "result=\"ok\""));
  sample.pauses = static_cast<int64_t>(Sum(lines, "sluice_backpressure_pauses_total"));
  sample.cpu_seconds = Sum(lines, "process_cpu_seconds_total");
  std::error_code ignored;
  for (std::filesystem::directory_iterator task(absl::StrCat("/proc/", pid, "/task"), ignored), end; task != end;
       task.increment(ignored)) {
    ++sample.threads;
  }
  return sample;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace sluice::soak
