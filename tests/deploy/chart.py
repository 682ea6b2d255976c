#!/usr/bin/env python3
"""The chart: renders for every case of ci/ and for the README's first example, holds what assertions.py says (which finds each fault of
mutations.yaml), gives the gateway a configuration that it takes, is as golden/ has it, and refuses each file of bad_values/ with its own
message. There is such a file for every group of values.

    chart.py --gateway BINARY            checks
    chart.py --gateway BINARY --write    checks, and rewrites golden/
"""
import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

import assertions
import render

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
README = render.ROOT / "README.md"
UPSTREAMS = {"a": {"dialect": "openai", "base_url": "https://a.example/v1"}, "b": {"dialect": "openai", "base_url": "https://b.example/v1"}}
# What an upgrade from {config: {upstreams: UPSTREAMS}} does: whether pods that run may read the new file, and whether others replace them.
CHANGES = (
    ("a route and a limit", {"config": {"upstreams": UPSTREAMS, "routes": [{"models": ["*"], "upstream": "a"}], "limits": {"open_calls": 9}}}, True, False),
    ("another upstream", {"config": {"upstreams": {**UPSTREAMS, "c": UPSTREAMS["a"]}}}, True, False),
    ("the Service's port", {"service": {"port": 443}}, True, False),
    ("the collector", {"config": {"upstreams": UPSTREAMS, "traces": {"endpoint": "http://c:4317"}}}, True, True),
    ("a limit that is read at start-up", {"config": {"upstreams": UPSTREAMS, "limits": {"connection_age": "5m"}}}, True, True),
    ("any change, if so wanted", {"config": {"upstreams": UPSTREAMS, "log": {"level": "debug"}}, "restartOnConfigChange": True}, True, True),
    ("an upstream's Secret", {"upstreamSecrets": {"b": {"existingSecret": "b"}}}, False, True),
    ("TLS", {"tls": {"existingSecret": "t"}}, False, True),
    ("callers' certificates", {"tls": {"existingSecret": "t", "clientCa": {"existingSecret": "ca"}}}, False, True),
    ("the image", {"image": {"tag": "next"}}, False, True),
    ("a variable", {"extraEnv": [{"name": "A", "value": "b"}]}, False, True),
)


def problems_of(documents, values):
    for check in assertions.CHECKS:
        yield from check(documents, values)


