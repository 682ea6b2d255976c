"""One measurement: an upstream, one relay and a load, all fresh, and what they showed."""

import contextlib
import dataclasses
import json
import pathlib
import ssl
import tempfile
from collections.abc import Mapping
from typing import Any

import environment
from machine import LOAD_CORE, RELAY_CORE, Failed, Process, cpu_seconds, rss_bytes
from peers.base import Certificates, Peer, Relay, Setup, Unavailable, wait_until_serving
from scenarios import BULK, IDLE, Scenario

SPARE_FILES = 250


@dataclasses.dataclass(frozen=True)
class Bench:
    """What all measurements of a run have in common."""

    binaries: Mapping[str, pathlib.Path]
    certificates: Certificates
    window: float
    file_limit: int
    own_network: bool


def unfit(peer: Peer, scenario: Scenario) -> str | None:
    """Why the peer is not asked to carry this."""
    if scenario.rate and scenario.rate > peer.most_rate:
        return f"not asked: {scenario.rate:,.0f} deltas/s, and it carries {peer.most_rate:,.0f} at most"
    if scenario.streams > peer.most_streams:
        return f"not asked: {scenario.streams:,} streams, and it is asked for {peer.most_streams:,} at most"
    if (scenario.upstream_tls or scenario.listen_tls) and not peer.tls:
        return "not asked: measured without TLS only"
    return None


def streams_for(peer: Peer, scenario: Scenario, file_limit: int) -> int:
    """Fewer than the scenario says where the relay would need more files than a process may open here."""
    if not peer.files_per_stream:
        return scenario.streams
    return min(scenario.streams, int((file_limit - SPARE_FILES) / peer.files_per_stream))


def upstream_flags(scenario: Scenario) -> list[object]:
    return ["--interval-us", scenario.interval_us, "--burst", scenario.burst, "--text-bytes", scenario.text_bytes]


def load_flags(scenario: Scenario, port: int, streams: int, window: float) -> list[object]:
    return ["--port", port, "--streams", streams, "--ramp", scenario.ramp, "--window", window, "--interval-us",
            scenario.interval_us, "--text-bytes", scenario.text_bytes]


def call_flags(scenario: Scenario, bench: Bench, peer: Peer, board: pathlib.Path) -> list[object]:
    flags: list[object] = ["--probe", scenario.probe, "--count", scenario.count]
    if scenario.cancels:
        flags += ["--cancels", scenario.cancels, "--closes", board]
    if scenario.silences:
        flags += ["--silences", scenario.silences]
    if scenario.listen_tls:
        flags += ["--ca", bench.certificates.authority]
    for header in peer.headers:
        flags += ["--header", header]
    return flags


def start_upstream(bench: Bench, scenario: Scenario, folder: pathlib.Path) -> tuple[Process, int]:
    command: list[object] = [bench.binaries["bench_upstream"], *upstream_flags(scenario), "--closes",
                             folder / "closes"]
    if scenario.upstream_tls:
        command += ["--tls-cert", bench.certificates.chain, "--tls-key", bench.certificates.key]
    process = Process.start("the upstream", LOAD_CORE, command, folder / "upstream.log")
    return process, int(process.value("port", 10))


def start_relay(bench: Bench, peer: Peer, setup: Setup) -> Relay:
    relay = peer.start(setup)
    if peer.load == "bench_http_load":
        context = ssl.create_default_context(cafile=str(bench.certificates.authority)) if setup.listen_tls else None
        try:
            wait_until_serving(relay, context, peer.headers, 60)
        except Unavailable:
            relay.process.stop()
            raise
    return relay


