"""Envoy as a process, with the configuration that deploy/envoy recommends."""
import functools
import json
import pathlib
import sys
import urllib.request

import yaml
from load import until
from process import Process

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/bench"))
from peers import envoy as bench_envoy  # noqa: E402

RECOMMENDED = ROOT / "deploy/envoy/envoy.yaml"


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


class Envoy(Process):
    """`spoil`, for counter-tests, changes the Settings first."""

    def __init__(self, binary, folder, ports, spoil=None):
        folder.mkdir()
        settings = Settings(ports)
        if spoil:
            spoil(settings)
        (folder / "envoy.json").write_text(json.dumps(settings.whole))
        self._admin = folder / "admin"
        command = [binary, "-c", folder / "envoy.json", "--concurrency", "1", "--disable-hot-restart", "--admin-address-path", self._admin]
        super().__init__(command, "starting workers")

    @functools.cached_property
    def port(self):
        (listener,) = self._ask("listeners?format=json")["listener_statuses"]
        return listener["local_address"]["socket_address"]["port_value"]

    def _ask(self, path):
        with urllib.request.urlopen(f"http://{self._admin.read_text()}/{path}", timeout=30) as reply:
            return json.load(reply)

    def hosts(self):
        """The gateways that it knows and finds healthy, as host:port."""
        (cluster,) = (each for each in self._ask("clusters?format=json")["cluster_statuses"] if each["name"] == "sluice")
        healthy = [host for host in cluster.get("host_statuses", []) if not host["health_status"].get("failed_active_health_check")]
        addresses = [host["address"]["socket_address"] for host in healthy]
        return {f"{address['address']}:{address['port_value']}" for address in addresses}

    async def healthy(self, count):
        """Waits until Envoy, whose health checks come once a second, counts so many gateways healthy."""
        await until(lambda: len(self.hosts()) == count, f"{count} gateways that Envoy finds healthy")

    def stat(self, name):
        """A counter of the gateways' cluster."""
        (stat,) = self._ask(f"stats?format=json&filter=^cluster.sluice.{name}$")["stats"]
        return stat["value"]
