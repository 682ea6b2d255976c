#!/usr/bin/env python3
"""The part of values.schema.json that is the gateway's own configuration, made from its schema, so that helm refuses a misspelt field
before a pod does.

    config_schema.py --write    rewrites deploy/helm/sluice/values.schema.json
    config_schema.py --check    fails if what stands there is stale
"""
import json
import sys

import render

sys.path.insert(0, str(render.ROOT / "server/config"))
sys.dont_write_bytecode = True
import reference  # noqa: E402

FILE = render.CHART / "values.schema.json"
VARIABLE = {"type": "string", "pattern": r"\$\{"}  # ${NAME} may stand for any value
PLAIN = {
    "int32": {"anyOf": [{"type": "integer"}, VARIABLE]},
    "int64": {"anyOf": [{"type": "integer"}, VARIABLE]},
    "double": {"anyOf": [{"type": "number"}, VARIABLE]},
    "bool": {"anyOf": [{"type": "boolean"}, VARIABLE]},
    "string": {"type": "string"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^([0-9.]+(ms|us|ns|s|m|h))+$|^0$|\$\{"},
}


def schema_of(messages, kind):
    if kind in PLAIN:
        return PLAIN[kind]
    properties = {}
    for name, field, is_map, is_list, _ in messages[kind]:
        one = schema_of(messages, field)
        properties[name] = {"type": "object", "additionalProperties": one} if is_map else {"type": "array", "items": one} if is_list else one
    return {"type": "object", "additionalProperties": False, "properties": properties}


def made():
    schema = json.loads(FILE.read_text())
    config = schema_of(reference.messages(reference.SCHEMA.read_text()), "Config")
    config["properties"]["listen"] = {"description": "refused by the chart, which says what to use"}
    schema["properties"]["config"] = config
    return json.dumps(schema, indent=2) + "\n"


def main():
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(made())
    elif FILE.read_text() != made():
        sys.exit("values.schema.json is not as server/config has the configuration; run tests/deploy/config_schema.py --write")


main()
