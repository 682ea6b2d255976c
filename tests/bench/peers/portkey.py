import pathlib
import shutil
import subprocess
from collections.abc import Mapping

import machine
from peers.base import Peer, Relay, Setup, Unavailable, run_install

HERE = pathlib.Path(__file__).with_name("portkey")
FILES = ("package.json", "package-lock.json")


class Portkey(Peer):
    """It takes the upstream's address from each request's headers, so the load has to name it."""

    name, what = "portkey", "Portkey gateway on Node"
    most_rate, most_streams = 5000, 1000
    preload: tuple[object, ...] = ()

    def install(self) -> None:
        for program in ("node", "npm"):
            if not shutil.which(program):
                raise Unavailable(f"needs {program}, which is not installed")
        wanted = "".join((HERE / name).read_text() for name in FILES)
        stamp = self.folder / "stamp"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copy(HERE / name, self.folder)
        run_install(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], self.folder)
        stamp.write_text(wanted)

    def version(self, binaries: Mapping[str, pathlib.Path]) -> str:
        node = subprocess.run(["node", "--version"], check=False, capture_output=True, text=True).stdout.strip()
        return f"1.15.2, Node {node.removeprefix('v')}"

    def start(self, setup: Setup) -> Relay:
        if not setup.own_network:
            raise Unavailable("binds all interfaces, and this machine refuses the bench a network of its own")
        self.headers = ("x-portkey-provider: openai", f"x-portkey-custom-host: {setup.upstream}/v1",
                        "authorization: Bearer none")
        port = machine.free_port()
        program = self.folder / "node_modules/@portkey-ai/gateway/build/start-server.js"
        return Relay(self.run(setup, ["node", *self.preload, program, f"--port={port}", "--headless"],
                              {"NODE_ENV": "production"}), port)


class PortkeyWithoutTimer(Portkey):
    name, what = "portkey-no-timer", "the same without the 25 ms that it waits before a stream's first event"
    preload = ("--import", HERE / "no_timer.mjs")
