#!/usr/bin/env python3
"""What of values.schema.json others define: the gateway's own configuration, made from its schema and what that says of each field, and
Kubernetes' objects, made from the types of schemas/values.ts. So helm refuses a misspelt field or a wrong number before a pod does.

    config_schema.py --write    rewrites deploy/helm/sluice/values.schema.json
    config_schema.py --check    fails if what stands there is stale
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

import render

sys.path.insert(0, str(render.ROOT / "server/config"))
sys.dont_write_bytecode = True
import reference  # noqa: E402

FILE = render.CHART / "values.schema.json"
HERE = pathlib.Path(__file__).resolve().parent / "schemas"
PACKAGES = render.ROOT / ".build/deploy/npm"
WIDTH = 140

# ${NAME} may stand in any value. A number's bounds are none of a text, and a text's pattern is none of a number.
VARIABLE = r"\$\{"
OR_VARIABLE = "|" + VARIABLE
NUMBERS = {"int32": "integer", "int64": "integer", "double": "number"}
PLAIN = {
    "bool": {"type": ["boolean", "string"], "pattern": VARIABLE},
    "string": {"type": "string"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^([0-9.]+(ms|us|ns|s|m|h))+$|^0$" + OR_VARIABLE},
}
# The words that a field takes, and the form of its text. The comment in config.proto has to have each of the words.
WORDS = {
    "Log.level": ["debug", "info", "warning", "error"],
    "Upstream.unsupported": ["refuse", "drop"],
    "Upstream.caller_key": ["refused", "allowed", "required"],
    "Wire.token_limit": ["as_asked", "max_tokens", "max_completion_tokens"],
    "Wire.reasoning": ["effort", "budget"],
}
FORMS = {
    "Upstream.base_url": r"^https?://[^?#\s]*[^/?#\s]$",
    "Upstream.api_key": r"^.+$",
    "Upstream.api_key_prefix": r"^.{0,16}$",
    "Upstream.proxy": r"^http://[^/?#\s]+:[1-9][0-9]*$",
    "Wire.chat_path": r"^/[^#\s]*$",
    "Wire.models_path": r"^/[^#\s]*$",
    "Traces.endpoint": r"^https?://[^/?#\s]+$",
}
# Of the keys of a map. Names of upstreams are the template's to check, whose message says more.
NAMES = {"Traces.headers": r"^[a-z0-9._-]+$", "Upstream.headers": r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"}


def dialects():
    """The folders that server/dialect/registry.cc includes."""
    return re.findall(r'^#include "server/dialect/(\w+)/codec\.h"', (render.ROOT / "server/dialect/registry.cc").read_text(), re.MULTILINE)


def bounds(comment):
    """The range as a comment tells it: "1 to 65535", "1 or more"; where an end of it is another field, the other end."""
    if match := re.search(r"\b(\d+) to (\d+\b)?", comment):
        return {"minimum": int(match[1])} | ({"maximum": int(match[2])} if match[2] else {})
    if match := re.search(r"\b(\d+) or more", comment):
        return {"minimum": int(match[1])}
    return {}


def field_schema(path, kind, comment):
    if kind in NUMBERS:
        return {"type": [NUMBERS[kind], "string"], **bounds(comment), "pattern": VARIABLE}
    words = dialects() if path == "Upstream.dialect" else WORDS.get(path)
    if words:
        if path in WORDS and not all(re.search(rf"\b{word}\b", comment) for word in words):
            sys.exit(f"config.proto: the comment of {path} does not have the words {words}, as config_schema.py does")
        return {"type": "string", "pattern": f"^({'|'.join(words)})$" + OR_VARIABLE}
    if path in FORMS:
        return {"type": "string", "pattern": FORMS[path] + OR_VARIABLE}
    return PLAIN[kind]


def message_schema(messages, kind):
    properties, required = {}, []
    for name, field, is_map, is_list, comment in messages[kind]:
        path = f"{kind}.{name}"
        one = message_schema(messages, field) if field in messages else field_schema(path, field, comment)
        if is_map:
            named = {"patternProperties": {NAMES[path]: one}, "additionalProperties": False} if path in NAMES else {"additionalProperties": one}
            one = {"type": "object", **named}
        elif is_list:
            one = {"type": "array", "items": one, **({"minItems": 1} if "Required, at least one" in comment else {})}
        properties[name] = one
        if re.search(r"\bRequired(, at least one)?\.$", comment) and kind != "Config":  # the chart has a usual upstream
            required.append(name)
    return {"type": "object", "additionalProperties": False, **({"required": required} if required else {}), "properties": properties}


def put(schema, path, value):
    """At a.b[] of the values."""
    *groups, last = path.removesuffix("[]").split(".")
    for group in groups:
        schema = schema["properties"][group]
    schema["properties"][last] = {"type": "array", "items": value} if path.endswith("[]") else value


def kubernetes():
    for name in ("values.ts", "values.mjs", "tsconfig.json"):  # beside the packages, where Node looks for them
        shutil.copy(HERE / name, PACKAGES)
    return json.loads(subprocess.run(["node", "values.mjs"], cwd=PACKAGES, check=True, capture_output=True, text=True).stdout)


def written(value, indent=0):
    """JSON, with whatever fits on a line on one."""
    line = json.dumps(value)
    if len(line) + indent <= WIDTH or not isinstance(value, (dict, list)):
        return line
    parts = [f"{json.dumps(k)}: {written(v, indent + 2)}" for k, v in value.items()] if isinstance(value, dict) else [written(v, indent + 2) for v in value]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return begin + ",".join(f"\n{' ' * (indent + 2)}{part}" for part in parts) + f"\n{' ' * indent}{end}"


def made():
    schema = json.loads(FILE.read_text())
    config = message_schema(reference.messages(reference.SCHEMA.read_text()), "Config")
    config["properties"]["listen"] = {"description": "refused by the chart, which says what to use"}
    config["properties"]["limits"]["properties"]["drain"] = {"description": "refused by the chart, which says what to use"}
    schema["properties"]["config"] = config
    objects = kubernetes()
    schema["definitions"] = objects["definitions"]
    if not schema["definitions"]:
        del schema["definitions"]
    for path, one in objects["properties"].items():
        put(schema, path, one)
    return written(schema) + "\n"


def main():
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(made())
    elif FILE.read_text() != made():
        sys.exit("values.schema.json is not as server/config and schemas/values.ts have it; run tests/deploy/config_schema.py --write")


main()
