#!/usr/bin/env python3
"""Writes the chart's dashboards from the files beside this one: one file a dashboard, each with a DASHBOARD.

    build.py          writes them
    build.py --check  fails if what stands there differs
"""
import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent / "helm/sluice/files/dashboards"
DASHBOARDS = ["overview", "upstreams", "engine_room"]


def main():
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE))
    check = sys.argv[1:] == ["--check"]
    stale = {path.name for path in OUT.glob("*.json")}
    for name in DASHBOARDS:
        path = OUT / f"{name.replace('_', '-')}.json"
        text = json.dumps(importlib.import_module(name).DASHBOARD, indent=1) + "\n"
        if path.exists() and path.read_text() == text:
            stale.discard(path.name)
        elif check:
            stale.add(path.name)
        else:
            path.write_text(text)
            stale.discard(path.name)
    if stale:
        sys.exit(f"stale: {', '.join(sorted(stale))}; run deploy/grafana/build.py, and remove what it does not write")


main()
