#!/usr/bin/env python3
"""Recording rules and alerts, taken out of the rendered PrometheusRule: promtool reads them and runs tests/deploy/rules;
every alert has tests in which it fires, clears and holds back, a runbook, a severity; rules and runbooks ask for metrics, labels and
panels that there are; deploy/prometheus/rules.yaml is not stale. Prints a row for each alert.

    rules.py [--write]    --write rewrites deploy/prometheus/rules.yaml
"""
import collections
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

import metrics
import render
from table import Report

HERE = pathlib.Path(__file__).resolve().parent
PLAIN = render.ROOT / "deploy/prometheus/rules.yaml"
RUNBOOKS = render.ROOT / "deploy/runbooks"


RULES = "monitoring: {rules: {enabled: true, runbookBaseUrl: 'https://runbooks.example.com'%s}}\n"
# As deploy/prometheus/prometheus.yaml labels it; who runs compose.yaml has the runbooks at hand, as files.
COMPOSE = RULES.replace("https://runbooks.example.com", "deploy/runbooks") % ", namespacePattern: compose, jobPattern: sluice"


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
    """alert -> what the tests show of it: ("fires", when), ("clears", when), or ("holds back", for how long) where a test never sees it."""
    seen = collections.defaultdict(list)
    for test in (test for path in sorted((HERE / "rules").glob("*.yaml")) for test in yaml.safe_load(path.read_text())["tests"]):
        looks = collections.defaultdict(list)
        for look in sorted(test["promql_expr_test"], key=lambda look: seconds(look["eval_time"])):
            (name,) = re.findall(r'alertname="(\w+)"', look["expr"])
            looks[name].append((look["eval_time"], bool(look["exp_samples"])))
        for name, its in looks.items():
            fired = [when for when, fires in its if fires]
            cleared = [when for when, fires in its if fired and not fires and seconds(when) > seconds(fired[-1])]
            if not fired:
                seen[name].append(("holds back", its[-1][0]))
            seen[name] += [("fires", when) for when in fired[:1]] + [("clears", when) for when in cleared[:1]]
    return seen


def seconds(text):
    return sum(int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))


def check_alert(alert, tests, series):
    name = alert["alert"]
    if alert["labels"].get("severity") not in ("page", "ticket"):
        yield f"has severity {alert['labels'].get('severity')}"
    if not alert["annotations"]["runbook_url"].endswith(f"/{name}.md") or not (RUNBOOKS / f"{name}.md").exists():
        yield f"has no runbook deploy/runbooks/{name}.md"
    # Its `for` alone holds an alert back for a while: that shows nothing.
    shows = {what for what, when in tests if what != "holds back" or seconds(when) > seconds(alert["for"])}
    if missing := {"fires", "holds back", "clears"} - shows:
        yield f"no test shows that it {' and '.join(sorted(missing))}"
    words = " ".join(alert["annotations"].values())
    if missing := set(re.findall(r"\$labels\.(\w+)", words)) - metrics.labels_of(alert["expr"], series) - set(alert["labels"]):
        yield f"speaks of {', '.join(sorted(missing))}, which it does not have"


def told(tests):
    """The first test that sees it fire and clear, and how many do not see it."""
    first = {what: when for what, when in reversed(tests)}
    return f"promtool: fires at {first['fires']}, clears at {first['clears']}; tests in which it is silent: {sum(what == 'holds back' for what, _ in tests)}"


def check_runbooks(spec, series):
    """Runbooks speak of panels and metrics that there are."""
    titles = collections.defaultdict(set)
    for dashboard in (json.loads(path.read_text()) for path in (render.CHART / "files/dashboards").glob("*.json")):
        titles[dashboard["title"].removeprefix("Sluice: ")] |= {panel["title"] for panel in dashboard["panels"]}
    everywhere, labels = set().union(*titles.values()), set().union(*series.values())
    for path in RUNBOOKS.glob("*.md"):
        text = path.read_text()
        if path.name != "README.md" and path.stem not in {alert["alert"] for alert in alerts(spec)}:
            yield f"{path.name} is of no alert"
        quoted = [(title, everywhere) for title in re.findall(r'"([^"\n]*\?)"', text)]
        for board in titles:
            for group in re.findall(rf'{board.capitalize()}, ((?:"[^"\n]*"(?:,| and)? ?)+)', text):
                quoted += [(title, titles[board]) for title in re.findall(r'"([^"]*)"', group)]
        yield from (f'{path.name}: no panel is called "{title}"' for title, there in quoted if title not in there)
        snippets = [snippet for snippet in re.findall(r"`([^`]+)`", text) if snippet not in labels]
        yield from (f"{path.name}: {fault}" for snippet in snippets for fault in metrics.faults(snippet, series))


def promtool(spec):
    """promtool's own words where it is not content."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "rules.yaml").write_text(yaml.safe_dump(spec))
        tests = [shutil.copy(path, root) for path in sorted((HERE / "rules").glob("*.yaml"))]
        for command in (["check", "rules", root / "rules.yaml"], ["test", "rules", *tests]):
            done = subprocess.run([render.PROMTOOL, *command], capture_output=True, text=True, cwd=root)
            if done.returncode:
                yield "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())


def main():
    spec = rendered()
    plain = "# The chart's rules, rendered for compose.yaml by tests/deploy/rules.py --write.\n"
    plain += yaml.safe_dump(rendered(COMPOSE), sort_keys=False, width=120)
    if sys.argv[1:] == ["--write"]:
        PLAIN.write_text(plain)
    problems = list(promtool(spec))
    if PLAIN.read_text() != plain:
        problems.append("deploy/prometheus/rules.yaml is stale; run tests/deploy/rules.py --write")
    series, tests, report = metrics.known(spec), shown(), Report()
    for rule in (rule for group in spec["groups"] for rule in group["rules"]):
        problems += [f"{rule.get('alert', rule.get('record'))}: {fault}" for fault in metrics.faults(rule["expr"], series)]
    problems += check_runbooks(spec, series)
    for alert in alerts(spec):
        faults = list(check_alert(alert, tests[alert["alert"]], series))
        report.line(not faults, alert["alert"], "; ".join(faults) or told(tests[alert["alert"]]))
    report.line(not problems, "rules, their tests and runbooks agree", f"{len(problems)} problems" if problems else f"{len(series)} series known", problems)
    report.exit()


if __name__ == "__main__":
    main()