def measure(bench: Bench, peer: Peer, scenario: Scenario) -> dict[str, Any]:
    """The figures. Raises Failed or Unavailable when there are none."""
    window = scenario.window or bench.window
    streams = streams_for(peer, scenario, bench.file_limit)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        upstream, port = None, 0
        if peer.name != "writer":
            upstream, port = start_upstream(bench, scenario, folder)
            stack.callback(upstream.stop)
        relay, idle_rss = None, 0
        if peer.name not in ("direct", "reader"):
            setup = Setup(folder, bench.binaries, bench.certificates, port, scenario.upstream_tls, scenario.listen_tls,
                          upstream_flags(scenario), bench.own_network)
            relay = start_relay(bench, peer, setup)
            stack.callback(relay.process.stop)
            port, idle_rss = relay.port, rss_bytes(relay.process.pid)
        command = [bench.binaries[peer.load], *load_flags(scenario, port, streams, window)]
        if peer.name != "reader":
            command += call_flags(scenario, bench, peer, folder / "closes")
        pauses = environment.Pauses(LOAD_CORE, folder)
        stack.callback(pauses.process.stop)
        load = Process.start("the load", RELAY_CORE if peer.name == "reader" else LOAD_CORE, command,
                             folder / "load.log")
        stack.callback(load.stop)
        measured = load if peer.name == "reader" else relay.process if relay else None
        raw = watch(load, measured, upstream, scenario, window)
        raw["pauses"] = pauses.stop()
        if relay and relay.process.has_ended():
            raise Failed(f"{peer.name} ended during the measurement: {relay.process.last_words()}")
        return figures(raw, scenario, streams, window, idle_rss)


def watch(load: Process, measured: Process | None, upstream: Process | None, scenario: Scenario,
          window: float) -> dict[str, Any]:
    """Follows the load through its phases; reads the measured process at both ends of the window."""
    try:
        expect(load, "begin", scenario.ramp + 60)
        before = readings(measured, upstream)
        expect(load, "end", window + 30)
        after = readings(measured, upstream)
        silence = sum(map(float, scenario.silences.split(","))) * 5 if scenario.silences else 0
        report = json.loads(load.line(scenario.probe + scenario.cancels + silence + 60))
        status = load.wait(30)
    except Failed as error:
        what = f"; {measured.name} last said: {measured.last_words()}" if measured and measured is not load else ""
        raise Failed(f"{error}{what}") from error
    if report["errors"] or status:
        raise Failed(f"{report['errors']} errors, the first: {report['first_error']}")
    raw = {key: after[key] - before[key] for key in before if key != "rss"}
    return {**raw, "rss": after.get("rss"), "report": report}


def expect(load: Process, word: str, seconds: float) -> None:
    line = load.line(seconds)
    if line != word:
        raise Failed(f"the load said {line[:200]!r} where {word} was due: {load.last_words()}")


def readings(measured: Process | None, upstream: Process | None) -> dict[str, float]:
    now = {"steal": environment.steal_seconds()}
    if measured:
        now |= {"cpu": cpu_seconds(measured.pid), "rss": rss_bytes(measured.pid)}
    if upstream:
        now["upstream_cpu"] = cpu_seconds(upstream.pid)
    return now


def figures(raw: dict[str, Any], scenario: Scenario, streams: int, window: float, idle_rss: float) -> dict[str, Any]:
    """The row's numbers: times in us, memory in bytes, rates a second."""
    report = raw["report"]
    window = report.get("window_s", window)
    deltas, calls = report["deltas"], report["calls"]
    row: dict[str, Any] = {"streams": streams, "deltas_per_s": deltas / window, "steal_s": raw["steal"],
                           "pause_us": raw["pauses"], "gap_over_10x": report.get("gap_over_10x"),
                           "load_cpu_share": report.get("client_cpu_s", 0) / window,
                           "load_stall_us": report.get("max_loop_stall_us")}
    if scenario.rate:
        row["offered_per_s"] = scenario.rate * streams / scenario.streams
    if deltas:
        row["load_cpu_us"] = report.get("client_cpu_s", 0) * 1e6 / deltas
        if "upstream_cpu" in raw:
            row["upstream_cpu_us"] = raw["upstream_cpu"] * 1e6 / deltas
    if "cpu" in raw:
        row["cpu_share"] = raw["cpu"] / window
        if deltas:
            row["cpu_us"] = raw["cpu"] * 1e6 / deltas
        row["rss"] = raw["rss"]
        if idle_rss and streams and not scenario.count:
            row["rss_per_stream"] = (raw["rss"] - idle_rss) / streams
    if scenario.count:
        row["calls_per_s"] = calls / window
        if "cpu" in raw and calls:
            row["cpu_us_per_call"] = raw["cpu"] * 1e6 / calls
            row["calls_per_cpu_s"] = calls / raw["cpu"]
    if scenario.interval_us not in (BULK, IDLE) and deltas:
        row["latency_us"], row["gap_us"] = report["latency_us"], report["gap_us"]
    for key in ("ramp_ttft_us", "probe_ttft_us", "cancel_us", "silence_ttft_us"):
        if report.get(key) and report[key].get("count", 1):
            row[key] = report[key]
    return row
