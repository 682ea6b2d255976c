#!/usr/bin/env python3
"""Every object that the chart renders, for each case of ci/ and for the README's values, against the schemas of Kubernetes, the
Prometheus operator, the Gateway API and cert-manager; every dashboard against Grafana's. An unknown field is an error, and so is a kind
without a schema."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

import render

HERE = pathlib.Path(__file__).resolve().parent / "schemas"
PACKAGES = render.ROOT / ".build/deploy/npm"


def rendered():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as readme:
        readme.write(render.readme_values())
        readme.flush()
        for file in [*render.cases(), pathlib.Path(readme.name)]:
            where = f"ci/{file.name}" if file.parent == render.CHART / "ci" else "README.md"
            for each in render.objects(render.template(file)):
                kind = f"{each['apiVersion']} {each['kind']}"
                yield {"where": f"{where}: {each['kind']} {each['metadata']['name']}", "kind": kind, "object": each}


def dashboards():
    for path in sorted((render.CHART / "files/dashboards").glob("*.json")):
        dashboard = json.loads(path.read_text())
        yield {"where": path.name, "kind": "dashboard", "object": dashboard}
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                custom = panel["fieldConfig"]["defaults"]["custom"]
                parts = {"targets": panel["targets"], "options": panel["options"], "custom": custom}
                yield {"where": f"{path.name}: {panel['title']}", "kind": f"panel {panel['type']}", "object": parts}


def bogus():
    """Objects with a fault, and what has to be said of it."""
    for number, each in enumerate(yaml.safe_load((HERE / "bogus.yaml").read_text())):
        made = each["object"]
        yield {"where": f"bogus {number}", "kind": each.get("kind") or f"{made['apiVersion']} {made['kind']}", "object": made}, each["says"]


def main():
    for name in ("kinds.ts", "check.mjs", "tsconfig.json"):  # beside the packages, where Node looks for them
        shutil.copy(HERE / name, PACKAGES)
    asked, planted = [*rendered(), *dashboards()], list(bogus())
    everything = asked + [each for each, _ in planted]
    done = subprocess.run(["node", "check.mjs"], cwd=PACKAGES, input=json.dumps(everything), capture_output=True, text=True)
    told = (done.stdout + done.stderr).strip().splitlines()
    problems = [line for line in told if not line.startswith("bogus ")]
    for each, says in planted:
        if not any(line.startswith(f"{each['where']}:") and says in line for line in told):
            problems.append(f"{each['where']} of schemas/bogus.yaml is not found out: {says}")
    kinds = len({each["kind"] for each in asked})
    print("\n".join(problems) or f"{len(asked)} objects, dashboards and panels of {kinds} kinds: as their schemas have them; {len(planted)} bogus ones found out")
    sys.exit(1 if problems or done.returncode else 0)


main()
