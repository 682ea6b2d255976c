#!/usr/bin/env python3
"""deploy/compose.yaml, as far as that goes without an engine: the Compose project's own loader takes it, what it mounts is there, and
the three programs name each other as they stand. No container is started.

    compose.py --gateway BINARY
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

import render

DEPLOY = render.ROOT / "deploy"
LOADER = render.ROOT / ".build/tools/compose/cmd"


def loaded():
    """The file with everything spelled out."""
    done = subprocess.run([LOADER, DEPLOY / "compose.yaml"], capture_output=True, text=True, cwd=DEPLOY)
    if done.returncode:
        raise ValueError(f"compose.yaml is refused: {(done.stdout + done.stderr).strip()}")
    return yaml.safe_load(done.stdout)["services"]


def seconds(text):
    """"620s", "10m", "10m20s"."""
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in re.findall(r"(\d+)([hms])", text))


def mounted(service):
    return {volume["target"]: pathlib.Path(volume["source"]) for volume in service["volumes"]}


def gateway_problems(gateway, binary):
    (path,) = mounted(gateway).values()
    environment = {**os.environ, **{name: "HS-stand-in" for name in gateway["environment"]}}
    done = subprocess.run([binary, "--check-config", path], capture_output=True, text=True, env=environment)
    if done.returncode:
        yield f"the gateway refuses {path.name}: {(done.stdout + done.stderr).strip()}"
    config = yaml.safe_load(path.read_text())
    if seconds(gateway["stop_grace_period"]) <= seconds(config["limits"]["drain"]):
        yield f"stop_grace_period {gateway['stop_grace_period']} is not more than limits.drain {config['limits']['drain']}"
    listens = {int(address.rsplit(":", 1)[1]) for address in (config["listen"]["ops"], config["listen"]["grpc"]["address"])}
    if listens != (published := {port["target"] for port in gateway["ports"]}):
        yield f"the gateway listens on {listens}, and {published} are published"


def prometheus_problems(prometheus, services):
    with tempfile.TemporaryDirectory() as folder:
        for path in mounted(prometheus).values():
            shutil.copy(path, folder)
        file = pathlib.Path(folder) / "prometheus.yaml"
        done = subprocess.run([render.PROMTOOL, "check", "config", file], capture_output=True, text=True)
        if done.returncode:
            yield (done.stdout + done.stderr).strip()
        config = yaml.safe_load(file.read_text())
        (scrape,) = config["scrape_configs"]
        (labels,) = [each["labels"] for each in scrape["static_configs"]]
        scope = f'namespace=~"{labels["namespace"]}",job=~"{scrape["job_name"]}"'
        if scope not in (pathlib.Path(folder) / "rules.yaml").read_text():
            yield f"the rules do not look at {scope}, as which the gateway is scraped"
    yield from unreachable(config["scrape_configs"][0]["static_configs"][0]["targets"][0], services, "Prometheus")


def grafana_problems(grafana, services):
    provisioning = mounted(grafana)["/etc/grafana/provisioning"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/sluice.yaml").read_text())["providers"]
    dashboards = mounted(grafana).get(provider["options"]["path"])
    if dashboards is None:
        yield f"Grafana looks for dashboards in {provider['options']['path']}, where nothing is mounted"
    elif not (dashboards / pathlib.Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).name).exists():
        yield "Grafana's home dashboard is not there"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())["datasources"]
    yield from unreachable(source["url"].removeprefix("http://"), services, "Grafana")


def unreachable(address, services, who):
    """host:port of another service, inside the composition."""
    host, port = address.rsplit(":", 1)
    if host not in services or int(port) not in [each["target"] for each in services[host]["ports"]]:
        yield f"{who} asks {address}, which no service listens on"


def problems(binary):
    services = loaded()
    for name, service in services.items():
        for target, source in mounted(service).items():
            if not source.exists():
                yield f"{name} mounts {source} at {target}, and it is not there"
    yield from gateway_problems(services["gateway"], binary)
    yield from prometheus_problems(services["prometheus"], services)
    yield from grafana_problems(services["grafana"], services)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True)
    found = list(problems(parser.parse_args().gateway))
    print("\n".join(found) or "compose.yaml: loads, mounts what is there, and its services find each other; no engine here has started it")
    sys.exit(1 if found else 0)


main()
