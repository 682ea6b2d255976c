"""Guards what a delta costs: counts the instructions of bench_guard's scenarios under Callgrind, in all and by stage,
and compares them, the allocations and the clock reads with baseline.json.

usage: guard.py [--build .build/release] [--update | SCENARIO...]

Exit status 1 when a figure is more than 3% above its baseline; 3% below asks for a new baseline, and fails nobody.
--update writes the present figures as the baseline. The build has to be of the preset release, with the target
bench_guard. Callgrind's own output stays in BUILD/guard, for callgrind_annotate.

Instructions, not time: they are the same on a busy machine and on an idle one. What they cannot see (system calls,
cache misses, locks) is measured by the load programs.
"""

import argparse
import collections
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BASELINE = HERE / "baseline.json"
TOLERANCE = 0.03
# The stages by the functions they begin with, outermost first; one ends where the next is called. A needless copy would
# drown in the whole, but not in its stage.
STAGES = {
    "reading": "sluice::exchange::Attempt::OnBody(",  # bytes to events of the stream
    "decoding": "sluice::dialect::openai::OpenAiDecoder::OnEvent(",  # to deltas
    "delivery": "sluice::exchange::Exchange::OnDelta(",  # to messages that wait for the caller
}
FIGURES = {"instructions": "instructions", **{stage: f"instructions of {stage}" for stage in STAGES},
           "allocations": "allocations", "clock_reads": "clock reads"}
# Their code is in the figures, as shared libraries or as headers.
PACKAGES = ["g++-12", "libabsl-dev", "libc6", "libprometheus-cpp-core1.0", "libprotobuf-dev", "libspdlog-dev",
            "libstdc++-12-dev", "rapidjson-dev", "valgrind"]

Figures = dict[str, str | float]


class Failure(Exception):
    """Ends the guard with a message."""


def check_build(build: pathlib.Path) -> None:
    cache = build / "CMakeCache.txt"
    if not (build / "bin/bench_guard").exists() or not cache.exists():
        raise Failure(f"{build} has no bench_guard: cmake --build {build} --target bench_guard")
    told = cache.read_text().splitlines()
    if not {"CMAKE_BUILD_TYPE:STRING=Release", "CMAKE_CXX_FLAGS:STRING=-g1"}.issubset(told):
        raise Failure(f"{build} is no build of the preset release: its instructions are not those of what is shipped")


def tools() -> dict[str, str]:
    """What can change the figures without a change of ours."""
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    # The C library picks its string functions by it; beyond that Valgrind shows every program the same processor.
    found = {"processor": platform.machine() + (" with AVX2" if re.search(r"\bavx2\b", cpu) else "")}
    for package in PACKAGES:
        query = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
        found[package] = query.stdout if query.returncode == 0 else "unknown"
    return found


def inclusive(profile: str) -> collections.Counter[str]:
    """What each function cost with all it called, as Callgrind's file format has it: names come once and then as
    numbers, and the line after "calls=" ends in the cost of the calls."""
    names, costs = {}, collections.Counter()
    lines = iter(profile.splitlines())
    callee = ""
    for line in lines:
        if named := re.match(r"c?fn=\((\d+)\)(?: (.*))?$", line):
            names.setdefault(named[1], named[2])
            callee = named[1]
        elif line.startswith("calls="):
            costs[names[callee]] += int(next(lines).split()[-1])
    return costs


def stages(profile: str, scenario: str) -> dict[str, int]:
    costs = inclusive(profile)
    whole = {stage: sum(cost for name, cost in costs.items() if name.startswith(begin))
             for stage, begin in STAGES.items()}
    for stage, cost in whole.items():
        if cost == 0:
            raise Failure(f"{scenario}: {STAGES[stage]}) was never called: name what begins the stage {stage} now")
    inner = [*list(whole.values())[1:], 0]
    return {stage: cost - less for (stage, cost), less in zip(whole.items(), inner)}


