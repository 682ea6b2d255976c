"""The chart's Deployment, as it is rendered, run by podman. Podman runs neither probes nor preStop as a kubelet does, so these are taken out
of what was rendered and asked here."""
import base64
import contextlib
import json
import re
import subprocess
import sys
import time

import yaml

import render
from podman import IMAGE
from process import Process, check_output
from upstream import Upstream

KEY = "HS-out-of-the-secret"
UPSTREAM_PORT = 8080  # in the pod's own network
STOP_SECONDS = 120
VALUES = {
    "image": {"repository": IMAGE.split(":")[0], "tag": IMAGE.split(":")[1], "pullPolicy": "Never"},
    "replicas": 1,
    "drain": {"preStopSeconds": 1, "seconds": STOP_SECONDS - 20},
    "config": {
        "upstreams": {way: {"dialect": "openai", "base_url": f"http://127.0.0.1:{UPSTREAM_PORT}/{way}/v1"} for way in ("keyed", "held")},
        "routes": [{"models": [way], "upstream": way} for way in ("keyed", "held")],
    },
    "upstreamSecrets": {"keyed": {"existingSecret": "relay-key"}},
}


class Pod:
    def __init__(self, folder, programs, stack):
        """`stack` takes it away again, or what there is of it after a failure."""
        self._client = programs / "sluice"
        values, kube, secret = (folder / name for name in ("values.yaml", "kube.yaml", "secret.yaml"))
        values.write_text(yaml.safe_dump(VALUES))
        rendered = render.objects(render.template(values))
        (self._hook,) = render.of_kind(rendered, "Pod")
        objects = [each for each in rendered if each["kind"] in ("ConfigMap", "Deployment")]
        kube.write_text(yaml.safe_dump_all(objects))
        (deployment,) = render.of_kind(objects, "Deployment")
        (self._container,) = deployment["spec"]["template"]["spec"]["containers"]
        data = {"api-key": base64.b64encode(KEY.encode()).decode()}
        secret.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "relay-key"}, "data": data}))
        check_output("podman", "secret", "create", "relay-key", secret)
        stack.callback(subprocess.run, ["podman", "play", "kube", "--down", kube], capture_output=True)
        check_output("podman", "play", "kube", kube)
        self._name = f"{deployment['metadata']['name']}-pod-0-{self._container['name']}"
        self._network = f"/proc/{check_output('podman', 'inspect', '--format', '{{.State.Pid}}', self._name)}/ns/net"
        self._upstream = stack.enter_context(Upstream(UPSTREAM_PORT, self._mounted_key(), self._inside()))

    def _inside(self, *command):
        """A command of this machine in the pod's network."""
        return ["nsenter", f"--net={self._network}", *map(str, command)]

    def _mounted_key(self):
        """What stands in the pod's file. Podman 4.3 leaves a Secret's data in the base64 that it came in."""
        (mount,) = [each["mountPath"] for each in self._container["volumeMounts"] if "/keys/" in each["mountPath"]]
        key = check_output("podman", "exec", self._name, "cat", f"{mount}/api-key")
        if key not in (KEY, base64.b64encode(KEY.encode()).decode()):
            raise RuntimeError(f"the Secret's key stands in the pod as {key!r}")
        return key

    def _ask(self, probe):
        """The status of a probe of the rendered Deployment."""
        get = self._container[probe]["httpGet"]
        (port,) = [each["containerPort"] for each in self._container["ports"] if each["name"] == get["port"]]
        code = (
            "import sys, http.client as h; c = h.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=30); "
            "c.request('GET', sys.argv[2]); print(c.getresponse().status)"
        )
        asked = subprocess.run(self._inside(sys.executable, "-c", code, port, get["path"]), capture_output=True, text=True, timeout=60)
        return asked.stdout.strip()

    def _chat(self, model):
        return self._inside(self._client, "chat", "--address", "127.0.0.1:50051", "--insecure", "--model", model, "so?")

    def check(self, report):
        self._check_security(report)
        self._check_probes(report)
        self._check_hook(report)
        chat = subprocess.run(self._chat("keyed"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        fine = chat.returncode == 0 and "word" in chat.stdout
        report.line(fine, "an answer, with the key of its Secret", "so it is" if fine else chat.stdout)
        hook = self._container["lifecycle"]["preStop"]["exec"]["command"]
        done = subprocess.run(["podman", "exec", self._name, *hook], capture_output=True, text=True)
        report.line(done.returncode == 0, f"preStop: {' '.join(hook)}", f"status {done.returncode}")
        self._check_termination(report)

    def _check_security(self, report):
        """What was rendered is what the container has."""
        (container,) = json.loads(check_output("podman", "inspect", self._name))
        seen = {
            "readOnlyRootFilesystem": container["HostConfig"]["ReadonlyRootfs"],
            "user": container["Config"]["User"].split(":")[0],
            "capabilities": container["EffectiveCaps"] or [],
            "no new privileges": "no-new-privileges" in str(container["HostConfig"]["SecurityOpt"]),
        }
        wanted = {"readOnlyRootFilesystem": True, "user": "65532", "capabilities": [], "no new privileges": True}
        report.line(seen == wanted, "its security is what was rendered", seen)

    def _check_hook(self, report):
        """helm test's own command, in the gateway's container, by an address that is not loopback."""
        (container,) = self._hook["spec"]["containers"]
        address = check_output("podman", "exec", self._name, "hostname", "-i").split()[0]
        arguments = [re.sub(r"^[\w-]+:(\d+)$", rf"{address}:\1", word) for word in container["args"]]
        done = subprocess.run(["podman", "exec", self._name, *container["command"], *arguments], capture_output=True, text=True)
        report.line(done.returncode == 0, f"helm test: {' '.join(container['command'] + arguments)}", (done.stdout + done.stderr).strip())

    def _check_probes(self, report):
        startup = self._container["startupProbe"]
        for _ in range(startup["failureThreshold"]):
            if self._ask("startupProbe") == "200":
                break
            time.sleep(startup["periodSeconds"])  # as the kubelet does
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            status = self._ask(probe)
            report.line(status == "200", f"{probe} {self._container[probe]['httpGet']['path']}", status)

    def _check_termination(self, report):
        """SIGTERM while an answer is held: the pod is unready with the stream open, the rest comes, and the gateway ends with 0."""
        with contextlib.ExitStack() as stack:
            chat = stack.enter_context(Process(self._chat("held"), "held"))
            stop = stack.enter_context(subprocess.Popen(["podman", "stop", "--time", str(STOP_SECONDS), self._name], stdout=subprocess.DEVNULL))
            ready = self._ready_until_told(stop)
            self._upstream.release()
            status = chat.finish(STOP_SECONDS)
            report.line(ready == "503", "SIGTERM in the middle of an answer: meanwhile it is ready", ready)
            report.line(status == 0, "the answer ends with", f"status {status}: {chat.output().strip()!r}")
            stop.wait(2 * STOP_SECONDS)
        status = check_output("podman", "inspect", "--format", "{{.State.ExitCode}}", self._name)
        report.line(status == "0", "and the gateway with", status)

    def _ready_until_told(self, stop):
        """The readiness probe's answer once it is another than 200; each asking takes a process, and so a while."""
        while (status := self._ask("readinessProbe")) == "200" and stop.poll() is None:
            pass
        return status
