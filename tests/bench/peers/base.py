"""What the bench asks of everything it measures."""

import dataclasses
import hashlib
import http.client
import pathlib
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import ClassVar

import machine

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements")


class Unavailable(Exception):
    """The peer cannot be had or started here; the text says why, and the report repeats it."""


@dataclasses.dataclass(frozen=True)
class Certificates:
    """A self-made authority and a certificate of its for localhost and 127.0.0.1, as PEM files."""

    authority: pathlib.Path
    chain: pathlib.Path
    key: pathlib.Path


@dataclasses.dataclass(frozen=True)
class Setup:
    """What a relay is started with."""

    folder: pathlib.Path  # scratch, of this measurement alone
    binaries: Mapping[str, pathlib.Path]  # the project's own programs
    certificates: Certificates
    upstream_port: int
    upstream_tls: bool
    listen_tls: bool
    upstream_flags: Sequence[object]  # the pace, for what plays the upstream itself
    own_network: bool

    @property
    def upstream(self) -> str:
        return f"{'https' if self.upstream_tls else 'http'}://127.0.0.1:{self.upstream_port}"


@dataclasses.dataclass
class Relay:
    process: machine.Process
    port: int


class Peer:
    """One thing that is measured. Subclasses say how it is installed and started."""

    name: ClassVar[str]
    what: ClassVar[str]
    load: ClassVar[str] = "bench_http_load"
    tls: ClassVar[bool] = False  # whether it is measured with TLS, too
    # What it is asked to carry at most: far above it, the figures would only show its queue.
    most_rate: ClassVar[float] = float("inf")  # deltas a second
    most_streams: ClassVar[int] = 1_000_000
    files_per_stream: ClassVar[float] = 2

    def __init__(self, folder: pathlib.Path):
        self.folder = folder  # where it is, or will be, installed
        self.headers: Sequence[str] = ()  # that its requests need; known once it is started

    def install(self) -> None:
        """Once; later calls find it in place. Raises Unavailable."""

    def version(self, binaries: Mapping[str, pathlib.Path]) -> str:
        return "of this tree"

    def start(self, setup: Setup) -> Relay:
        """On the relay's core. The caller waits until it serves."""
        raise NotImplementedError

    def run(self, setup: Setup, command: Sequence[object], environment: Mapping[str, str] | None = None,
            pass_fds: Sequence[int] = (), read: bool = False) -> machine.Process:
        return machine.Process.start(self.name, machine.RELAY_CORE, command, setup.folder / "relay.log", environment,
                                     setup.folder, pass_fds, read)


class Packaged(Peer):
    """A peer from PyPI, in a virtual environment of its own, all versions pinned."""

    package: ClassVar[str]
    requirements: ClassVar[str]

    def install(self) -> None:
        wanted = REQUIREMENTS / self.requirements
        if self.up_to_date(wanted.read_bytes()):
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        run_install([sys.executable, "-m", "venv", self.folder])
        run_install([self.folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                     "--requirement", wanted])
        self.mark(wanted.read_bytes())

    def up_to_date(self, wanted: bytes) -> bool:
        stamp = self.folder / "stamp"
        return stamp.exists() and stamp.read_text() == hashlib.sha256(wanted).hexdigest()

    def mark(self, wanted: bytes) -> None:
        (self.folder / "stamp").write_text(hashlib.sha256(wanted).hexdigest())

    def version(self, binaries: Mapping[str, pathlib.Path]) -> str:
        lines = (REQUIREMENTS / self.requirements).read_text().splitlines()
        return next(line.partition("==")[2] for line in lines if line.startswith(f"{self.package}=="))

    @property
    def python(self) -> pathlib.Path:
        return self.folder / "bin/python"


def run_install(command: Sequence[object], folder: pathlib.Path | None = None) -> None:
    try:
        done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, timeout=900,
                              check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"cannot be installed: {error}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"cannot be installed: {lines[-1][:200] if lines else 'no message'}")


def wait_until_serving(relay: Relay, tls: ssl.SSLContext | None, headers: Sequence[str], seconds: float) -> None:
    """Returns once a short answer came through whole, which needs more than an open port."""
    deadline = time.monotonic() + seconds
    told = "nothing listens"
    body = '{"model":"bench","stream":true,"max_tokens":1,"messages":[{"role":"user","content":"ready?"}]}'
    fields = {"content-type": "application/json", **dict(header.split(": ", 1) for header in headers)}
    while time.monotonic() < deadline:
        if relay.process.has_ended():
            raise Unavailable(f"ended at its start: {relay.process.last_words()}")
        connection = (http.client.HTTPSConnection("127.0.0.1", relay.port, timeout=10, context=tls) if tls else
                      http.client.HTTPConnection("127.0.0.1", relay.port, timeout=10))
        try:
            connection.request("POST", "/v1/chat/completions", body, fields)
            reply = connection.getresponse()
            text = reply.read().decode(errors="replace")
            if reply.status == 200 and "[DONE]" in text:
                return
            told = f"status {reply.status}: {text[-200:]}"
        except (OSError, http.client.HTTPException) as error:
            told = str(error)
        finally:
            connection.close()
        time.sleep(0.05)  # these programs have no common way of saying that they serve
    raise Unavailable(f"did not serve within {seconds:.0f} s: {told}")
