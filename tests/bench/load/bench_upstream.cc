// A paced or flat-out model server: prints "port=N" and serves until it is killed. See Upstream.

#include <cstdio>
#include <optional>
#include <string>

#include "tests/bench/load/close_board.h"
#include "tests/bench/load/net.h"
#include "tests/bench/load/upstream.h"

int main(int argc, char** argv) {
  namespace bench = sluice::bench;
  std::string certificate, key, closes;
  const bench::Pace pace =
      bench::Pace::FromFlags(bench::Flags("Serves chat completion streams for measuring.")
                                 .Add("tls-cert", &certificate, "file of the certificate chain: makes it HTTPS")
                                 .Add("tls-key", &key, "file of its key")
                                 .Add("closes", &closes, "file in which to note when a stream was lost"),
                             argc, argv);
  bench::RaiseFileLimit();
  const bench::TlsContext tls = certificate.empty() ? nullptr : bench::ServerTls(certificate, key);
  std::optional<bench::CloseBoard> board;
  if (!closes.empty()) board.emplace(closes);
  bench::Upstream upstream(pace, tls.get(), board ? &*board : nullptr);
  printf("port=%d\n", upstream.port());
  fflush(stdout);
  upstream.Serve();
}
