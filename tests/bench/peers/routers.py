import machine
from peers.base import Packaged, Relay, Setup


class Smg(Packaged):
    name, what = "smg", "SMG, a Rust router for model servers"
    package, requirements = "smg", "smg.txt"
    most_streams = 1000

    def start(self, setup: Setup) -> Relay:
        port = machine.free_port()
        flags = ["--host", "127.0.0.1", "--port", port, "--worker-urls", setup.upstream, "--policy", "round_robin",
                 "--backend", "openai", "--log-level", "error", "--prometheus-port", machine.free_port()]
        return Relay(self.run(setup, [self.python, self.folder / "bin/smg", "launch", *flags]), port)


class VllmRouter(Packaged):
    name, what = "vllm-router", "vLLM's Rust router for model servers"
    package, requirements = "vllm-router", "vllm_router.txt"
    most_streams = 1000

    def start(self, setup: Setup) -> Relay:
        port = machine.free_port()
        flags = ["--host", "127.0.0.1", "--port", port, "--worker-urls", setup.upstream, "--policy", "round_robin",
                 "--log-level", "error", "--prometheus-port", machine.free_port()]
        return Relay(self.run(setup, [self.python, self.folder / "bin/vllm-router", *flags]), port)
