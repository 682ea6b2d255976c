// A paced or flat-out model server: prints "port=N" and serves until it is killed. See Upstream.

#include <cstdio>
#include <string>

#include "tests/bench/load/net.h"
#include "tests/bench/load/upstream.h"

int main(int argc, char** argv) {
  namespace bench = sluice::bench;
  std::string certificate, key;
  const bench::Pace pace =
      bench::Pace::FromFlags(bench::Flags("Serves chat completion streams for measuring.")
                                 .Add("tls-cert", &certificate, "file of the certificate chain: makes it HTTPS")
                                 .Add("tls-key", &key, "file of its key"),
                             argc, argv);
  bench::RaiseFileLimit();
  const bench::TlsContext tls = certificate.empty() ? nullptr : bench::ServerTls(certificate, key);
  bench::Upstream upstream(pace, tls.get());
  printf("port=%d\n", upstream.port());
  fflush(stdout);
  upstream.Serve();
}