def check_config(text, gateway):
    """The rendered file as the gateway reads it in a pod: with the files that are mounted there, and the variables that it has."""
    documents = render.objects(text)
    (config,) = [d["data"]["sluice.yaml"] for d in render.of_kind(documents, "ConfigMap") if "sluice.yaml" in d["data"]]
    (deployment,) = render.of_kind(documents, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    mounts = [mount["mountPath"] + "/" for mount in container["volumeMounts"]]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path in sorted(path for path in set(re.findall(r"/etc/sluice/[\w./-]+", config)) if path.startswith(tuple(mounts))):
            stand_in = root / path.removeprefix("/etc/sluice/")
            stand_in.parent.mkdir(parents=True, exist_ok=True)
            stand_in.write_text("HS-stand-in\n")
        if "/etc/sluice/tls/" in config:
            make_certificate(root)
        file = root / "sluice.yaml"
        file.write_text(config.replace("/etc/sluice/", f"{root}/"))
        # What a Secret holds is a URL or a word, as the field wants.
        environment = {"HOSTNAME": "pod"}
        for variable in container.get("env", []):
            stand_in = "https://stand-in.example.com/v1" if variable["name"].endswith("_URL") else "stand-in"
            environment[variable["name"]] = variable.get("value", stand_in)
        done = subprocess.run([gateway, "--check-config", file], capture_output=True, text=True, env=environment)
        if done.returncode:
            yield "the gateway refuses the configuration: " + (done.stdout + done.stderr).replace(str(root), "/etc/sluice").strip()


def make_certificate(root):
    (root / "tls").mkdir(exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=sluice",
         "-keyout", root / "tls/tls.key", "-out", root / "tls/tls.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    for authority in root.glob("client-ca/*"):
        authority.write_bytes((root / "tls/tls.crt").read_bytes())


def against_golden(name, now, write):
    path = GOLDEN / name
    if write:
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(now)
        return
    before = path.read_text() if path.exists() else ""
    if now != before:
        yield "differs from its golden file (chart.py --write rewrites it):\n" + "".join(
            difflib.unified_diff(before.splitlines(True), now.splitlines(True), str(path.name), "now")
        )


def for_golden(text):
    # The dashboards are long, and checked for themselves.
    documents = [d for d in render.objects(text) if not any(key.endswith(".json") for key in d.get("data", {}))]
    return yaml.safe_dump_all(documents, sort_keys=True, width=120)


def check_case(name, file, arguments):
    try:
        text = render.template(file)
    except ValueError as error:
        return [f"does not render: {error}"]
    values = yaml.safe_load(file.read_text()) or {}
    found = list(problems_of(render.objects(text), values))
    found += check_config(text, arguments.gateway)
    found += against_golden(f"{name}.yaml", for_golden(text), arguments.write)
    found += against_golden(f"{name}.notes.txt", render.notes(file), arguments.write)
    return found


def check_change(values, folder, to_be_read, to_be_replaced):
    """A pod that runs reads a file of the same name only; another pod template replaces it."""
    before, after = {"config": {"upstreams": UPSTREAMS}}, folder / "values.yaml"
    seen = []
    for each in (before, {**before, **values}):
        after.write_text(yaml.safe_dump(each))
        documents = render.objects(render.template(after))
        (name,) = [d["metadata"]["name"] for d in render.of_kind(documents, "ConfigMap")]
        seen.append((name, assertions.gateway(documents)[0]))
    if (seen[0][0] == seen[1][0]) != to_be_read:
        yield f"pods that run {'do not ' if to_be_read else ''}read the new file"
    if (seen[0][1] != seen[1][1]) != to_be_replaced:
        yield f"pods are {'not ' if to_be_replaced else ''}replaced"


def read_refusal(file):
    """(what helm has to say, the groups of values that it names) of a file whose first line says so."""
    text = file.read_text()
    expected = text.split("\n", 1)[0].removeprefix("# expect: ")
    return expected, [group for group in yaml.safe_load(text) if re.search(rf"(^|[/' ]){group}\b", expected)]


def check_refusal(file):
    expected, named = read_refusal(file)
    if not named:
        yield f"{expected!r} does not name the value that is wrong"
    try:
        render.template(file)
        yield "is rendered"
    except ValueError as error:
        if expected not in str(error):
            yield f"fails otherwise than with {expected!r}: {error}"


def without_refusal(files):
    """The groups of values of which none is refused."""
    refused = {group for file in files for group in read_refusal(file)[1]}
    for group in yaml.safe_load((render.CHART / "values.yaml").read_text()):
        if group not in refused:
            yield f"no file of bad_values/ has a wrong {group}"


def mutate(documents, mutation):
    """Changes a rendering as mutations.yaml says."""
    kind, _, name = mutation["object"].partition("/")
    at = next(each for each in render.of_kind(documents, kind) if name in ("", each["metadata"]["name"]))
    *path, last = [step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", mutation["at"])]
    for step in path:
        at = at[int(step)] if isinstance(at, list) else at[step]
    last = int(last) if isinstance(at, list) else last
    if "to" in mutation:
        at[last] = mutation["to"]
    else:
        del at[last]


def check_mutations():
    cases, blind = {file.stem.removesuffix("-values"): file for file in render.cases()}, {check.__name__ for check in assertions.CHECKS}
    rendered = {name: render.template(file) for name, file in cases.items()}
    for mutation in yaml.safe_load((HERE / "mutations.yaml").read_text()):
        documents, values = render.objects(rendered[mutation["case"]]), yaml.safe_load(cases[mutation["case"]].read_text()) or {}
        mutate(documents, mutation)
        found = {check.__name__ for check in assertions.CHECKS for problem in check(documents, values) if mutation["says"] in problem}
        blind -= found
        if not found:
            yield f"{mutation['object']} of ci/{mutation['case']}-values.yaml, {mutation['at']}: not found out: {mutation['says']}"
    yield from (f"no mutation shows what the assertion {name} is for" for name in sorted(blind))


def project_readme():
    """The values that the project's README begins with are those that are rendered here."""
    if f"```yaml\n{render.readme_values()}```" not in README.read_text():
        yield f"README.md does not have the chart's own example:\n{render.readme_values()}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    failed = 0

    def report(what, found):
        nonlocal failed
        failed += bool(found)
        print(f"{'FAILED' if found else 'ok':6} {what}")
        for problem in found:
            print(f"       {problem}")

    lint = render.helm("lint", "--strict", render.CHART)
    report("helm lint --strict", [lint.stdout + lint.stderr] if lint.returncode else [])
    for file in render.cases():
        report(f"ci/{file.name}", check_case(file.stem.removesuffix("-values"), file, arguments))
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "readme.yaml"
        file.write_text(render.readme_values())
        lines = [line for line in render.readme_values().splitlines() if line.strip()]
        report("the README's values", ([f"has {len(lines)} lines"] if len(lines) > 3 else []) + check_case("readme", file, arguments))
    report("the project's README has these values", list(project_readme()))
    report("the assertions find each fault of mutations.yaml", list(check_mutations()))
    with tempfile.TemporaryDirectory() as folder:
        for what, values, to_be_read, to_be_replaced in CHANGES:
            report(f"an upgrade of {what}", list(check_change(values, pathlib.Path(folder), to_be_read, to_be_replaced)))
    refusals = sorted((HERE / "bad_values").glob("*.yaml"))
    report("bad_values has every group of values", list(without_refusal(refusals)))
    for file in refusals:
        report(f"bad_values/{file.name} is refused by name", list(check_refusal(file)))
    sys.exit(1 if failed else 0)


main()
