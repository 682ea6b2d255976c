"""A Kubernetes API server with its etcd on loopback: etcd from Debian, the server built from its modules, both into .build/tools. There
are no controllers and no nodes: objects are checked, defaulted and kept, and no pod comes of them."""
import base64
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import render

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = render.ROOT / ".build/tools"
SERVER, ETCD = TOOLS / "kube-apiserver/kube-apiserver", TOOLS / "etcd/usr/bin/etcd"
VERSION = "v1.34.4"  # of go.mod, too
# Where the kinds that Kubernetes itself does not have are defined.
DEFINITIONS = {
    "sigs.k8s.io/gateway-api@v1.3.0": ["config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml"],
    "github.com/prometheus-operator/prometheus-operator@v0.83.0": [
        f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml" for kind in ("servicemonitors", "podmonitors", "prometheusrules")
    ],
    "github.com/cert-manager/cert-manager@v1.18.0": ["deploy/crds/crd-certificates.yaml"],
}
START_SECONDS = 120


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {(done.stdout + done.stderr).strip()[-3000:]}")
    return done.stdout


def install():
    """Takes ten minutes, once."""
    if not ETCD.exists():
        ETCD.parents[2].mkdir(parents=True, exist_ok=True)
        run("apt-get", "download", "-qq", "etcd-server", cwd=TOOLS / "etcd")
        (package,) = (TOOLS / "etcd").glob("*.deb")
        run("dpkg-deb", "-x", package, TOOLS / "etcd")
    if not SERVER.exists():
        major, minor, _ = VERSION.removeprefix("v").split(".")
        said = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor}
        flags = " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in said.items())
        run("go", "build", "-trimpath", "-ldflags", flags, "-o", SERVER, ".", cwd=HERE / "apiserver")


def definitions():
    for module, files in DEFINITIONS.items():
        folder = pathlib.Path(json.loads(run("go", "mod", "download", "-json", module, cwd=HERE / "apiserver"))["Dir"])
        # cert-manager's is part of a chart of its own; the names that it templates do not matter here.
        yield from (re.sub(r"\{\{.*?\}\}", "here", (folder / file).read_text()) for file in files)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ApiServer:
    def __init__(self, folder):
        self._folder, self._processes = folder, []
        self.kubeconfig = folder / "kubeconfig"
        try:
            self._start(self._start_etcd())
        except BaseException:
            self.close()
            raise

    def _start_etcd(self):
        port, peers = free_port(), free_port()
        etcd = subprocess.Popen(
            [ETCD, "--data-dir", self._folder / "etcd", "--unsafe-no-fsync", "--listen-client-urls", f"http://127.0.0.1:{port}",
             "--advertise-client-urls", f"http://127.0.0.1:{port}", "--listen-peer-urls", f"http://127.0.0.1:{peers}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._processes.append(etcd)
        serving = threading.Event()

        def follow():
            for line in etcd.stderr:
                if "serving" in line and "client" in line:
                    serving.set()

        threading.Thread(target=follow, daemon=True).start()
        if not serving.wait(START_SECONDS):
            raise RuntimeError("etcd did not start")
        return port

    def _start(self, etcd):
        port, key, tokens = free_port(), self._folder / "accounts.pem", self._folder / "tokens.csv"
        run("openssl", "genrsa", "-out", key, "2048")
        token = base64.urlsafe_b64encode(os.urandom(24)).decode()
        tokens.write_text(f"{token},admin,admin,system:masters\n")
        with open(self._folder / "apiserver.log", "w") as log:
            self._processes.append(subprocess.Popen(
                [SERVER, f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1", f"--secure-port={port}",
                 f"--cert-dir={self._folder}/certificates", f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
                 "--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24",
                 "--authorization-mode=RBAC", f"--token-auth-file={tokens}", "--disable-admission-plugins=ServiceAccount"],
                stdout=log, stderr=log,
            ))  # fmt: skip
        self._url = f"https://127.0.0.1:{port}"
        self._wait_ready()
        cluster = {"server": self._url, "insecure-skip-tls-verify": True}
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": {"token": token}}],
        }))  # fmt: skip
        self.kubeconfig.chmod(0o600)

    def _wait_ready(self):
        """It tells nobody when it is ready, so it is asked."""
        anybody = ssl._create_unverified_context()  # its certificate is made a moment before
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._processes[-1].poll() is None:
            try:
                with urllib.request.urlopen(f"{self._url}/readyz", context=anybody, timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        raise RuntimeError("the API server did not start: " + (self._folder / "apiserver.log").read_text()[-2000:])

    def kubectl(self, *arguments):
        return run(TOOLS / "kubectl/kubectl", "--kubeconfig", self.kubeconfig, *arguments)

    def helm(self, *arguments):
        """(what it says, what it warns of)."""
        done = subprocess.run([render.HELM, "--kubeconfig", self.kubeconfig, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"helm {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout, done.stderr.strip()

    def close(self):
        for process in reversed(self._processes):
            process.terminate()
            process.wait(60)
