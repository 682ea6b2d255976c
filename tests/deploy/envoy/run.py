#!/usr/bin/env python3
"""Two gateways behind a real Envoy with deploy/envoy/envoy.yaml: silence is not cut, callers that stop reading hold up nobody, large
requests survive a gateway that is gone, calls are shared out, a drain and rolling restarts under 500 open streams fail no call. What Envoy
has otherwise is seen to fail. Prints a table; status 77 where there is no Envoy to be had. Wants the packages and
stubs of tests/deploy/install.sh.

    run.py --gateway BINARY
"""
import argparse
import asyncio
import contextlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True
import proxy  # noqa: E402
import drain  # noqa: E402
import limits  # noqa: E402
import rolling  # noqa: E402
from peers.base import Unavailable  # noqa: E402
from stage import Stage  # noqa: E402
from table import skip  # noqa: E402

PROOFS = [
    limits.silence, limits.stalled, limits.large, drain.balance, drain.drain, drain.spoilt_drain, rolling.restart, rolling.rollout,
]  # fmt: skip


async def prove(stage):
    for proof in PROOFS:
        await proof(stage)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    gateway = parser.parse_args().gateway
    try:
        envoy = proxy.program()
    except Unavailable as error:
        skip(f"Envoy in front of the gateway: Envoy {error}")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        stage = Stage(envoy, gateway, pathlib.Path(folder), stack)
        asyncio.run(prove(stage))
    stage.report.exit()


main()
