"""Envoy as a process, with the configuration that deploy/envoy recommends."""
import json
import pathlib
import subprocess
import sys
import threading
import urllib.request

import yaml
from load import until

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/bench"))
from peers import envoy as bench_envoy  # noqa: E402

RECOMMENDED = ROOT / "deploy/envoy/envoy.yaml"
START_SECONDS = 30


def program():
    """The Envoy of the bench, so that both run the same one. Raises peers.base.Unavailable where it cannot be installed."""
    peer = bench_envoy.Envoy(ROOT / ".build/bench/peers/envoy")
    peer.install()
    return peer.program()


class Settings:
    """The recommended configuration with addresses of its own, and the places that a counter-test spoils."""

    def __init__(self, ports):
        self.whole = yaml.safe_load(RECOMMENDED.read_text())
        (listener,), (self.cluster,) = (self.whole["static_resources"][part] for part in ("listeners", "clusters"))
        for place in (self.whole["admin"], listener):
            place["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": 0}
        hosts = [{"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}} for port in ports]
        self.cluster["load_assignment"]["endpoints"] = [{"lb_endpoints": hosts}]
        self.manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        (self.host,) = self.manager["route_config"]["virtual_hosts"]
        self.route = self.host["routes"][0]["route"]
        (protocol,) = self.cluster["typed_extension_protocol_options"].values()
        self.http2 = protocol["explicit_http_config"]["http2_protocol_options"]


def by_name(names, port):
    """Leaves the recommended name in place, and has it looked up at this server."""

    def settings(settings):
        (recommended,) = yaml.safe_load(RECOMMENDED.read_text())["static_resources"]["clusters"]
        settings.cluster["load_assignment"] = recommended["load_assignment"]
        (endpoint,) = settings.cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
        endpoint["endpoint"]["address"]["socket_address"]["port_value"] = port
        resolver = {"socket_address": {"address": "127.0.0.1", "port_value": names.port, "protocol": "UDP"}}
        settings.cluster["typed_dns_resolver_config"] = {
            "name": "envoy.network.dns_resolver.cares",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
                "resolvers": [resolver],
                "dns_resolver_options": {"no_default_search_domain": True},
            },
        }

    return settings


class Envoy:
    """Runs from its making to close(). `spoil`, for counter-tests, changes the Settings first."""

    def __init__(self, binary, folder, ports, spoil=None):
        folder.mkdir()
        settings = Settings(ports)
        if spoil:
            spoil(settings)
        (folder / "envoy.json").write_text(json.dumps(settings.whole))
        self._process = subprocess.Popen(
            [binary, "-c", folder / "envoy.json", "--concurrency", "1", "--disable-hot-restart", "--admin-address-path", folder / "admin"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._started, self._said = threading.Event(), []
        threading.Thread(target=self._follow, daemon=True).start()
        if not self._started.wait(START_SECONDS) or self._process.poll() is not None:
            self.close()
            raise RuntimeError("Envoy did not start: " + "".join(self._said[-5:]))
        self._admin = (folder / "admin").read_text()
        (listener,) = self._ask("listeners?format=json")["listener_statuses"]
        self.port = listener["local_address"]["socket_address"]["port_value"]

    def _follow(self):
        for line in self._process.stderr:
            self._said.append(line)
            if "starting workers" in line:
                self._started.set()
        self._started.set()

    def _ask(self, path):
        with urllib.request.urlopen(f"http://{self._admin}/{path}", timeout=10) as reply:
            return json.load(reply)

    def hosts(self):
        """The addresses of the gateways that it knows and finds healthy."""
        (cluster,) = (each for each in self._ask("clusters?format=json")["cluster_statuses"] if each["name"] == "sluice")
        healthy = [host for host in cluster.get("host_statuses", []) if not host["health_status"].get("failed_active_health_check")]
        return {host["address"]["socket_address"]["address"] for host in healthy}

    async def healthy(self, count):
        """Waits until Envoy, whose health checks come once a second, counts so many gateways healthy."""
        await until(lambda: self._healthy() == count, f"{count} gateways that Envoy finds healthy")

    def _healthy(self):
        (cluster,) = (each for each in self._ask("clusters?format=json")["cluster_statuses"] if each["name"] == "sluice")
        return sum(not host["health_status"].get("failed_active_health_check") for host in cluster["host_statuses"])

    def retries(self):
        stats = self._ask("stats?format=json&filter=cluster.sluice.upstream_rq_retry$")["stats"]
        return sum(stat.get("value", 0) for stat in stats)

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
