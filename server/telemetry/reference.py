#!/usr/bin/env python3
"""Makes the README's table of metrics from names.h, the one list of them.

  reference.py                    prints the table
  reference.py --check README.md  fails when the table between the marks differs
  reference.py --write README.md  puts the table between the marks

The marks are the lines `<!-- metrics:begin -->` and `<!-- metrics:end -->`.
"""

import argparse
import pathlib
import re
import sys

NAMES = pathlib.Path(__file__).with_name("names.h")
BEGIN, END = "<!-- metrics:begin -->", "<!-- metrics:end -->"

STRING = r'"(?:[^"\\]|\\.)*"'
METRIC = re.compile(
    r"inline constexpr MetricInfo (k\w+) = \{\s*"
    rf"(?P<name>{STRING}),\s*MetricKind::k(?P<kind>\w+),\s*"
    rf"\{{(?P<labels>[^}}]*)\}},\s*(?P<help>{STRING}(?:\s*{STRING})*)\s*\}};"
)


def strings(text):
    """The C++ string literals in text, without their quotes."""
    return [re.sub(r"\\(.)", r"\1", s[1:-1]) for s in re.findall(STRING, text)]


def metrics(source):
    """(name, type, labels, help) of each metric, in the order of the file."""
    found = [
        (
            strings(m["name"])[0],
            m["kind"].lower(),
            strings(m["labels"]),
            "".join(strings(m["help"])),
        )
        for m in METRIC.finditer(source)
    ]
    declared = len(re.findall(r"constexpr MetricInfo k", source))
    if len(found) != declared or not found:
        sys.exit(f"names.h declares {declared} metrics, {len(found)} could be read: keep to the shape of the others")
    return found


def table(source):
    def cell(text):
        return text.replace("|", "\\|")

    lines = ["| metric | type | labels | unit and meaning |", "|---|---|---|---|"]
    for name, kind, labels, text in metrics(source):
        shown = ", ".join(f"`{label}`" for label in labels)
        lines.append(f"| `{name}` | {kind} | {shown} | {cell(text)} |")
    return "\n".join(lines) + "\n"


def replaced(readme, text):
    """readme with text between the marks."""
    begin, end = readme.find(BEGIN + "\n"), readme.find(END)
    if begin < 0 or end < begin:
        sys.exit(f"no lines {BEGIN} and {END} in the file: add them where the table belongs")
    return readme[: begin + len(BEGIN) + 1] + text + readme[end:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="README.md", type=pathlib.Path)
    parser.add_argument("--write", metavar="README.md", type=pathlib.Path)
    parser.add_argument("--names", type=pathlib.Path, default=NAMES, help=argparse.SUPPRESS)  # for the test
    args = parser.parse_args()

    text = table(args.names.read_text(encoding="utf-8"))
    path = args.check or args.write
    if path is None:
        print(text, end="")
        return
    old = path.read_text(encoding="utf-8")
    new = replaced(old, text)
    if args.write:
        path.write_text(new, encoding="utf-8")
    elif new != old:
        sys.exit(f"{path}: the table of metrics is stale: run server/telemetry/reference.py --write {path}")


if __name__ == "__main__":
    main()
