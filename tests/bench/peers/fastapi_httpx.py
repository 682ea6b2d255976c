import pathlib

import machine
from peers.base import Packaged, Relay, Setup


class FastApi(Packaged):
    name, what = "fastapi", "FastAPI + httpx + uvicorn (uvloop), parses each event: tests/bench/peers/fastapi_relay.py"
    package, requirements = "fastapi", "fastapi.txt"
    most_rate, most_streams = 5000, 1000

    def start(self, setup: Setup) -> Relay:
        port = machine.free_port()
        app = pathlib.Path(__file__).with_name("fastapi_relay.py")
        return Relay(self.run(setup, [self.python, app, port, setup.upstream]), port)
