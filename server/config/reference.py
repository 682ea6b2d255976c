#!/usr/bin/env python3
"""Makes README.md's configuration reference from the comments of config.proto.

    reference.py                    prints it
    reference.py --write README.md  puts it between the markers <!-- config:begin --> and <!-- config:end -->
    reference.py --check README.md  fails if what stands there is stale
"""
import argparse
import pathlib
import re
import sys

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "proto/sluice/config/v1/config.proto"
BEGIN, END = "<!-- config:begin -->", "<!-- config:end -->"
FIELD = re.compile(r"(optional |repeated )?(map<string, )?([\w.]+)>? (\w+) = \d+;")
TYPES = {"int32": "integer", "int64": "integer", "double": "number", "bool": "true or false", "string": "text",
         "google.protobuf.Duration": "duration"}


def messages(text):
    """{message: [(name, type, is_map, is_list, comment)]}, in the schema's order."""
    found, fields, comment = {}, [], []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("//"):
            comment.append(line[2:].strip())
            continue
        if match := re.match(r"message (\w+) {", line):
            fields = found.setdefault(match[1], [])
        elif match := FIELD.match(line):
            if not comment:
                sys.exit(f"{SCHEMA.name}: {match[4]} has no comment")
            fields.append((match[4], match[3], bool(match[2]), match[1] == "repeated ", " ".join(comment)))
        comment = []
    return found


def rows(all_messages, message="Config", prefix=""):
    for name, kind, is_map, is_list, comment in all_messages[message]:
        path = prefix + name
        if kind in all_messages:
            if "Default:" in comment or "Required" in comment:  # others only group their fields
                yield path, "map" if is_map else "list" if is_list else "fields", comment
            yield from rows(all_messages, kind, path + (".NAME." if is_map else "[]." if is_list else "."))
        else:
            word = TYPES[kind]
            yield path, f"{word} by name" if is_map else f"list of {word}" if is_list else word, comment


def table(text):
    out = ["| Field | Type | Default | Meaning |", "|---|---|---|---|"]
    for path, kind, comment in rows(messages(text)):
        meaning, default, rest = comment.partition(" Default: ")
        if default:
            default = rest.rstrip(".")
        elif match := re.search(r" (Required[^.]*)\.$", comment):
            meaning, default = comment[:match.start()], match[1].lower()
        else:
            sys.exit(f"{SCHEMA.name}: {path} tells no default")
        cells = [re.sub(r"([|*<])", r"\\\1", cell) for cell in (kind, default, meaning)]
        out.append(f"| `{path}` | " + " | ".join(cells) + " |")
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description="The configuration reference, from the schema's comments.")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--write", type=pathlib.Path, metavar="README")
    group.add_argument("--check", type=pathlib.Path, metavar="README")
    options = parser.parse_args()
    made = table(SCHEMA.read_text(encoding="utf-8"))
    readme = options.write or options.check
    if not readme:
        return print(made)
    old = readme.read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        sys.exit(f"{readme}: needs the lines {BEGIN} and {END}, once each")
    new = old[:old.index(BEGIN)] + f"{BEGIN}\n{made}\n" + old[old.index(END):]
    if options.write:
        readme.write_text(new, encoding="utf-8")
    elif new != old:
        sys.exit(f"{readme}: the configuration reference is stale; run {pathlib.Path(__file__).name} --write {readme}")


if __name__ == "__main__":
    main()
