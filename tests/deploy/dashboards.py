#!/usr/bin/env python3
"""The dashboards: made from their source, every panel with a title that asks or states, a description and a unit, ids
that differ, and no query with a metric that neither the gateway nor a recording rule makes."""
import json
import re
import subprocess
import sys

import render
import rules

FOLDER = render.CHART / "files/dashboards"
NAMES = render.ROOT / "server/telemetry/names.h"
WORD = re.compile(r'"[^"]*"|[a-zA-Z_:][\w:]*')


def known_metrics():
    kinds = re.findall(r'\{\s*"((?:sluice|gen_ai|process)_\w+)",\s*MetricKind::k(\w+)', NAMES.read_text())
    names = {name for name, kind in kinds if kind != "Histogram"}
    for name, kind in kinds:
        if kind == "Histogram":
            names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"}
    recorded = {rule["record"] for group in rules.rendered()["groups"] for rule in group["rules"] if "record" in rule}
    return names | recorded | {"up", "ALERTS"}


def metrics_in(query):
    return {word for word in WORD.findall(query) if re.match(r"(sluice|gen_ai|process)[_:]", word) and word not in LABELS}


LABELS = {"gen_ai_request_model", "gen_ai_token_type"}


def problems_of(dashboard, known):
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) != len(ids):
        yield "two panels have one id"
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        where = f"{dashboard['uid']}: {panel['title']}"
        if not panel["description"] or not panel["fieldConfig"]["defaults"]["unit"]:
            yield f"{where}: no description or unit"
        for target in panel["targets"]:
            unknown = metrics_in(target["expr"]) - known
            if unknown or not metrics_in(target["expr"]):
                yield f"{where}: nobody makes {unknown or 'what it asks for'}: {target['expr']}"


def main():
    build = subprocess.run([sys.executable, render.ROOT / "deploy/grafana/build.py", "--check"], capture_output=True, text=True)
    problems = [build.stderr.strip()] if build.returncode else []
    known, panels, uids = known_metrics(), 0, set()
    for path in sorted(FOLDER.glob("*.json")):
        dashboard = json.loads(path.read_text())
        panels += sum(panel["type"] != "row" for panel in dashboard["panels"])
        uids.add(dashboard["uid"])
        problems += problems_of(dashboard, known)
    if len(uids) != len(list(FOLDER.glob("*.json"))):
        problems.append("two dashboards have one uid")
    for rule in (rule for group in rules.rendered()["groups"] for rule in group["rules"]):
        unknown = metrics_in(rule["expr"]) - known
        if unknown:
            problems.append(f"{rule.get('alert', rule.get('record'))}: nobody makes {unknown}")
    print("\n".join(problems) or f"{len(uids)} dashboards, {panels} panels: every metric is made by somebody")
    sys.exit(1 if problems else 0)


main()
