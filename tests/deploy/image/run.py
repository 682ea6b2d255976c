#!/usr/bin/env python3
"""Builds the image, checks what it promises (nobody's user, read-only root, bill of materials), and runs the chart's Deployment as it is
rendered with podman: probes, a key from a Secret, an answer, and SIGTERM in the middle of another. Prints a table; 77 where this machine
has no way to do it. Needs root.

    run.py --bin FOLDER            puts the programs of this folder into the image
    run.py --bin FOLDER --whole    compiles them there, as a user does: takes ten minutes
"""
import argparse
import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
import podman  # noqa: E402
import render  # noqa: E402
from pod import Pod  # noqa: E402
from podman import IMAGE, NotHere  # noqa: E402
from process import check_output  # noqa: E402
from table import Report, left_out, skip  # noqa: E402

HARDENED = ["--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none"]
SBOM = "/usr/share/doc/sluice/sbom.spdx.json"


def in_image(*command):
    return subprocess.run(["podman", "run", *HARDENED, "--entrypoint", command[0], IMAGE, *command[1:]], capture_output=True, text=True)


def as_built_stage(folder, programs):
    """The Dockerfile's first stage, made of programs that are there already."""
    place = folder / "built/src/.build/release/bin"
    place.mkdir(parents=True)
    for name in ("sluice-gateway", "sluice"):
        shutil.copy(programs / name, place)
        check_output("strip", "--strip-debug", place / name)
    headers = check_output("dpkg-query", "--show", "--showformat", "${Package} ${Version} ${Architecture}\n", "rapidjson-dev", "libboost1.*-dev")
    (place / "headers").write_text(headers + "\n")
    return folder / "built"


def check_image(report):
    ours, base = podman.megabytes(IMAGE), podman.megabytes(podman.BASE)
    report.line(ours < 160, "its size, of which the base", f"{ours:.0f} MB, {base:.0f} MB")
    user = in_image("id", "-u").stdout.strip()
    report.line(user == "65532", "runs as", user)
    touched = in_image("touch", "/usr/local/planted")
    report.line("Read-only" in touched.stderr, "writes to its root", touched.stderr.strip() or "IT CAN")
    version = in_image("sluice-gateway", "--version").stdout.strip()
    report.line(version.startswith("sluice-gateway "), "starts without a capability", version)


def check_materials(report):
    """Every package that the image has stands in its bill, with its version."""
    bill = json.loads(in_image("cat", SBOM).stdout)
    told = {(each["name"], each["versionInfo"]) for each in bill["packages"]}
    has = {tuple(line.split()) for line in in_image("dpkg-query", "-W", "-f", "${Package} ${Version}\n").stdout.splitlines()}
    ids = [each["SPDXID"] for each in bill["packages"]]
    named = {each["relatedSpdxElement"] for each in bill["relationships"]}
    whole = len(set(ids)) == len(ids) and set(ids) == named and bill["spdxVersion"] == "SPDX-2.3"
    missing = has - told
    report.line(whole and not missing and len(has) > 50, "its bill of materials (SPDX 2.3)", f"{len(bill['packages'])} packages, missing: {missing or 'none'}")


def run(folder, programs, whole, report):
    podman.install()
    podman.use_storage(folder)
    podman.probe_machine(folder, podman.make_base(folder))
    podman.build(render.ROOT, None if whole else as_built_stage(folder, programs))
    if not whole:
        left_out("the Dockerfile's first stage, which compiles for ten minutes: tests/deploy/image/run.py --whole")
    check_image(report)
    check_materials(report)
    with contextlib.ExitStack() as stack:
        Pod(folder, programs, stack).check(report)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--whole", action="store_true")
    arguments, report = parser.parse_args(), Report()
    folder = pathlib.Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        run(folder, arguments.bin, arguments.whole, report)
    except NotHere as reason:  # before anything was checked
        skip(str(reason))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.exit()


if __name__ == "__main__":
    main()
