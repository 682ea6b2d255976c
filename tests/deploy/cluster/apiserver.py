"""A Kubernetes API server with its etcd on loopback: etcd from Debian, the server built from its modules, both into .build/tools. There
are no controllers and no nodes: objects are checked, defaulted and kept, and no pod comes of them."""
import base64
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import go
import render
from process import Process, check_output

sys.path.insert(0, str(render.ROOT / "tests/bench"))
from machine import free_port  # noqa: E402

RECIPE = pathlib.Path(__file__).resolve().parent / "apiserver"
TOOLS = render.ROOT / ".build/tools"
SERVER, ETCD = TOOLS / "kube-apiserver/kube-apiserver", TOOLS / "etcd/usr/bin/etcd"
VERSION = "v1.34.4"  # of go.mod, too
# Where the kinds that Kubernetes itself does not have are defined.
DEFINITIONS = {
    # BackendTLSPolicy is v1 from 1.4 on.
    "sigs.k8s.io/gateway-api@v1.4.0": [f"config/crd/standard/gateway.networking.k8s.io_{kind}.yaml" for kind in ("grpcroutes", "backendtlspolicies")],
    "github.com/envoyproxy/gateway@v1.6.0": [
        f"charts/gateway-helm/crds/generated/gateway.envoyproxy.io_{kind}.yaml" for kind in ("backendtrafficpolicies", "clienttrafficpolicies")
    ],
    "github.com/prometheus-operator/prometheus-operator@v0.83.0": [
        f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml" for kind in ("servicemonitors", "podmonitors", "prometheusrules")
    ],
    "github.com/cert-manager/cert-manager@v1.18.0": ["deploy/crds/crd-certificates.yaml"],
}
START_SECONDS = 120


def install():
    """Takes some minutes, once."""
    if not ETCD.exists():
        ETCD.parents[2].mkdir(parents=True, exist_ok=True)
        check_output("apt-get", "download", "-qq", "etcd-server", cwd=TOOLS / "etcd")
        (package,) = (TOOLS / "etcd").glob("*.deb")
        check_output("dpkg-deb", "-x", package, TOOLS / "etcd")
    go.make(SERVER, VERSION + "".join(path.read_text() for path in sorted(RECIPE.iterdir())), build)


def build():
    major, minor, _ = VERSION.removeprefix("v").split(".")
    said = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor}
    flags = " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in said.items())
    check_output("go", "build", "-trimpath", "-ldflags", flags, "-o", SERVER, ".", cwd=RECIPE)


def definitions():
    for module, files in DEFINITIONS.items():
        folder = pathlib.Path(json.loads(check_output("go", "mod", "download", "-json", module, cwd=RECIPE))["Dir"])
        # cert-manager's is part of a chart of its own; the names that it templates do not matter here.
        yield from (re.sub(r"\{\{.*?\}\}", "here", (folder / file).read_text()) for file in files)


class ApiServer:
    """Runs until `stack` ends it and its etcd."""

    def __init__(self, folder, stack):
        self.kubeconfig = folder / "kubeconfig"
        etcd, peers, port = (f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}", free_port())
        stack.enter_context(Process(
            [ETCD, "--data-dir", folder / "etcd", "--unsafe-no-fsync", "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
             "--listen-peer-urls", peers],
            "serving.*client",
        ))  # fmt: skip
        key, tokens = folder / "accounts.pem", folder / "tokens.csv"
        check_output("openssl", "genrsa", "-out", key, "2048")
        token = base64.urlsafe_b64encode(os.urandom(24)).decode()
        tokens.write_text(f"{token},admin,admin,system:masters\n")
        self._server = stack.enter_context(Process(
            [SERVER, f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", f"--secure-port={port}", f"--cert-dir={folder}/certificates",
             f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
             "--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24",
             "--authorization-mode=RBAC", f"--token-auth-file={tokens}", "--disable-admission-plugins=ServiceAccount"],
            "Serving securely",
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
        """It serves before it is ready, and says nothing when it is; so it is asked."""
        anybody = ssl._create_unverified_context()  # its certificate is made a moment before
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self._url}/readyz", context=anybody, timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        raise RuntimeError("the API server is not ready: " + self._server.output()[-2000:])

    def kubectl(self, *arguments):
        return check_output(TOOLS / "kubectl/kubectl", "--kubeconfig", self.kubeconfig, *arguments)

    def helm(self, *arguments):
        """(what it says, what it warns of)."""
        done = subprocess.run([render.HELM, "--kubeconfig", self.kubeconfig, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"helm {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout, done.stderr.strip()
