"""No gateway at all, and the halves of one: what to compare a gateway with."""

from peers.base import Peer, Relay, Setup


class Direct(Peer):
    """The load asks the upstream itself: the zero of every added time."""

    name, what = "direct", "no relay: the load reads from the upstream"
    files_per_stream = 1


class Writer(Peer):
    name, what = "writer", "a bare gRPC server that makes up the deltas: the writing half alone"
    load = "bench_grpc_load"
    files_per_stream = 0

    def start(self, setup: Setup) -> Relay:
        process = self.run(setup, [setup.binaries["bench_grpc_writer"], *setup.upstream_flags], read=True)
        return Relay(process, int(process.value("port", 10)))


class Reader(Peer):
    """It is load and measured process in one."""

    name, what = "reader", "a bare libcurl client that only counts deltas: the reading half alone"
    load = "bench_curl_reader"
    files_per_stream = 1
