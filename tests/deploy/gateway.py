"""A gateway as a process, on free ports of loopback: of 127.0.0.1, or of another address with a port that is given."""
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import time
import urllib.request

START_SECONDS, DRAIN_SECONDS = 120, 120


class Gateway:
    """sluice-gateway with this configuration; `files` limits its file descriptors. start() again takes the same ports."""

    def __init__(self, binary, folder, config, files=None, host="127.0.0.1", grpc=0):
        self._binary, self._folder, self._files = binary, pathlib.Path(folder), files
        self._folder.mkdir(exist_ok=True)
        self.host, self.grpc, self.ops = host, grpc, 0
        self._config = config
        self.start()

    def write(self, config):
        self._config = config
        config = {**config, "listen": {"ops": f"{self.host}:{self.ops}", "grpc": {"address": f"{self.host}:{self.grpc}", **config.get("grpc", {})}}}
        config.pop("grpc", None)
        new = self._folder / "next"
        new.write_text(json.dumps(config))  # YAML is a superset
        new.rename(self._folder / "sluice.yaml")

    def start(self):
        self.write(self._config)
        ours, theirs = os.pipe()
        # Not by a function between fork and exec: gRPC, which the callers run in this process, does not bear it.
        limit = ["prlimit", f"--nofile={self._files}:{self._files}"] if self._files else []
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [*limit, self._binary, "--config", self._folder / "sluice.yaml", "--ports-file", f"/dev/fd/{theirs}"],
                pass_fds=[theirs], stdout=log, stderr=log,
            )  # fmt: skip
        os.close(theirs)
        try:
            ports = dict(line.split("=", 1) for line in self._read(ours).splitlines())
        except BaseException:
            self.kill()
            raise
        finally:
            os.close(ours)
        self.grpc, self.ops = int(ports["grpc"]), int(ports["ops"])
        self.address = f"{self.host}:{self.grpc}"

    def _read(self, fd):
        """What the gateway writes once it is ready."""
        text, deadline = b"", time.monotonic() + START_SECONDS
        while not (b"ops=" in text and b"grpc=" in text and text.endswith(b"\n")):
            ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
            data = os.read(fd, 4096) if ready else b""
            if not data:
                raise RuntimeError("a gateway did not start: " + self.log()[-2000:])
            text += data
        return text.decode()

    def log(self):
        return (self._folder / "log").read_text()

    def metrics(self):
        return urllib.request.urlopen(f"http://{self.host}:{self.ops}/metrics", timeout=30).read()

    def metric(self, name, **labels):
        """The sum of a metric's values, of those that have these labels."""
        samples = re.findall(rf"^{name}\{{(.*)\}} (\S+)$", self.metrics().decode(), re.M)
        return sum(int(float(value)) for told, value in samples if all(f'{label}="{text}"' in told for label, text in labels.items()))

    def open_streams(self, upstream):
        return self.metric("sluice_open_streams", upstream=upstream)

    def attempts(self, upstream):
        """How often all its processes have asked an upstream, by their access lines."""
        lines = (json.loads(line) for line in self.log().splitlines() if '"msg":"call"' in line)
        return sum(line["attempts"] for line in lines if line["upstream"] == upstream)

    def alive(self):
        return self._process.poll() is None

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, seconds=DRAIN_SECONDS):
        return self._process.wait(seconds)

    def stop(self):
        """Its exit status, after a drain."""
        if self.alive():
            self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        self._process.kill()
        self._process.wait()
