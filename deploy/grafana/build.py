#!/usr/bin/env python3
"""Writes the chart's dashboards: every file beside this one that has a DASHBOARD is one, so a new one is taken up by being there.

    build.py          writes them
    build.py --check  fails if what stands there differs
"""
import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent / "helm/sluice/files/dashboards"


def dashboards():
    """The file's name -> its dashboard."""
    modules = {path.stem: importlib.import_module(path.stem) for path in sorted(HERE.glob("*.py")) if path.stem != "build"}
    return {f"{name.replace('_', '-')}.json": module.DASHBOARD for name, module in modules.items() if hasattr(module, "DASHBOARD")}


def main():
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE))
    check = sys.argv[1:] == ["--check"]
    stale = {path.name for path in OUT.glob("*.json")}
    for name, dashboard in dashboards().items():
        path = OUT / name
        text = json.dumps(dashboard, indent=1) + "\n"
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
