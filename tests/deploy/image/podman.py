"""buildah and podman without an engine's daemon: storage in a folder of its own, limits that a sandbox grants."""
import os
import pathlib
import subprocess

from process import check_output

TOOLS = ["mmdebstrap", "buildah", "podman", "runc", "catatonit", "containernetworking-plugins"]
BASE, IMAGE = "localhost/debian:bookworm-slim", "localhost/sluice:check"
STORAGE = """[storage]
driver = "vfs"
graphroot = "{0}/images"
runroot = "{0}/run"
"""
CONTAINERS = """[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
"""
PROBE = f"""apiVersion: v1
kind: Pod
metadata: {{name: probe}}
spec: {{containers: [{{name: probe, image: "{BASE}", command: [/usr/bin/sleep, "60"]}}]}}
"""
# What the official slim image leaves out, too.
UNREAD = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/doc/*"]


class NotHere(Exception):
    """This machine cannot do it; the text says what, and why."""


def install():
    if os.getuid() != 0:
        raise NotHere("the image is neither built nor run, since this is not root")
    missing = [tool for tool in TOOLS if subprocess.run(["dpkg", "-s", tool], capture_output=True).returncode]
    if missing:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        check_output("apt-get", "update", "-qq", env=environment)
        check_output("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing, env=environment)


def use_storage(folder):
    for name, text in (("storage", STORAGE), ("containers", CONTAINERS)):
        file = pathlib.Path(folder) / f"{name}.conf"
        file.write_text(text.format(folder))
        os.environ[f"CONTAINERS_{'STORAGE_' if name == 'storage' else ''}CONF"] = str(file)


def make_base(folder):
    """The file of a bookworm-slim from Debian's archive; the official one is not always to be had."""
    archive = pathlib.Path(folder) / "base.tar"
    hook = '--customize-hook=chroot "$1" apt-get {} >/dev/null'.format
    check_output(
        "mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", *(f"--dpkgopt=path-exclude={path}" for path in UNREAD),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        # usrmerge, which brings all of Perl, has done its work once the system is made.
        hook("install --quiet --quiet --yes usr-is-merged"),
        hook("purge --quiet --quiet --yes usrmerge perl libperl5.36 perl-modules-5.36"), "bookworm", archive,
    )  # fmt: skip
    return archive


def probe_machine(folder, base):
    """Takes the base in, runs it, and a pod of it. Where not even that goes, the machine lacks what containers need; what fails
    before or after is a failure."""
    pod = pathlib.Path(folder) / "probe.yaml"
    pod.write_text(PROBE)
    try:
        check_output("podman", "import", "--quiet", base, BASE)
        check_output("podman", "run", "--rm", "--read-only", "--cap-drop", "ALL", "--network", "none", BASE, "/usr/bin/true")
        check_output("podman", "play", "kube", pod)
    except RuntimeError as error:
        raise NotHere(f"the image is neither built nor run, since no container of Debian's base runs here: {str(error)[-300:]}") from error
    finally:
        subprocess.run(["podman", "play", "kube", "--down", pod], capture_output=True)


def build(root, built=None):
    """The image of the Dockerfile; `built` stands for its first stage, a folder laid out as that one."""
    stage = ["--build-context", f"build={built}"] if built else []
    check_output("buildah", "bud", "--isolation", "chroot", "--pull-never", "--build-arg", f"BASE={BASE}", *stage, "--tag", IMAGE, root)


def megabytes(image):
    return int(check_output("podman", "image", "inspect", "--format", "{{.Size}}", image)) / 1e6
