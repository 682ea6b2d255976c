// A gRPC server that writes deltas from memory: prints "port=N" and serves until it is killed. See GrpcWriter.

#include <cstdio>

#include "tests/bench/load/grpc_writer.h"
#include "tests/bench/load/net.h"

int main(int argc, char** argv) {
  namespace bench = sluice::bench;
  bench::Flags flags("Serves Chat calls from memory: the writing half of a gateway, alone.");
  const bench::Pace pace = bench::Pace::FromFlags(flags, argc, argv);
  bench::RaiseFileLimit();
  bench::GrpcWriter writer(pace);
  printf("port=%d\n", writer.port());
  fflush(stdout);
  writer.Serve();
}
