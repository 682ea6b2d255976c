#!/usr/bin/env python3
"""All of ./dev verify-deploy: each part is a script of its own, whose status is 0, 77 (it could not be run here, and its last line says
why) or a failure. A line that begins with "NOT RUN: " tells what a part has left out. The live run waits for minutes, so it goes on
beside the others. A part that takes twenty minutes hangs, and is ended.

    verify.py --bin FOLDER    the folder with sluice-gateway and sluice
"""
import argparse
import concurrent.futures
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from table import LEFT_OUT, SKIPPED

HERE = pathlib.Path(__file__).resolve().parent
NOT_RUN = HERE.parents[1] / ".build/not-run"
PART_SECONDS, CLEAN_UP_SECONDS = 20 * 60, 60


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


class Part:
    """A script in a process group of its own, of which nothing is left behind."""

    def __init__(self, name, command):
        self.name, self._began, self._status = name, time.monotonic(), None
        # A file, not a pipe, which a container's monitor would keep open after its part has ended.
        self._output = tempfile.TemporaryFile("w+")
        command = [sys.executable, HERE / command[0], *command[1:]]
        self._process = subprocess.Popen(command, stdout=self._output, stderr=subprocess.STDOUT, start_new_session=True)

    def __enter__(self):
        return self

    def wait(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._status = self._process.wait(PART_SECONDS)
        self._took = time.monotonic() - self._began

    def __exit__(self, *_):
        """Ends it as Ctrl-C does, so that it takes away what is not in its group, containers; and then what is left of that."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(CLEAN_UP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def tell(self):
        """Prints what it has printed; (its name where it failed, what was not run)."""
        self._output.seek(0)
        told = self._output.read().strip()
        word = {0: "passed", SKIPPED: "NOT RUN", None: "FAILED, since it did not end,"}.get(self._status, "FAILED")
        print(f"== {self.name}\n{told}\n   {word} in {self._took:.0f} s", flush=True)
        left_out = [line.removeprefix(LEFT_OUT) for line in told.splitlines() if line.startswith(LEFT_OUT)]
        left_out += [told.rpartition("\n")[2]] if self._status == SKIPPED else []
        return [] if self._status in (0, SKIPPED) else [self.name], [f"{self.name}: {reason}\n" for reason in left_out]


def run(folder):
    """What Part.tell returns of each part."""
    command = ["live/run.py", "--gateway", str(folder / "sluice-gateway")]
    with concurrent.futures.ThreadPoolExecutor() as beside, Part("panels and alerts, live", command) as live:
        waiting = beside.submit(live.wait)
        for name, command in parts(folder):
            with Part(name, command) as part:
                part.wait()
            yield part.tell()
        waiting.result()
    yield live.tell()


def main():
    # A shell without job control has what it starts in the background ignore SIGINT, and the parts, which are ended by it, inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=lambda path: pathlib.Path(path).resolve())
    folder = parser.parse_args().bin
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    failed = []
    with NOT_RUN.open("a") as file:
        for names, left_out in run(folder):
            failed += names
            file.writelines(left_out)
    sys.exit(f"FAILED: {', '.join(failed)}" if failed else 0)


main()
