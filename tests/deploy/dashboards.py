#!/usr/bin/env python3
"""The dashboards: made from their source, every panel with a title that asks (a single figure's may state), a description and a unit,
ids that differ, and no query or legend with a metric that neither the gateway nor a recording rule makes, or a label it does not have."""
import json
import re
import subprocess
import sys

import metrics
import render
import rules

FOLDER = render.CHART / "files/dashboards"


def problems_of(dashboard, known):
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) != len(ids):
        yield f"{dashboard['uid']}: two panels have one id"
    titles = [panel["title"] for panel in dashboard["panels"]]
    if len(set(titles)) != len(titles):
        yield f"{dashboard['uid']}: two panels have one title"
    for panel in (panel for panel in dashboard["panels"] if panel["type"] != "row"):
        where = f"{dashboard['uid']}: {panel['title']}"
        if panel["type"] != "stat" and not panel["title"].endswith("?"):
            yield f"{where}: the title asks nothing"
        if not panel["description"] or not panel["fieldConfig"]["defaults"]["unit"]:
            yield f"{where}: no description or unit"
        for target in panel["targets"]:
            yield from (f"{where}: {fault}: {target['expr']}" for fault in metrics.faults(target["expr"], known))
            if not metrics.names(target["expr"]):
                yield f"{where}: asks for nothing of ours: {target['expr']}"
            if missing := set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) - metrics.labels_of(target["expr"], known):
                yield f"{where}: the legend shows {missing}, which the answer does not have: {target['expr']}"


def main():
    build = subprocess.run([sys.executable, render.ROOT / "deploy/grafana/build.py", "--check"], capture_output=True, text=True)
    problems = [build.stderr.strip()] if build.returncode else []
    known, panels, uids = metrics.known(rules.rendered()), 0, []
    for path in sorted(FOLDER.glob("*.json")):
        dashboard = json.loads(path.read_text())
        panels += sum(panel["type"] != "row" for panel in dashboard["panels"])
        uids.append(dashboard["uid"])
        problems += problems_of(dashboard, known)
    if len(set(uids)) != len(uids):
        problems.append("two dashboards have one uid")
    print("\n".join(problems) or f"{len(uids)} dashboards, {panels} panels: each asks, and every metric and label is made by somebody")
    sys.exit(1 if problems else 0)


main()
