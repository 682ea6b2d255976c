"""CPU a delta and added time to first token of the gateway beside nginx with buffering off, in one run.

usage: first_figure.py [--rounds 3] [--streams 500] [--window 8] [--build .build/release]

The relay under test is pinned to core 0, the paced upstream and the load client to core 1. The rounds alternate
between gateway, nginx and no relay at all (the clients' and the machine's own share of the latencies); the table shows
medians. CPU is utime + stime of the relay's process (nginx: its worker) between the load client's begin and end lines.
"""

import argparse
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TICK = os.sysconf("SC_CLK_TCK")
RELAY_CORE, LOAD_CORE = "0", "1"


def build(folder: pathlib.Path) -> None:
    subprocess.run([ROOT / "dev", "deps", "run", "build", "bench"], check=True)
    if not (folder / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", folder.name], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    targets = ["sluice-gateway", "bench"]
    subprocess.run(["cmake", "--build", folder, "--target", *targets], check=True, stdout=subprocess.DEVNULL)


def start(core: str, *command, **options) -> subprocess.Popen:
    return subprocess.Popen(["taskset", "-c", core, *map(str, command)], **options)


def stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def read_line(stream, seconds: float) -> str:
    ready, _, _ = select.select([stream], [], [], seconds)
    line = stream.readline() if ready else ""
    if not line:
        raise RuntimeError("a program ended or said nothing where a line was awaited")
    return line.strip()


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Gateway:
    name, load = "sluice", "bench_grpc_load"

    def __init__(self, build_folder: pathlib.Path, folder: pathlib.Path, upstream_port: int):
        config = folder / "sluice.yaml"
        config.write_text((HERE / "sluice.yaml").read_text().replace("UPSTREAM_PORT", str(upstream_port)))
        ours, theirs = os.pipe()
        binary = build_folder / "bin/sluice-gateway"
        with open(folder / "gateway.log", "wb") as log:
            self.process = start(RELAY_CORE, binary, "--config", config, "--ports-file", f"/dev/fd/{theirs}",
                                 pass_fds=[theirs], stdout=log, stderr=log)
        os.close(theirs)
        with open(ours) as ports:
            self.port = 0
            while not self.port:
                line = read_line(ports, 30)
                if line.startswith("grpc="):
                    self.port = int(line.removeprefix("grpc="))
        self.pid = self.process.pid

    def close(self):
        stop(self.process)


class Nginx:
    name, load = "nginx", "bench_http_load"

    def __init__(self, build_folder: pathlib.Path, folder: pathlib.Path, upstream_port: int):
        with socket.socket() as free:  # nginx cannot choose a port by itself
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        text = (HERE / "nginx.conf").read_text()
        for name, value in (("FOLDER", folder), ("UPSTREAM_PORT", upstream_port), ("NGINX_PORT", self.port)):
            text = text.replace(name, str(value))
        config = folder / "nginx.conf"
        config.write_text(text)
        self.process = start(RELAY_CORE, shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-c", config)
        wait_until_serving(self.port)
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.pid = int(children[0])

    def close(self):
        stop(self.process)


class Direct:
    name, load = "no relay", "bench_http_load"

    def __init__(self, build_folder: pathlib.Path, folder: pathlib.Path, upstream_port: int):
        self.port, self.pid = upstream_port, None

    def close(self):
        pass


def wait_until_serving(port: int) -> None:
    """Returns once a reply came through, which needs nginx's worker, not only its listening socket."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=5) as reply:
                reply.read()
                return
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
    raise RuntimeError(f"nothing listens on port {port}")


def measure(kind, args, build_folder: pathlib.Path) -> dict[str, float]:
    """One round of one relay, with an upstream and a load client of its own."""
    with tempfile.TemporaryDirectory() as folder:
        upstream = start(LOAD_CORE, build_folder / "bin/bench_upstream", stdout=subprocess.PIPE, text=True)
        relay = None
        try:
            upstream_port = int(read_line(upstream.stdout, 10).removeprefix("port="))
            relay = kind(build_folder, pathlib.Path(folder), upstream_port)
            load = start(LOAD_CORE, build_folder / "bin" / kind.load, relay.port, args.streams, 1, args.window, 5,
                         stdout=subprocess.PIPE, text=True)
            if read_line(load.stdout, 30) != "begin":
                raise RuntimeError("the load did not begin")
            before = cpu_seconds(relay.pid) if relay.pid else 0
            end = read_line(load.stdout, args.window + 30)
            used = cpu_seconds(relay.pid) - before if relay.pid else 0
            report = load.stdout.read()
            if load.wait(60) != 0:
                raise RuntimeError(f"{kind.name}: the load saw errors: {report}")
        finally:
            if relay:
                relay.close()
            stop(upstream)
        result = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", f"{end} {report}")}
        result["cpu_us"] = used * 1e6 / result["deltas"]
        result["rate"] = result["deltas"] / args.window
        return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--window", type=float, default=8)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / ".build/release")
    parser.add_argument("--only", help="measure only this one: sluice, nginx or 'no relay'")
    args = parser.parse_args()
    build_folder = args.build.resolve()
    build(build_folder)
    kinds = [kind for kind in (Gateway, Nginx, Direct) if args.only in (None, kind.name)]
    rounds: dict[str, list[dict[str, float]]] = {kind.name: [] for kind in kinds}
    for number in range(args.rounds):
        for kind in kinds:
            result = measure(kind, args, build_folder)
            rounds[kind.name].append(result)
            print(f"round {number + 1} {kind.name}: {result['cpu_us']:.2f} us a delta at {result['rate']:.0f}/s, "
                  f"TTFT p50 {result['ttft_p50_us']:.0f} us", file=sys.stderr)

    middle = {name: {key: statistics.median(each[key] for each in results) for key in results[0]}
              for name, results in rounds.items()}
    direct = middle.get(Direct.name, {})
    print(f"\n{args.streams} streams x 50 deltas/s, medians of {args.rounds} rounds; times in us\n")
    print("|          | CPU a delta | deltas/s | added TTFT p50 | added TTFT p99 | added delta p50 | added delta p99 |")
    print("|----------|------------:|---------:|---------------:|---------------:|----------------:|----------------:|")
    for name, row in middle.items():
        added = [row[key] - direct.get(key, 0) for key in ("ttft_p50_us", "ttft_p99_us", "delta_p50_us", "delta_p99_us")]
        if name == Direct.name:
            added = [row[key] for key in ("ttft_p50_us", "ttft_p99_us", "delta_p50_us", "delta_p99_us")]
        print(f"| {name:8} | {row['cpu_us']:11.2f} | {row['rate']:8.0f} | {added[0]:14.0f} | {added[1]:14.0f} | "
              f"{added[2]:15.0f} | {added[3]:15.0f} |")
    if {Gateway.name, Nginx.name} <= middle.keys():
        print(f"\nCPU a delta, sluice / nginx: {middle['sluice']['cpu_us'] / middle['nginx']['cpu_us']:.2f}")
    if direct:
        print("The row without a relay shows its own times; the others show what they add to it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
