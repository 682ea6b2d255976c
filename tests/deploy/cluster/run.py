#!/usr/bin/env python3
"""helm against a real API server: the chart is installed with the README's values, upgraded to each case of ci/, rolled back to where it
began, and taken away. The server must take each object without a warning, keep it as it was rendered, and have nothing left in the end.
Not part of ./dev verify-deploy: building the server takes ten minutes.

    run.py      after ./dev verify-deploy, whose packages it needs
"""
import pathlib
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
import apiserver  # noqa: E402
import render  # noqa: E402

NAMESPACE = ["--namespace", render.NAMESPACE]
LABEL = f"app.kubernetes.io/instance={render.RELEASE}"
KINDS = (
    "deployments,services,serviceaccounts,configmaps,horizontalpodautoscalers,poddisruptionbudgets,networkpolicies,ingresses,"
    "grpcroutes,servicemonitors,podmonitors,prometheusrules,certificates"
)


def named(objects):
    return {f"{each['kind']}/{each['metadata']['name']}" for each in objects}


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
    def __init__(self, server):
        self._server, self.failed = server, 0

    def report(self, what, problems):
        problems = list(problems)
        self.failed += bool(problems)
        print(f"{'FAILED' if problems else 'ok':6}  {what}", *(f"        {problem}" for problem in problems), sep="\n", flush=True)

    def kept(self):
        """What the server has of this release."""
        listed = yaml.safe_load(self._server.kubectl("get", KINDS, *NAMESPACE, "--selector", LABEL, "--output", "yaml"))
        return {f"{each['kind']}/{each['metadata']['name']}": each for each in listed["items"]}

    def check(self, what, values, *command):
        """Runs helm, and compares what the server has with what helm renders for these values."""
        _, warned = self._server.helm(*command, *NAMESPACE)
        rendered = [each for each in render.objects(render.template(values)) if "helm.sh/hook" not in each["metadata"].get("annotations", {})]
        kept, own = self.kept(), [each for each in rendered if LABEL.split("=")[0] in each["metadata"].get("labels", {})]
        problems = [f"helm warns: {line}" for line in warned.splitlines()]
        problems += [f"{name} is not there" for name in named(own) - kept.keys()]
        problems += [f"{name} is left over" for name in kept.keys() - named(own)]
        for each in own:
            name = f"{each['kind']}/{each['metadata']['name']}"
            if name in kept:
                problems += [f"{name}{difference}" for difference in differences(each, kept[name])]
        self.report(f"{what} ({len(kept)} objects)", problems)


def main():
    apiserver.install()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        readme = folder / "readme-values.yaml"
        readme.write_text(render.readme_values())
        server = apiserver.ApiServer(folder)
        try:
            for number, text in enumerate(apiserver.definitions()):
                file = folder / f"definition-{number}.yaml"
                file.write_text(text)
                server.kubectl("create", "--filename", file)
            server.kubectl("wait", "--for=condition=Established", "--all", "customresourcedefinitions", "--timeout=60s")
            server.kubectl("create", "namespace", render.NAMESPACE)
            release = Release(server)
            release.check("install, with the README's values", readme, "install", render.RELEASE, render.CHART, "--values", readme)
            for case in render.cases():
                release.check(f"upgrade to ci/{case.name}", case, "upgrade", render.RELEASE, render.CHART, "--reset-values", "--values", case)
            release.check("rollback to the first", readme, "rollback", render.RELEASE, "1")
            server.helm("uninstall", render.RELEASE, *NAMESPACE)
            release.report("uninstall leaves nothing", release.kept())
        finally:
            server.close()
    sys.exit(1 if release.failed else 0)


main()
