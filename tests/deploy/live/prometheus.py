"""Debian's Prometheus as a process, and the receiver of its alerts."""
import calendar
import http.server
import json
import threading
import time
import urllib.parse
import urllib.request

import render
from process import START_SECONDS, Process


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

    def fired(self):
        """The labels of each alert that has fired."""
        with self._changed:
            return [dict(key) for key in self._fired]

    def close(self):
        self._server.shutdown()


class Prometheus(Process):
    """Debian's Prometheus on these rules; targets come and go by a file."""

    def __init__(self, folder, rules, alerts):
        folder.mkdir()
        self._targets = folder / "targets.json"
        self.targets({})
        (folder / "rules.yaml").write_text(rules)
        # A scrape has its interval's time: one that a busy machine makes late would end what an alert waits for.
        (folder / "prometheus.yaml").write_text(json.dumps({
            "global": {"scrape_interval": "5s", "evaluation_interval": "2s"},
            "rule_files": ["rules.yaml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alerts.address]}], "api_version": "v2"}]},
            "scrape_configs": [{"job_name": "sluice", "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}]}],
        }))  # fmt: skip
        places = [f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:0"]
        super().__init__([render.PROMETHEUS, *places], "Server is ready")
        self._address = self.expect(r'msg="Listening on" address="?([\d.]+:\d+)', START_SECONDS)[1]

    def targets(self, jobs):
        """job -> ports that are scraped from now on."""
        groups = [
            {"targets": [f"127.0.0.1:{port}" for port in ports], "labels": {"job": job, "namespace": "live"}} for job, ports in jobs.items()
        ]
        new = self._targets.with_suffix(".next")
        new.write_text(json.dumps(groups))
        new.rename(self._targets)

    def get(self, path, **parameters):
        with urllib.request.urlopen(f"http://{self._address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=60) as reply:
            return json.load(reply)["data"]
