// Reads streams with libcurl and does nothing else but check them: see Run and CurlTransport.

#include "tests/bench/load/curl_transport.h"
#include "tests/bench/load/net.h"
#include "tests/bench/load/run.h"

int main(int argc, char** argv) {
  namespace bench = sluice::bench;
  bench::RaiseFileLimit();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  bench::Run run(bench::Plan::FromFlags(argc, argv, /*grpc=*/false));
  bench::CurlTransport transport(&run);
  return run.Go(transport);
}
