#!/usr/bin/env python3
"""Makes the table of values in the chart's README from the comments of values.yaml: a line `# -- ` and those that go on.

    chart_readme.py --write    puts it between the marks
    chart_readme.py --check    fails if what stands there is stale, or a value has no comment
"""
import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "deploy/helm/sluice"
BEGIN, END = "<!-- values:begin -->", "<!-- values:end -->"


def rows(text):
    """(path, default, comment) of each documented value."""
    values, path, comment = yaml.safe_load(text), [], []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("# -- "):
            comment = [stripped[5:]]
        elif stripped.startswith("#") and comment:
            comment.append(stripped[2:])
        elif match := re.match(r"( *)([\w.]+):", line):
            path = path[: len(match[1]) // 2] + [match[2]]
            if comment:
                value = values
                for key in path:
                    value = value[key]
                yield ".".join(path), value, " ".join(comment)
                comment = []
            elif not any(".".join(path).startswith(documented) for documented in FREE):
                if not line.rstrip().endswith(":"):
                    sys.exit(f"values.yaml: {'.'.join(path)} has no comment; begin one with '# -- '")
        else:
            comment = []


FREE = ("config", "podSecurityContext", "containerSecurityContext", "resources", "topologySpread", "networkPolicy.monitoring")


def default(value):
    if value is None:
        return "`null`"
    if value == "":
        return '`""`'
    return f"`{yaml.safe_dump(value, default_flow_style=True, width=10**6).strip().removesuffix('...').strip()}`"


def table():
    lines = ["| Value | Default | Meaning |", "|---|---|---|"]
    for path, value, comment in rows((CHART / "values.yaml").read_text()):
        lines.append(f"| `{path}` | {default(value).replace('|', chr(92) + '|')} | {comment.replace('|', chr(92) + '|')} |")
    return "\n".join(lines)


def main():
    readme = CHART / "README.md"
    text = readme.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    wanted = f"{text[:begin]}\n{table()}\n{text[end:]}"
    if sys.argv[1:] == ["--write"]:
        readme.write_text(wanted)
    elif wanted != text:
        sys.exit("deploy/helm/sluice/README.md: the table of values is stale; run tests/deploy/chart_readme.py --write")


main()
