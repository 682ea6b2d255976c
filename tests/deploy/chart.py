#!/usr/bin/env python3
"""The chart: renders for every case of ci/ and for the README's first example, holds what assertions.py says, gives the
gateway a configuration that it takes, is as golden/ has it, and refuses each file of bad_values/ with its own message.

    chart.py --gateway BINARY            checks
    chart.py --gateway BINARY --write    checks, and rewrites golden/
"""
import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

import assertions
import render

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
# What a user brings: named in the values, made by nobody here.
OWN = {("Secret", name) for name in ("sluice-keys", "sluice-tls", "callers-ca", "relay-key", "house-key", "openai-key", "r-sluice-tls", "registry", "claude", "collector", "llm-tls")}
OWN |= {("ServiceAccount", "llm"), ("ConfigMap", "house-ca")}


def problems_of(text, values):
    documents = render.objects(text)
    yield from assertions.security(documents)
    yield from assertions.references(documents, OWN)
    yield from assertions.selectors(documents)
    yield from assertions.drain(documents, values)
    yield from assertions.secrets(text)


def check_config(text, gateway):
    """The rendered file as the gateway reads it in a pod: with the files that are mounted there, and the variables that it has."""
    documents = render.objects(text)
    (config,) = [d["data"]["sluice.yaml"] for d in render.of_kind(documents, "ConfigMap") if "sluice.yaml" in d["data"]]
    (deployment,) = render.of_kind(documents, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    mounts = [mount["mountPath"] + "/" for mount in container["volumeMounts"]]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path in sorted(path for path in set(re.findall(r"/etc/sluice/[\w./-]+", config)) if path.startswith(tuple(mounts))):
            stand_in = root / path.removeprefix("/etc/sluice/")
            stand_in.parent.mkdir(parents=True, exist_ok=True)
            stand_in.write_text("HS-stand-in\n")
        if "/etc/sluice/tls/" in config:
            make_certificate(root)
        file = root / "sluice.yaml"
        file.write_text(config.replace("/etc/sluice/", f"{root}/"))
        environment = {variable["name"]: "stand-in" for variable in container.get("env", [])}
        done = subprocess.run([gateway, "--check-config", file], capture_output=True, text=True, env=environment)
        if done.returncode:
            yield "the gateway refuses the configuration: " + (done.stdout + done.stderr).replace(str(root), "/etc/sluice").strip()


def make_certificate(root):
    (root / "tls").mkdir(exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=sluice",
         "-keyout", root / "tls/tls.key", "-out", root / "tls/tls.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    for authority in root.glob("client-ca/*"):
        authority.write_bytes((root / "tls/tls.crt").read_bytes())


def against_golden(name, text, write):
    path = GOLDEN / f"{name}.yaml"
    # The dashboards are long, and checked for themselves.
    documents = [d for d in render.objects(text) if not any(key.endswith(".json") for key in d.get("data", {}))]
    now = yaml.safe_dump_all(documents, sort_keys=True, width=120)
    if write:
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(now)
        return
    before = path.read_text() if path.exists() else ""
    if now != before:
        yield "differs from its golden file (chart.py --write rewrites it):\n" + "".join(
            difflib.unified_diff(before.splitlines(True), now.splitlines(True), str(path.name), "now")
        )


def check_case(name, file, arguments):
    try:
        text = render.template(file)
    except ValueError as error:
        return [f"does not render: {error}"]
    values = yaml.safe_load(file.read_text()) or {}
    found = list(problems_of(text, values))
    found += check_config(text, arguments.gateway)
    found += against_golden(name, text, arguments.write)
    return found


def check_refusal(file):
    expected = file.read_text().split("\n", 1)[0].removeprefix("# expect: ")
    try:
        render.template(file)
        return ["is rendered"]
    except ValueError as error:
        return [] if expected in str(error) else [f"fails otherwise than with {expected!r}: {error}"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    failed = 0

    def report(what, found):
        nonlocal failed
        failed += bool(found)
        print(f"{'FAILED' if found else 'ok':6} {what}")
        for problem in found:
            print(f"       {problem}")

    lint = render.helm("lint", "--strict", render.CHART)
    report("helm lint --strict", [lint.stdout + lint.stderr] if lint.returncode else [])
    for file in render.cases():
        report(f"ci/{file.name}", check_case(file.stem.removesuffix("-values"), file, arguments))
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "readme.yaml"
        file.write_text(render.readme_values())
        lines = [line for line in render.readme_values().splitlines() if line.strip()]
        report("the README's values", ([f"has {len(lines)} lines"] if len(lines) > 3 else []) + check_case("readme", file, arguments))
    for file in sorted((HERE / "bad_values").glob("*.yaml")):
        report(f"bad_values/{file.name} is refused by name", check_refusal(file))
    sys.exit(1 if failed else 0)


main()
