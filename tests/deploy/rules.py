#!/usr/bin/env python3
"""Recording rules and alerts, taken out of the rendered PrometheusRule: promtool reads them and runs tests/deploy/rules;
every alert has a test that fires and one that clears, a runbook, a severity; deploy/prometheus/rules.yaml is not stale.

    rules.py [--write]    --write rewrites deploy/prometheus/rules.yaml
"""
import collections
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


RULES = "monitoring: {rules: {enabled: true, runbookBaseUrl: 'https://runbooks.example.com'%s}}\n"
COMPOSE = RULES % ", namespacePattern: compose, jobPattern: sluice"  # as deploy/prometheus/prometheus.yaml labels it


def rendered(values=RULES % ""):
    """The rules as Prometheus reads them: what stands under spec in the PrometheusRule."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(values)
        file.flush()
        (rule,) = render.of_kind(render.objects(render.template(file.name)), "PrometheusRule")
    return rule["spec"]


def alerts(spec):
    return [rule for group in spec["groups"] for rule in group["rules"] if "alert" in rule]


def shown():
    """What the tests show of each alert: that it fires, is silent without having fired, and is silent after it has."""
    seen = collections.defaultdict(set)
    for test in (test for path in (HERE / "rules").glob("*.yaml") for test in yaml.safe_load(path.read_text())["tests"]):
        fired = set()
        for look in sorted(test["promql_expr_test"], key=lambda look: seconds(look["eval_time"])):
            (name,) = re.findall(r'alertname="(\w+)"', look["expr"])
            if look["exp_samples"]:
                fired.add(name)
                seen[name].add("fires")
            else:
                seen[name].add("clears" if name in fired else "holds back")
    return seen


def seconds(text):
    return sum(int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))


def check_alerts(spec):
    seen = shown()
    for alert in alerts(spec):
        name = alert["alert"]
        if alert["labels"].get("severity") not in ("page", "ticket"):
            yield f"{name} has severity {alert['labels'].get('severity')}"
        if not alert["annotations"]["runbook_url"].endswith(f"/{name}.md") or not (RUNBOOKS / f"{name}.md").exists():
            yield f"{name} has no runbook deploy/runbooks/{name}.md"
        if missing := {"fires", "holds back", "clears"} - seen[name]:
            yield f"no test shows that {name} {' and '.join(sorted(missing))}"
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
    plain = "# The chart's rules, rendered for compose.yaml by tests/deploy/rules.py --write.\n"
    plain += yaml.safe_dump(rendered(COMPOSE), sort_keys=False, width=120)
    if sys.argv[1:] == ["--write"]:
        PLAIN.write_text(plain)
    problems = list(check_alerts(spec)) + list(promtool(spec))
    if PLAIN.read_text() != plain:
        problems.append("deploy/prometheus/rules.yaml is stale; run tests/deploy/rules.py --write")
    print("\n".join(problems) or f"{len(alerts(spec))} alerts: each fires, holds back, clears, and has its runbook")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
