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
import urllib.parse

import yaml

import go
import render
from table import left_out

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


def upstream_problems(config, gateway, services):
    """In a container, loopback is the container, and a bare name has to be one that the composition gives."""
    named = {*services, *(entry.replace("=", ":").split(":")[0] for entry in gateway.get("extra_hosts", []))}
    for name, upstream in config["upstreams"].items():
        host = urllib.parse.urlsplit(upstream["base_url"]).hostname
        if host == "localhost" or host.startswith("127.") or host == "::1":
            yield f"upstream {name} is at {host}, which is the container itself"
        elif ("." not in host or host.endswith(".internal")) and host not in named:
            yield f"upstream {name} is at {host}, which neither services nor extra_hosts have"


def gateway_problems(gateway, services, binary):
    (path,) = mounted(gateway).values()
    environment = {**os.environ, **{name: "HS-stand-in" for name in gateway["environment"]}}
    done = subprocess.run([binary, "--check-config", path], capture_output=True, text=True, env=environment)
    if done.returncode:
        yield f"the gateway refuses {path.name}: {(done.stdout + done.stderr).strip()}"
    config = yaml.safe_load(path.read_text())
    yield from upstream_problems(config, gateway, services)
    if seconds(gateway["stop_grace_period"]) < seconds(config["limits"]["drain"]) + 10:
        yield f"stop_grace_period {gateway['stop_grace_period']} is not limits.drain {config['limits']['drain']} and the 10 s that its end takes"
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
        rules = (pathlib.Path(folder) / "rules.yaml").read_text()
        if scope not in rules:
            yield f"the rules do not look at {scope}, as which the gateway is scraped"
    for alert in (rule for group in yaml.safe_load(rules)["groups"] for rule in group["rules"] if "alert" in rule):
        # Who runs compose.yaml has the project's files at hand.
        if not (render.ROOT / alert["annotations"]["runbook_url"]).is_file():
            yield f"{alert['alert']}: its runbook {alert['annotations']['runbook_url']} is not a file of this project"
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
    yield from gateway_problems(services["gateway"], services, binary)
    yield from prometheus_problems(services["prometheus"], services)
    yield from grafana_problems(services["grafana"], services)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True)
    arguments = parser.parse_args()
    go.demand()
    found = list(problems(arguments.gateway))
    print("\n".join(found) or "compose.yaml: loads, mounts what is there, and its services find each other")
    left_out("compose.yaml in an engine, which starts it: there is none here")
    sys.exit(1 if found else 0)


main()
