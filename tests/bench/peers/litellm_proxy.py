import machine
from peers.base import Packaged, Relay, Setup

CONFIG = """\
model_list:
- model_name: bench
  litellm_params: {{model: openai/bench, api_base: "{upstream}/v1", api_key: none}}
litellm_settings: {{num_retries: 0}}
"""

# It would otherwise ask the network for prices, which there is none of here.
ENVIRONMENT = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION",
               "NO_PROXY": "*"}


class LiteLlm(Packaged):
    name, what = "litellm", "LiteLLM proxy, one worker"
    package, requirements = "litellm", "litellm.txt"
    most_rate, most_streams = 2500, 200

    def start(self, setup: Setup) -> Relay:
        port = machine.free_port()
        config = setup.folder / "litellm.yaml"
        config.write_text(CONFIG.format(upstream=setup.upstream))
        return Relay(self.run(setup, [self.python, self.folder / "bin/litellm", "--config", config, "--host",
                                      "127.0.0.1", "--port", port, "--num_workers", 1, "--telemetry", "False"],
                              ENVIRONMENT), port)
