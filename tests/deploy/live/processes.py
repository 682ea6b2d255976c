"""The programs of the live run: gateways and Prometheus on free ports of loopback, each ended by its own pid."""
import calendar
import http.server
import json
import os
import pathlib
import resource
import select
import signal
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import render

START_SECONDS = 60


class Gateway:
    """sluice-gateway with this configuration; `files` limits its file descriptors. start() again takes the same ports."""

    def __init__(self, binary, folder, config, files=None):
        self._binary, self._folder, self._files = binary, pathlib.Path(folder), files
        self._folder.mkdir(exist_ok=True)
        self.grpc = self.ops = 0
        self._config = config
        self.start()

    def write(self, config):
        self._config = config
        config = {**config, "listen": {"ops": f"127.0.0.1:{self.ops}", "grpc": {"address": f"127.0.0.1:{self.grpc}", **config.get("grpc", {})}}}
        config.pop("grpc", None)
        new = self._folder / "next"
        new.write_text(json.dumps(config))  # YAML is a superset
        new.rename(self._folder / "sluice.yaml")

    def start(self):
        self.write(self._config)
        ours, theirs = os.pipe()
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (self._files, self._files))) if self._files else None
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [self._binary, "--config", self._folder / "sluice.yaml", "--ports-file", f"/dev/fd/{theirs}"],
                pass_fds=[theirs], stdout=log, stderr=log, preexec_fn=limit,
            )  # fmt: skip
        os.close(theirs)
        ports = dict(line.split("=", 1) for line in self._read(ours).splitlines())
        self.grpc, self.ops = int(ports["grpc"]), int(ports["ops"])

    def _read(self, fd):
        """What the gateway writes once it is ready."""
        text, deadline = b"", time.monotonic() + START_SECONDS
        try:
            while not (b"ops=" in text and b"grpc=" in text and text.endswith(b"\n")):
                ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
                data = os.read(fd, 4096) if ready else b""
                if not data:
                    raise RuntimeError("a gateway did not start: " + self.log()[-2000:])
                text += data
        finally:
            os.close(fd)
        return text.decode()

    def log(self):
        return (self._folder / "log").read_text()

    def metrics(self):
        return urllib.request.urlopen(f"http://127.0.0.1:{self.ops}/metrics", timeout=10).read()

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, seconds=60):
        return self._process.wait(seconds)

    def stop(self):
        """Its exit status, after a drain."""
        if self._process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


class Alerts:
    """Takes what Prometheus tells an Alertmanager (its API v2), and lets callers wait for it."""

    def __init__(self):
        self._changed, self._fired, self._cleared = threading.Condition(), {}, {}
        alerts = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                alerts._take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, batch):
        now = time.time()
        with self._changed:
            for alert in batch:
                key = frozenset(alert["labels"].items())
                ends = time.strptime(alert["endsAt"].split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")
                over = calendar.timegm(ends) <= now
                if not over:
                    self._fired.setdefault(key, (now, alert))
                elif key in self._fired:
                    self._cleared.setdefault(key, now)
            self._changed.notify_all()

    def wait(self, labels, cleared, seconds):
        """When an alert with these labels fired (and cleared); its time, and the alert as it was told. None: it did not."""
        wanted = set(labels.items())

        def find():
            for key, (when, alert) in self._fired.items():
                if wanted <= key and (not cleared or key in self._cleared):
                    return self._cleared[key] if cleared else when, alert

        with self._changed:
            return self._changed.wait_for(find, seconds)

    def close(self):
        self._server.shutdown()


class Prometheus:
    """Debian's Prometheus on these rules; targets come and go by a file."""

    def __init__(self, folder, rules, alerts):
        folder = pathlib.Path(folder)
        folder.mkdir()
        self._targets = folder / "targets.json"
        self.targets({})
        (folder / "rules.yaml").write_text(rules)
        (folder / "prometheus.yaml").write_text(json.dumps({
            "global": {"scrape_interval": "2s", "evaluation_interval": "2s"},
            "rule_files": ["rules.yaml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alerts.address]}], "api_version": "v2"}]},
            "scrape_configs": [{"job_name": "sluice", "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}]}],
        }))  # fmt: skip
        self._process = subprocess.Popen(
            [render.PROMETHEUS, f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._url, self._ready = None, threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()
        if not self._ready.wait(START_SECONDS) or not self._url:
            raise RuntimeError("Prometheus did not start")

    def _follow(self):
        """Its log says where it listens, and that it is ready; read on, or it would block."""
        for line in self._process.stderr:
            if "Listening on" in line:
                self._url = "http://" + line.split("address=")[1].split()[0].strip('"')
            if "Server is ready" in line:
                self._ready.set()
        self._ready.set()

    def targets(self, jobs):
        """job -> ports that are scraped from now on."""
        groups = [
            {"targets": [f"127.0.0.1:{port}" for port in ports], "labels": {"job": job, "namespace": "live"}} for job, ports in jobs.items()
        ]
        new = self._targets.with_suffix(".next")
        new.write_text(json.dumps(groups))
        new.rename(self._targets)

    def get(self, path, **parameters):
        with urllib.request.urlopen(f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=30) as reply:
            return json.load(reply)["data"]

    def stop(self):
        self._process.terminate()
        self._process.wait(30)
