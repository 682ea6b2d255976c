"""Measures the gateway beside its peers, in one run on one machine, and writes the report.

Each relay is pinned to one core, the paced upstream and the load to another. In every round of a scenario each peer
gets its turn with a fresh process, a fresh upstream and a fresh load, in an order that rotates from round to round. The
load checks every delta: a measurement counts only if all were delivered, and the report shows medians of those.
"""

import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import certificates
import environment
import machine
import measure
import report
from peers import all_peers
from peers.base import Peer, Unavailable
from scenarios import SCENARIOS, Scenario, choose, sweep_points

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("sluice-gateway", "bench_upstream", "bench_http_load", "bench_grpc_load", "bench_grpc_writer",
            "bench_curl_reader")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenarios", default="", help="their names or groups, with commas between (all)")
    parser.add_argument("--peers", default="", help="their names, with commas between (all)")
    parser.add_argument("--rounds", type=int, default=5, help="of each scenario (%(default)s)")
    parser.add_argument("--window", type=float, default=5, help="seconds that a measurement counts (%(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / ".build/bench/report", help="folder of the report")
    parser.add_argument("--build", type=pathlib.Path, action="append",
                        help="build folder with the programs; may be repeated (.build/release)")
    parser.add_argument("--lock", type=pathlib.Path, help="a file to hold locked during each measurement, for machines "
                        "on which other work takes turns by it")
    parser.add_argument("--list", action="store_true", help="say what there is to measure, and end")
    parser.add_argument("--again", action="store_true", help="measure nothing: report on the results in --out anew")
    return parser.parse_args()


def list_all(peers: dict[str, Peer]) -> None:
    print("scenarios (in brackets: groups that choose them, too)")
    for each in SCENARIOS:
        groups = f" [{', '.join(each.groups)}]" if each.groups else ""
        print(f"  {each.key:13} {each.title}{groups}\n  {'':13}   {', '.join(each.peers)}")
    print("peers")
    for peer in peers.values():
        print(f"  {peer.name:17} {peer.what}")


def find_programs(builds: list[pathlib.Path]) -> dict[str, pathlib.Path]:
    found = {}
    for name in PROGRAMS:
        places = [build.resolve() / "bin" / name for build in builds]
        found[name] = next((place for place in places if place.exists()), places[0])
    missing = [str(path) for path in found.values() if not path.exists()]
    if missing:
        print(f"not built, so what needs them fails: {' '.join(missing)}", file=sys.stderr)
    return found


def install(peers: list[Peer], programs: dict[str, pathlib.Path]) -> tuple[dict[str, str], dict[str, str]]:
    """Versions of what is there, and why the rest is not."""
    versions, missing = {}, {}
    for peer in peers:
        print(f"== {peer.name}", file=sys.stderr)
        try:
            peer.install()
            versions[peer.name] = peer.version(programs)
        except (Unavailable, OSError, subprocess.SubprocessError) as error:
            missing[peer.name] = str(error)
            print(f"   {error}", file=sys.stderr)
    return versions, missing


@contextlib.contextmanager
def locked(path: pathlib.Path | None) -> Iterator[None]:
    if not path:
        yield
        return
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def machine_pauses(folder: pathlib.Path, seconds: float = 3) -> dict[str, dict[str, float]]:
    """Of both cores, while nothing is measured."""
    probes = {str(core): environment.Pauses(core, folder) for core in (machine.RELAY_CORE, machine.LOAD_CORE)}
    time.sleep(seconds)
    return {core: probe.stop() for core, probe in probes.items()}


def one(bench: measure.Bench, peer: Peer, scenario: Scenario, lock: pathlib.Path | None) -> dict[str, Any]:
    reason = measure.unfit(peer, scenario)
    if reason:
        return {"reason": reason}
    with locked(lock):
        try:
            return {"figures": measure.measure(bench, peer, scenario)}
        except (machine.Failed, Unavailable, OSError, ValueError, subprocess.SubprocessError) as error:
            return {"reason": str(error) or type(error).__name__}


def told(cell: dict[str, Any]) -> str:
    figures = cell.get("figures")
    if not figures:
        return str(cell["reason"])
    words = [f"{figures['deltas_per_s']:,.0f} deltas/s"]
    words += [f"{figures[key]:.2f} us CPU a {what}" for key, what in (("cpu_us", "delta"), ("cpu_us_per_call", "call"))
              if key in figures]
    if "rss_per_stream" in figures and not figures["deltas_per_s"]:
        words = [f"{figures['cpu_share'] * 100:.3f} % of a core, {figures['rss_per_stream'] / 1024:.1f} KiB a stream"]
    if "latency_us" in figures:
        words.append(f"p50 {figures['latency_us']['p50']:.0f} p99 {figures['latency_us']['p99']:.0f} us")
    return ", ".join(words)


def run(args: argparse.Namespace, bench: measure.Bench, chosen: list[Scenario], peers: dict[str, Peer],
        results: dict[str, Any]) -> None:
    """Adds to results["cells"], and saves after each scenario, so that a run that is broken off is not lost."""
    started = time.monotonic()
    for number in range(1, args.rounds + 1):
        for scenario in chosen:
            taking_part = [name for name in scenario.peers if name in peers and name not in results["missing"]]
            if number > scenario.most_rounds or not taking_part:
                continue
            shift = (number - 1) % len(taking_part)
            for name in taking_part[shift:] + taking_part[:shift]:
                cell = one(bench, peers[name], scenario, args.lock)
                results["cells"].append({"scenario": scenario.key, "peer": name, "round": number, **cell})
                print(f"round {number} {scenario.key} {name}: {told(cell)}", file=sys.stderr, flush=True)
            results["environment"]["rounds"] = str(number)
            results["environment"]["minutes"] = f"{(time.monotonic() - started) / 60:.0f}"
            save(results, args.out)


def save(results: dict[str, Any], folder: pathlib.Path) -> None:
    results["medians"] = report.medians(results["cells"])
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")


def measure_all(args: argparse.Namespace, chosen: list[Scenario], peers: dict[str, Peer]) -> None:
    programs = find_programs(args.build or [ROOT / ".build/release"])
    wanted = [peer for peer in peers.values() if any(peer.name in scenario.peers for scenario in chosen)]
    versions, missing = install(wanted, programs)
    about = environment.describe(ROOT)
    about["network"] = machine.own_network()
    about["files a process may open"] = str(machine.raise_file_limit())
    about["window"] = f"{args.window:g} s"
    os.sched_setaffinity(0, {machine.LOAD_CORE})
    results: dict[str, Any] = {"environment": about, "versions": versions, "missing": missing, "pauses_us": {},
                               "sweeps": sweep_points(), "cells": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bench = measure.Bench(programs, certificates.make(folder), args.window, machine.raise_file_limit(),
                              about["network"].startswith("its own"))
        with locked(args.lock):
            results["pauses_us"]["before"] = machine_pauses(folder)
        run(args, bench, chosen, peers, results)
        with locked(args.lock):
            results["pauses_us"]["after"] = machine_pauses(folder)
    about["load average at the end"] = " ".join(f"{value:.2f}" for value in os.getloadavg())
    save(results, args.out)


def main() -> int:
    args = arguments()
    peers = all_peers(ROOT / ".build/bench/peers")
    if args.list:
        list_all(peers)
        return 0
    named = [name for name in args.peers.split(",") if name]
    unknown = [name for name in named if name not in peers]
    try:
        chosen = choose([name for name in args.scenarios.split(",") if name])
    except ValueError as error:
        unknown.append(str(error))
    if unknown:
        print(f"bench: not known: {', '.join(unknown)}; see --list", file=sys.stderr)
        return 2
    if machine.LOAD_CORE not in os.sched_getaffinity(0) or not shutil.which("taskset"):
        print("bench: needs two cores, and taskset (Debian: util-linux)", file=sys.stderr)
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    if not args.again:
        measure_all(args, chosen, {name: peer for name, peer in peers.items() if not named or name in named})
    print(report.write(json.loads((args.out / "results.json").read_text()), args.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
