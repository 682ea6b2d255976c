#!/usr/bin/env python3
"""All of ./dev verify-deploy: each part is a script of its own, whose status is 0, 77 (it could not be run here, and its last line says
why) or a failure. A line that begins with "NOT RUN: " tells what a part has left out. The live run waits for minutes, so it goes on
beside the others.

    verify.py --bin FOLDER    the folder with sluice-gateway and sluice
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
NOT_RUN = HERE.parents[1] / ".build/not-run"
SKIPPED, LEFT_OUT = 77, "NOT RUN: "


def parts(folder):
    """(what it shows, command), in the order of what a fault is cheapest to see by."""
    gateway = ["--gateway", str(folder / "sluice-gateway")]
    yield "the chart", ["chart.py", *gateway]
    yield "the chart's README", ["chart_readme.py", "--check"]
    yield "the chart's schema", ["config_schema.py", "--check"]
    yield "schemas", ["schemas.py"]
    yield "alerts on promtool's clock", ["rules.py"]
    yield "dashboards", ["dashboards.py"]
    yield "compose file", ["compose.py", *gateway]
    yield "traces to a collector", ["collector/run.py", *gateway]
    yield "Envoy in front", ["envoy/run.py", *gateway]
    yield "image and pod", ["image/run.py", "--bin", str(folder)]


def run(name, command):
    begun = time.monotonic()
    # A file, not a pipe, which a container's monitor would keep open after its part has ended.
    with tempfile.TemporaryFile("w+") as output:
        status = subprocess.run([sys.executable, HERE / command[0], *command[1:]], stdout=output, stderr=subprocess.STDOUT).returncode
        output.seek(0)
        told = output.read().strip()
    word = {0: "passed", SKIPPED: "NOT RUN"}.get(status, "FAILED")
    print(f"== {name}\n{told}\n   {word} in {time.monotonic() - begun:.0f} s", flush=True)
    left_out = [line.removeprefix(LEFT_OUT) for line in told.splitlines() if line.startswith(LEFT_OUT)]
    return name, status, left_out + ([told.rpartition("\n")[2]] if status == SKIPPED else [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=lambda path: pathlib.Path(path).resolve())
    folder = parser.parse_args().bin
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with concurrent.futures.ThreadPoolExecutor() as beside:
        live = beside.submit(run, "panels and alerts, live", ["live/run.py", "--gateway", str(folder / "sluice-gateway")])
        results = [run(*part) for part in parts(folder)] + [live.result()]
    with NOT_RUN.open("a") as file:
        file.writelines(f"{name}: {reason}\n" for name, _, reasons in results for reason in reasons)
    failed = [name for name, status, _ in results if status not in (0, SKIPPED)]
    sys.exit(f"FAILED: {', '.join(failed)}" if failed else 0)


main()
