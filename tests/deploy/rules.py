#!/usr/bin/env python3
"""Recording rules and alerts, taken out of the rendered PrometheusRule: promtool reads them and runs tests/deploy/rules;
every alert has a test that fires and one that clears, a runbook, a severity; deploy/prometheus/rules.yaml is not stale.

    rules.py [--write]    --write rewrites deploy/prometheus/rules.yaml
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

import render

HERE = pathlib.Path(__file__).resolve().parent
PLAIN = render.ROOT / "deploy/prometheus/rules.yaml"
RUNBOOKS = render.ROOT / "deploy/runbooks"


def rendered(values="monitoring: {rules: {enabled: true}}\n"):
    """The rules as Prometheus reads them: what stands under spec in the PrometheusRule."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(values)
        file.flush()
        (rule,) = render.of_kind(render.objects(render.template(file.name)), "PrometheusRule")
    return rule["spec"]


def alerts(spec):
    return [rule for group in spec["groups"] for rule in group["rules"] if "alert" in rule]


def check_alerts(spec):
    tested = "".join(path.read_text() for path in (HERE / "rules").glob("*.yaml"))
    for alert in alerts(spec):
        name = alert["alert"]
        if alert["labels"].get("severity") not in ("page", "ticket"):
            yield f"{name} has severity {alert['labels'].get('severity')}"
        if not alert["annotations"]["runbook_url"].endswith(f"/{name}.md") or not (RUNBOOKS / f"{name}.md").exists():
            yield f"{name} has no runbook deploy/runbooks/{name}.md"
        fired = re.findall(rf'alertname="{name}"[^\n]*\n(?:[^\n]*\n){{0,1}}?\s+eval_time: \S+\n\s+exp_samples:( \[\])?', tested)
        if "" not in fired or " []" not in fired:
            yield f"{name} is not tested both firing and not: {fired}"
    for path in RUNBOOKS.glob("*.md"):
        if path.name != "README.md" and path.stem not in {alert["alert"] for alert in alerts(spec)}:
            yield f"deploy/runbooks/{path.name} is of no alert"


def promtool(spec):
    """promtool's own words where it is not content."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "rules.yaml").write_text(yaml.safe_dump(spec))
        tests = [shutil.copy(path, root) for path in sorted((HERE / "rules").glob("*.yaml"))]
        for command in (["check", "rules", root / "rules.yaml"], ["test", "rules", *tests]):
            done = subprocess.run([render.PROMTOOL, *command], capture_output=True, text=True, cwd=root)
            if done.returncode:
                yield (done.stdout + done.stderr).strip()


def main():
    spec = rendered()
    plain = "# The chart's rules, rendered with its defaults by tests/deploy/rules.py --write.\n" + yaml.safe_dump(spec, sort_keys=False, width=120)
    if sys.argv[1:] == ["--write"]:
        PLAIN.write_text(plain)
    problems = list(check_alerts(spec)) + list(promtool(spec))
    if PLAIN.read_text() != plain:
        problems.append("deploy/prometheus/rules.yaml is stale; run tests/deploy/rules.py --write")
    print("\n".join(problems) or f"{len(alerts(spec))} alerts: each fires, holds back, clears, and has its runbook")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