def run(valgrind: str, build: pathlib.Path, scenario: str) -> Figures:
    out = build / "guard" / f"callgrind.{scenario}"
    out.unlink(missing_ok=True)
    # A bare environment and the same argv[0] everywhere: both lie on the stack, and shift what comes after.
    done = subprocess.run([valgrind, "--tool=callgrind", "--quiet", "--instr-atstart=no",
                           f"--callgrind-out-file={out.resolve()}", "./bench_guard", scenario],
                          cwd=build / "bin", env={}, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise Failure(f"{scenario}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    said = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    profile = out.read_text()
    total = int(re.search(r"^totals: (\d+)$", profile, re.MULTILINE)[1])
    raw = {"instructions": total, **stages(profile, scenario), "allocations": int(said["allocations"]),
           "clock_reads": int(said["clock_reads"])}
    return {"unit": said["unit"], **{figure: round(value / int(said["count"]), 3) for figure, value in raw.items()}}


def change(now: float, before: float) -> float:
    """0.03 is 3% more; infinite where there was nothing before."""
    if now == before:
        return 0.0
    return now / before - 1 if before else float("inf")


def percent(part: float) -> str:
    return "above none" if part == float("inf") else f"{part:+.2%}"


def short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def print_table(measured: dict[str, Figures], baseline: dict[str, Figures]) -> None:
    print(f"{'':19}" + "".join(f"{figure.replace('_', ' '):>17}" for figure in FIGURES))
    for scenario, figures in measured.items():
        cells = []
        for figure in FIGURES:
            now, before = figures[figure], baseline.get(scenario, {}).get(figure)
            cells.append(f"{short(now)} {'new' if before is None else percent(change(now, before))}")
        print(f"{scenario + ', a ' + figures['unit']:19}" + "".join(f"{cell:>17}" for cell in cells))


def verdicts(measured: dict[str, Figures], baseline: dict[str, Figures]) -> tuple[list[str], list[str]]:
    """What fails, and what is only to be said."""
    failures, remarks = [], []
    for scenario, figures in measured.items():
        if scenario not in baseline:
            failures.append(f"{scenario}: has no baseline")
            continue
        for key, word in FIGURES.items():
            now, before = figures[key], baseline[scenario][key]
            part = change(now, before)
            told = f"{scenario}: {short(now)} {word} a {figures['unit']}, the baseline is {short(before)}: {percent(part)}"
            if part > TOLERANCE:
                failures.append(told + (f", and {TOLERANCE:.0%} is the limit" if before else ""))
            elif part < -TOLERANCE:
                remarks.append(told)
    return failures, remarks


def compare(measured: dict[str, Figures], recorded: dict, build: pathlib.Path) -> int:
    failures, remarks = verdicts(measured, recorded["scenarios"])
    before = recorded["tools"]
    others = [f"{name}: {before.get(name, 'none')} then, {version} now" for name, version in tools().items()
              if before.get(name) != version]
    for remark in remarks:
        print(f"guard: {remark}")
    if remarks:
        print("guard: cheaper than the baseline: keep it so with ./dev bench --quick --update")
    for failure in failures:
        print(f"guard: FAILED: {failure}", file=sys.stderr)
    if others and (failures or remarks):
        print("guard: the baseline was made with other tools, and the difference may be theirs:\n  " +
              "\n  ".join(others), file=sys.stderr)
    if failures:
        print(f"guard: where it goes: callgrind_annotate {build}/guard/callgrind.SCENARIO\n"
              "guard: if it is worth its price: ./dev bench --quick --update, and commit "
              f"{BASELINE.relative_to(ROOT)} with the reason", file=sys.stderr)
        return 1
    print(f"guard: nothing is more than {TOLERANCE:.0%} above the baseline")
    return 0


def measure(build: pathlib.Path, wanted: list[str]) -> dict[str, Figures]:
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise Failure("valgrind is not installed: ./dev deps bench")
    (build / "guard").mkdir(exist_ok=True)
    listed = subprocess.run([build / "bin/bench_guard"], check=True, capture_output=True, text=True).stdout.split()
    unknown = [name for name in wanted if name not in listed]
    if unknown:
        raise Failure(f"no such scenario: {', '.join(unknown)}; there are {', '.join(listed)}")
    return {scenario: run(valgrind, build, scenario) for scenario in listed if not wanted or scenario in wanted}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / ".build/release")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("scenario", nargs="*")
    options = parser.parse_args()
    if options.update and options.scenario:
        parser.error("--update is for all scenarios: a baseline is of one build and one set of tools")
    recorded = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"tools": {}, "scenarios": {}}
    check_build(options.build)
    measured = measure(options.build, options.scenario)
    print_table(measured, recorded["scenarios"])
    if not options.update:
        return compare(measured, recorded, options.build)
    BASELINE.write_text(json.dumps({"tools": tools(), "scenarios": measured}, indent=2) + "\n")
    print(f"guard: {BASELINE.relative_to(ROOT)} is written; commit it with the reason")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"guard: {failure}")
