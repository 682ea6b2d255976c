#!/usr/bin/env python3
"""helm against a real API server: the chart is installed with the README's values, upgraded to each case of ci/, rolled back to where it
began, and taken away. The server must take each object without a warning, keep it as it was rendered, and have nothing left in the end.
Not part of ./dev verify-deploy: building the server takes some minutes, once.

    run.py      after ./dev verify-deploy, whose packages it needs
"""
import contextlib
import pathlib
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
import apiserver  # noqa: E402
import render  # noqa: E402
from table import Report  # noqa: E402

NAMESPACE = ["--namespace", render.NAMESPACE]
LABEL = f"app.kubernetes.io/instance={render.RELEASE}"
KINDS = (
    "deployments,services,serviceaccounts,configmaps,horizontalpodautoscalers,poddisruptionbudgets,networkpolicies,ingresses,"
    "grpcroutes,backendtlspolicies,backendtrafficpolicies,clienttrafficpolicies,servicemonitors,podmonitors,prometheusrules,certificates"
)


def name_of(each):
    return f"{each['kind']}/{each['metadata'].get('namespace', render.NAMESPACE)}/{each['metadata']['name']}"


def namespaces():
    """That of the release, and those of others in which a case has an object."""
    cases = [each for case in render.cases() for each in render.objects(render.template(case))]
    return {render.NAMESPACE} | {each["metadata"]["namespace"] for each in cases if "namespace" in each["metadata"]}


def differences(wanted, kept, path=""):
    """What of a rendered object the server does not hold; it may hold more, its defaults."""
    if isinstance(wanted, dict) and isinstance(kept, dict):
        for key, value in wanted.items():
            if key not in kept:
                # The server leaves out what is empty.
                if value not in ({}, [], "", None, False):
                    yield f"{path}.{key} is gone"
            else:
                yield from differences(value, kept[key], f"{path}.{key}")
    elif isinstance(wanted, list) and isinstance(kept, list) and len(wanted) == len(kept):
        for number, (mine, theirs) in enumerate(zip(wanted, kept)):
            yield from differences(mine, theirs, f"{path}[{number}]")
    elif wanted != kept and str(wanted) != str(kept):
        yield f"{path} is {kept!r}, not {wanted!r}"


class Release:
    def __init__(self, server, report):
        self._server, self._report = server, report

    def uninstall(self):
        self._server.helm("uninstall", render.RELEASE, *NAMESPACE)
        left = self.kept()
        self._report.line(not left, "uninstall leaves nothing", f"{len(left)} objects", left)

    def kept(self):
        """What the server has of this release."""
        listed = yaml.safe_load(self._server.kubectl("get", KINDS, "--all-namespaces", "--selector", LABEL, "--output", "yaml"))
        return {name_of(each): each for each in listed["items"]}

    def check(self, what, values, *command):
        """Runs helm, and compares what the server has with what helm renders for these values."""
        _, warned = self._server.helm(*command, *NAMESPACE)
        rendered = [each for each in render.objects(render.template(values)) if "helm.sh/hook" not in each["metadata"].get("annotations", {})]
        kept = self.kept()
        own = {name_of(each): each for each in rendered if LABEL.split("=")[0] in each["metadata"].get("labels", {})}
        problems = [f"helm warns: {line}" for line in warned.splitlines()]
        problems += [f"{name} is not there" for name in own.keys() - kept.keys()]
        problems += [f"{name} is left over" for name in kept.keys() - own.keys()]
        for name, each in own.items():
            if name in kept:
                problems += [f"{name}{difference}" for difference in differences(each, kept[name])]
        self._report.line(not problems, what, f"{len(kept)} objects", problems)

    def begin_autoscaling(self, values):
        """As the chart's README has it: a number that kubectl has set is not helm's to take away."""
        deployment = f"deployment/{render.RELEASE}-sluice"
        self._server.kubectl("scale", deployment, *NAMESPACE, "--replicas=3")
        self._server.helm("upgrade", render.RELEASE, render.CHART, "--values", values, "--set", "autoscaling.enabled=true", "--server-side=true", *NAMESPACE)
        seen = self._server.kubectl("get", deployment, *NAMESPACE, "--output", "jsonpath={.spec.replicas}")
        self._report.line(seen == "3", "autoscaling begins with the pods that there are", f"{seen} of 3")


def run(folder, stack, report):
    readme = folder / "readme-values.yaml"
    readme.write_text(render.readme_values())
    server = apiserver.ApiServer(folder, stack)
    for number, text in enumerate(apiserver.definitions()):
        file = folder / f"definition-{number}.yaml"
        file.write_text(text)
        server.kubectl("create", "--filename", file)
    server.kubectl("wait", "--for=condition=Established", "--all", "customresourcedefinitions", "--timeout=60s")
    for namespace in sorted(namespaces()):
        server.kubectl("create", "namespace", namespace)
    release = Release(server, report)
    release.check("install, with the README's values", readme, "install", render.RELEASE, render.CHART, "--values", readme)
    for case in render.cases():
        upgrade = ["upgrade", render.RELEASE, render.CHART, "--reset-values", "--history-max", "0"]  # the first revision is wanted again
        release.check(f"upgrade to ci/{case.name}", case, *upgrade, "--values", case)
    release.check("rollback to the first", readme, "rollback", render.RELEASE, "1")
    release.begin_autoscaling(readme)
    release.uninstall()


def main():
    apiserver.install()
    report = Report()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        run(pathlib.Path(folder), stack, report)
    report.exit()


main()
