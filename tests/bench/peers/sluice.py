import os
import pathlib
import subprocess
from collections.abc import Mapping

import machine
from peers.base import Peer, Relay, Setup

CONFIG = """\
listen:
  grpc: {{address: "127.0.0.1:0"{tls}}}
  ops: "127.0.0.1:0"
upstreams:
  bench:
    dialect: openai
    base_url: "{upstream}/v1"
{ca}    pool: {{connections: 20000, idle: 1024}}
limits: {{open_calls: 20000}}
"""


class Sluice(Peer):
    """The product as it is shipped: every feature on, metrics on, one line a call into its log."""

    name, what, load = "sluice", "this gateway: gRPC in, SSE parsed, typed deltas out", "bench_grpc_load"
    tls, files_per_stream = True, 1

    def version(self, binaries: Mapping[str, pathlib.Path]) -> str:
        done = subprocess.run([binaries["sluice-gateway"], "--version"], check=False, capture_output=True, text=True)
        return done.stdout.strip().removeprefix("sluice-gateway ")

    def start(self, setup: Setup) -> Relay:
        files = setup.certificates
        # Not beside the log: the gateway watches its configuration's folder.
        config = setup.folder / "config" / "sluice.yaml"
        config.parent.mkdir()
        config.write_text(CONFIG.format(
            tls=f", tls: {{cert: {files.chain}, key: {files.key}}}" if setup.listen_tls else "",
            upstream=setup.upstream, ca=f"    ca_file: {files.authority}\n" if setup.upstream_tls else ""))
        ours, theirs = os.pipe()
        process = self.run(setup, [setup.binaries["sluice-gateway"], "--config", config, "--ports-file",
                                   f"/dev/fd/{theirs}"], pass_fds=[theirs])
        os.close(theirs)
        with open(ours) as ports:  # written once calls are taken, closed if the gateway ends
            for line in ports:
                if line.startswith("grpc="):
                    return Relay(process, int(line.removeprefix("grpc=")))
        words = process.last_words()
        process.stop()
        raise machine.Failed(f"the gateway did not start: {words}")
