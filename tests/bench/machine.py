"""Processes of a measurement: started on one core, read from /proc, ended again."""

import ctypes
import dataclasses
import fcntl
import os
import pathlib
import resource
import select
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import IO

RELAY_CORE, LOAD_CORE = 0, 1


class Failed(Exception):
    """A process did not do what the measurement needs; the text says what."""


def raise_file_limit() -> int:
    """Lets the processes open as many files as this user may, and returns how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def own_network() -> str:
    """Moves this process, and so what it starts, into a network of its own with just the loopback. Says how it went.

    Nothing else then uses its ports, relays that bind all interfaces are not seen from outside, and the range of ports
    that connections start from can be widened.
    """
    clone_newuser, clone_newnet = 0x10000000, 0x40000000
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None).unshare(clone_newnet | (clone_newuser if user else 0)) != 0:
        return "the machine's (unshare was refused)"
    if user:
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    set_flags, up = 0x8914, 1  # SIOCSIFFLAGS, IFF_UP
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sH14x", b"lo", up))
    try:
        pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("10000 65000")
    except OSError:
        return "its own, ports as the machine has them"
    return "its own, ports 10000 to 65000"


def free_port() -> int:
    """For programs that cannot choose a port by themselves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def tree(pid: int) -> list[int]:
    """The process and all that it started."""
    found = [pid]
    for each in found:
        for task in pathlib.Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:  # the thread ended
                continue
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of the process tree so far, to the nanosecond: utime and stime would count ticks of 10 ms."""
    nanoseconds = 0
    for each in tree(pid):
        for task in pathlib.Path(f"/proc/{each}/task").glob("*/schedstat"):
            try:
                nanoseconds += int(task.read_text().split()[0])
            except OSError:
                continue
    return nanoseconds / 1e9


def rss_bytes(pid: int) -> int:
    total = 0
    for each in tree(pid):
        try:
            status = pathlib.Path(f"/proc/{each}/status").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:")), 0)
    return total


@dataclasses.dataclass
class Process:
    """One pinned process (with its children) whose standard output is read line by line."""

    name: str
    popen: subprocess.Popen[bytes]
    log: pathlib.Path
    pending: bytes = b""

    @classmethod
    def start(cls, name: str, core: int, command: Sequence[object], log: pathlib.Path,
              environment: Mapping[str, str] | None = None, folder: pathlib.Path | None = None,
              pass_fds: Sequence[int] = (), read: bool = True) -> "Process":
        """Standard error goes to `log`, and so does standard output unless it is going to be `read`."""
        arguments = ["taskset", "-c", str(core), *map(str, command)]
        with open(log, "wb") as errors:
            popen = subprocess.Popen(arguments, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE if read else errors, stderr=errors,
                                     env={**os.environ, **(environment or {})}, cwd=folder, pass_fds=pass_fds,
                                     start_new_session=True)
        return cls(name, popen, log)

    @property
    def pid(self) -> int:
        return int(self.popen.pid)

    def line(self, seconds: float) -> str:
        """The next line of its standard output."""
        deadline = time.monotonic() + seconds
        assert self.popen.stdout
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.popen.stdout], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(self.popen.stdout.fileno(), 65536) if ready else b""
            if not chunk:
                why = "ended" if ready else f"said nothing for {seconds:.0f} s"
                raise Failed(f"{self.name} {why}: {self.last_words()}")
            self.pending += chunk
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode(errors="replace").strip()

    def value(self, name: str, seconds: float) -> str:
        """VALUE of the next line NAME=VALUE."""
        while True:
            key, _, value = self.line(seconds).partition("=")
            if key == name:
                return value

    def last_words(self) -> str:
        text = self.log.read_text(errors="replace").strip()
        return text.splitlines()[-1][:300] if text else "no message"

    def has_ended(self) -> bool:
        return self.popen.poll() is not None

    def wait(self, seconds: float) -> int:
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self.name} did not end within {seconds:.0f} s") from error

    def stop(self, grace_seconds: float = 5) -> None:
        """Asks it to end, then ends its session, so that no child outlives the measurement."""
        if not self.has_ended():
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()
        stdout: IO[bytes] | None = self.popen.stdout
        if stdout:
            stdout.close()
