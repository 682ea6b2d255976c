"""What the figures were measured on: machine, load, versions, and the machine's own pauses."""

import datetime
import os
import pathlib
import platform
import subprocess
import sys

import machine


def first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError:
        return "unknown"
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines else "unknown"


def proc_value(path: str, key: str) -> str:
    for line in pathlib.Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"


def distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def commit(root: pathlib.Path) -> str:
    head = first_line("git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12")
    return "unknown" if "fatal" in head else head


def libraries() -> str:
    """What the gateway's speed depends on beside itself, where it comes from Debian's packages."""
    names = ("libgrpc++1.51", "libprotobuf32", "libcurl4", "libssl3", "libc6")
    try:
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *names], check=False,
                              capture_output=True, text=True)
    except OSError:
        return "not told"
    return done.stdout.strip(" ,") or "not told"


def describe(root: pathlib.Path) -> dict[str, str]:
    governor = pathlib.Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": proc_value("/proc/cpuinfo", "model name"),
        "cores": str(os.cpu_count()),
        "memory": f"{int(proc_value('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "kernel": platform.release(),
        "hypervisor": "yes" if "hypervisor" in proc_value("/proc/cpuinfo", "flags") else "no",
        "frequency governor": governor.read_text().strip() if governor.exists() else "not told",
        "distribution": distribution(),
        "compiler": first_line("c++", "--version"),
        "libraries": libraries(),
        "python": platform.python_version(),
        "commit": commit(root),
        "load average at the start": " ".join(f"{value:.2f}" for value in os.getloadavg()),
    }


class Pauses:
    """How late a sleep of 1 ms on a core ends while nothing of ours keeps it waiting: the machine's own pauses."""

    def __init__(self, core: int, folder: pathlib.Path):
        probe = pathlib.Path(__file__).with_name("pauses.py")
        self.process = machine.Process.start("pauses", core, [sys.executable, probe], folder / f"pauses-{core}.log")
        self.process.line(10)  # it sleeps from now on

    def stop(self) -> dict[str, float]:
        self.process.popen.terminate()
        try:
            words = self.process.line(10).split()
        finally:
            self.process.stop()
        return {key: float(value) for key, _, value in (word.partition("=") for word in words)}


def steal_seconds() -> float:
    """Time that the hypervisor gave to others while this machine wanted to run."""
    fields = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")
