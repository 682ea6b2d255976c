"""Renders the chart with helm, as Python objects."""
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/helm/sluice"
HELM = ROOT / ".build/tools/helm/helm"
PROMETHEUS = ROOT / ".build/tools/prometheus/usr/bin/prometheus"
PROMTOOL = PROMETHEUS.with_name("promtool")
RELEASE, NAMESPACE = "r", "prod"


def helm(*arguments):
    return subprocess.run([HELM, *map(str, arguments)], capture_output=True, text=True)


def template(values):
    """The chart's YAML for a file of values; raises with helm's message."""
    done = helm("template", RELEASE, CHART, "--namespace", NAMESPACE, "--values", values)
    if done.returncode:
        raise ValueError(done.stderr.strip())
    return done.stdout


def notes(values):
    """What helm tells whoever installs it with these values."""
    done = helm("install", RELEASE, CHART, "--namespace", NAMESPACE, "--values", values, "--dry-run=client")
    if done.returncode:
        raise ValueError(done.stderr.strip())
    return done.stdout.partition("\nNOTES:\n")[2]


def objects(text):
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def cases():
    return sorted((CHART / "ci").glob("*-values.yaml"))


def readme_values():
    """The first YAML block of the chart's README: what a user begins with."""
    return re.search(r"```yaml\n(.*?)```", (CHART / "README.md").read_text(), re.DOTALL)[1]
