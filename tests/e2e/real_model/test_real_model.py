"""What the caller got equals what the model sent: gateway, recording tee and a real model's server, one after another.

The reference is read from the bytes that the tee recorded, by code that shares nothing with the gateway.
"""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import grpc
from sluice.v1 import chat_pb2, chat_pb2_grpc, chat_request_pb2, message_pb2, models_pb2, models_pb2_grpc

from tee import Exchange, Tee, stream_chunks

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
START_SECONDS = 60
CALL_SECONDS = 120


def read_lines(fd: int, wanted: set[str], process: subprocess.Popen) -> dict[str, str]:
    """Reads `name=value` lines from a pipe until all the wanted names came. Waits on the pipe, not on a clock."""
    found: dict[str, str] = {}
    text = b""
    deadline = time.monotonic() + START_SECONDS
    while not wanted <= found.keys():
        ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
        data = os.read(fd, 4096) if ready else b""
        if not data:
            raise RuntimeError(f"{process.args[0]} did not start (status {process.poll()})")
        text += data
        found = dict(line.split("=", 1) for line in text.decode().splitlines() if "=" in line)
    return found


def start_model() -> tuple[subprocess.Popen, int]:
    server = subprocess.Popen([sys.executable, HERE / "model_server.py"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return server, int(read_lines(server.stdout.fileno(), {"port"}, server)["port"])


def start_gateway(folder: pathlib.Path, upstream_port: int) -> tuple[subprocess.Popen, str]:
    config = folder / "sluice.yaml"
    config.write_text((HERE / "sluice.yaml").read_text().replace("MODEL_PORT", str(upstream_port)))
    ours, theirs = os.pipe()
    binary = os.path.join(os.environ["SLUICE_BIN"], "sluice-gateway")
    with open(folder / "gateway.log", "wb") as log:
        gateway = subprocess.Popen([binary, "--config", config, "--ports-file", f"/dev/fd/{theirs}"],
                                   pass_fds=[theirs], stdout=log, stderr=log)
    os.close(theirs)
    try:
        return gateway, f"127.0.0.1:{read_lines(ours, {'grpc', 'ops'}, gateway)['grpc']}"
    except RuntimeError:
        print((folder / "gateway.log").read_text(), file=sys.stderr)
        raise
    finally:
        os.close(ours)


def request(prompt: str, max_tokens: int = 48) -> chat_request_pb2.ChatRequest:
    user = message_pb2.Message(role=message_pb2.ROLE_USER, content=[message_pb2.ContentPart(text=prompt)])
    return chat_request_pb2.ChatRequest(model="smollm2", messages=[user], temperature=0, seed=7, max_tokens=max_tokens)


class RealModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.model, model_port = start_model()
        cls.addClassCleanup(cls.model.communicate)  # closing its standard input ends it
        cls.tee = Tee(model_port)
        cls.addClassCleanup(cls.tee.close)
        cls.gateway, cls.address = start_gateway(pathlib.Path(cls.folder.name), cls.tee.port)
        cls.addClassCleanup(cls.stop_gateway)
        cls.channel = grpc.insecure_channel(cls.address)
        cls.addClassCleanup(cls.channel.close)
        cls.stub = chat_pb2_grpc.ChatServiceStub(cls.channel)

    @classmethod
    def stop_gateway(cls):
        cls.gateway.send_signal(signal.SIGTERM)
        status = cls.gateway.wait(30)
        assert status == 0, f"the gateway ended with status {status}"

    def recorded(self, ask, needle: str):
        """Calls ask() and returns its result with the one chat exchange whose request holds the needle."""
        before = {chat.place for chat in self.chats(needle)}
        result = ask()
        chats = [chat for chat in self.chats(needle) if chat.place not in before]
        self.assertEqual(len(chats), 1, "one call must make one upstream request")
        return result, chats[0]

    def chats(self, needle: str) -> list[Exchange]:
        return [each for each in self.tee.exchanges()
                if each.request_line.startswith("POST") and needle.encode() in each.request_body]

    def stream(self, prompt: str, max_tokens: int = 48) -> list[chat_pb2.ChatResponse]:
        return list(self.stub.Chat(request(prompt, max_tokens), timeout=CALL_SECONDS))

    def compare_stream(self, events: list[chat_pb2.ChatResponse], chunks: list[dict]):
        sent = [choice["delta"]["content"] for chunk in chunks for choice in chunk["choices"]
                if choice["delta"].get("content")]
        got = [event.delta.text for event in events if event.WhichOneof("event") == "delta"]
        self.assertGreater(len(sent), 4, "the model said too little to compare")
        self.assertEqual(got, sent)

        started = [event.started for event in events if event.WhichOneof("event") == "started"]
        self.assertEqual([(each.completion_id, each.model, each.upstream, each.attempt) for each in started],
                         [(chunks[0]["id"], chunks[0]["model"], "model", 1)])
        finishes = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]
                    if choice["finish_reason"]]
        finished = [event.finished for event in events if event.WhichOneof("event") == "finished"]
        self.assertEqual([each.native_finish_reason for each in finished], finishes)
        self.compare_usage([event.usage for event in events if event.WhichOneof("event") == "usage"], chunks)

    def compare_usage(self, got: list[chat_pb2.Usage], chunks: list[dict]):
        sent = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
        self.assertEqual([(each.prompt_tokens, each.completion_tokens, each.total_tokens) for each in got],
                         [(each["prompt_tokens"], each["completion_tokens"], each["total_tokens"]) for each in sent])
        self.assertEqual([each.estimated for each in got], [False])

    def test_a_stream_is_what_the_model_sent_delta_for_delta(self):
        prompt = "Name three colours and say a sentence about each."
        events, chat = self.recorded(lambda: self.stream(prompt), prompt)
        self.compare_stream(events, stream_chunks(chat.reply_body))

    def test_a_gathered_answer_is_the_same_text(self):
        prompt = "Why is the sky blue?"
        ask = chat_pb2.CompleteRequest(chat=request(prompt))
        reply, chat = self.recorded(lambda: self.stub.Complete(ask, timeout=CALL_SECONDS), prompt)
        chunks = stream_chunks(chat.reply_body)
        sent = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
        self.assertEqual([choice.text for choice in reply.choices], [sent])
        self.assertEqual(reply.choices[0].native_finish_reason, "length")
        self.compare_usage([reply.usage], chunks)
        events = self.stream(prompt)
        self.assertEqual("".join(event.delta.text for event in events), sent)

    def test_the_same_request_twice_streams_the_same_deltas(self):
        prompt = "Count from one to ten in words."
        (first, chat), (second, other) = (self.recorded(lambda: self.stream(prompt), prompt) for _ in range(2))
        self.assertEqual([event.delta.text for event in first if event.HasField("delta")],
                         [event.delta.text for event in second if event.HasField("delta")])
        self.compare_stream(first, stream_chunks(chat.reply_body))
        self.compare_stream(second, stream_chunks(other.reply_body))

    def test_an_answer_that_the_model_ends_itself_says_stop(self):
        prompt = "Say hello."
        events, chat = self.recorded(lambda: self.stream(prompt, 400), prompt)
        self.compare_stream(events, stream_chunks(chat.reply_body))
        finished = [event.finished for event in events if event.HasField("finished")]
        self.assertEqual([each.finish_reason for each in finished], [chat_pb2.FINISH_REASON_STOP])

    def weather_request(self) -> chat_request_pb2.ChatRequest:
        ask = request("What is the weather in Lisbon?", 64)
        ask.tools.add(function=chat_request_pb2.FunctionTool(
            name="get_weather", description="The weather in a city.",
            parameters_json='{"type":"object","properties":{"city":{"type":"string","enum":["Lisbon","Oslo"]},'
                            '"days":{"type":"integer","minimum":1,"maximum":9}},"required":["city","days"]}'))
        ask.tool_choice.mode = chat_request_pb2.TOOL_CHOICE_MODE_REQUIRED
        return ask

    def compare_call(self, events: list[chat_pb2.ChatResponse], chunks: list[dict]) -> message_pb2.Message:
        """The pieces are those that the model sent; returns the message that they make."""
        sent = [(piece["index"], piece.get("id", ""), piece["function"].get("name", ""), piece["function"]["arguments"])
                for chunk in chunks for choice in chunk["choices"] for piece in choice["delta"].get("tool_calls", [])]
        got = [event.delta.tool_call for event in events if event.delta.HasField("tool_call")]
        self.assertEqual([(each.index, each.id, each.name, each.arguments) for each in got], sent)
        self.assertGreater(len(got), 4, "the call came in one piece, or nearly")
        self.assertEqual((got[0].index, got[0].name), (0, "get_weather"))
        self.assertTrue(got[0].id)
        self.assertEqual({each.index for each in got}, {0})
        finished = [event.finished for event in events if event.HasField("finished")]
        self.assertEqual([(each.finish_reason, each.native_finish_reason) for each in finished],
                         [(chat_pb2.FINISH_REASON_TOOL_CALLS, "tool_calls")])
        call = message_pb2.ToolCall(id=got[0].id, function=message_pb2.FunctionCall(
            name=got[0].name, arguments="".join(each.arguments for each in got)))
        return message_pb2.Message(role=message_pb2.ROLE_ASSISTANT, tool_calls=[call])

    def check_arguments(self, text: str):
        arguments = json.loads(text)
        self.assertEqual(arguments.keys(), {"city", "days"})
        self.assertIn(arguments["city"], ["Lisbon", "Oslo"])
        self.assertIn(arguments["days"], range(1, 10))

    def test_a_conversation_with_a_tool_goes_from_the_call_to_the_answer(self):
        ask = self.weather_request()
        events, chat = self.recorded(lambda: list(self.stub.Chat(ask, timeout=CALL_SECONDS)), "weather in Lisbon")
        self.assertIn(ask.tools[0].function.parameters_json.encode(), chat.request_body, "byte for byte")
        asked = self.compare_call(events, stream_chunks(chat.reply_body))
        call = asked.tool_calls[0]
        self.check_arguments(call.function.arguments)

        result = '{"sky": "clear", "degrees": 21}'
        ask.messages.append(asked)
        ask.messages.add(role=message_pb2.ROLE_TOOL, tool_call_id=call.id,
                         content=[message_pb2.ContentPart(text=result)])
        ask.tool_choice.mode = chat_request_pb2.TOOL_CHOICE_MODE_NONE
        events, chat = self.recorded(lambda: list(self.stub.Chat(ask, timeout=CALL_SECONDS)), "weather in Lisbon")
        history = json.loads(chat.request_body)["messages"][1:]
        self.assertEqual([each["role"] for each in history], ["assistant", "tool"])
        function = {"name": "get_weather", "arguments": call.function.arguments}
        self.assertEqual(history[0]["tool_calls"], [{"id": call.id, "type": "function", "function": function}])
        self.assertEqual((history[1]["tool_call_id"], history[1]["content"]), (call.id, result))
        self.compare_stream(events, stream_chunks(chat.reply_body))
        finished = [event.finished.finish_reason for event in events if event.HasField("finished")]
        self.assertEqual(finished, [chat_pb2.FINISH_REASON_STOP])

    def test_a_gathered_tool_call_is_the_streamed_one(self):
        ask = chat_pb2.CompleteRequest(chat=self.weather_request())
        reply, chat = self.recorded(lambda: self.stub.Complete(ask, timeout=CALL_SECONDS), "weather in Lisbon")
        pieces = [piece for chunk in stream_chunks(chat.reply_body) for choice in chunk["choices"]
                  for piece in choice["delta"].get("tool_calls", [])]
        choice = reply.choices[0]
        self.assertEqual(choice.finish_reason, chat_pb2.FINISH_REASON_TOOL_CALLS)
        self.assertEqual([(call.id, call.function.name, call.function.arguments) for call in choice.tool_calls],
                         [(pieces[0]["id"], "get_weather", "".join(each["function"]["arguments"] for each in pieces))])
        self.check_arguments(choice.tool_calls[0].function.arguments)
        self.assertEqual(choice.text, "")

    def run_tools_example(self, name: str):
        prompt = "What is the weather in Lisbon?"
        ended = subprocess.run([ROOT / "client/examples/run.sh", name, self.address, "smollm2", prompt],
                               capture_output=True, text=True, timeout=CALL_SECONDS)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        # The model asked for the tool, the example ran it, and after that the model said something.
        self.assertRegex(ended.stdout, r'^tool get_weather\({"city": ?".*"}\) = {.*"degrees": ?21.*}\nanswer: .*\w')
        print(f"\n{name}: {ended.stdout}", end="", file=sys.stderr)

    def test_the_python_example_holds_a_conversation_with_a_tool(self):
        self.run_tools_example("python-tools")

    def test_the_cpp_example_holds_a_conversation_with_a_tool(self):
        self.run_tools_example("cpp-tools")

    def test_an_answer_follows_its_json_schema(self):
        prompt = "Describe a cat as JSON."
        ask = request(prompt, 64)
        ask.response_format.json_schema.name = "cat"
        ask.response_format.json_schema.schema_json = (
            '{"type":"object","properties":{"legs":{"enum":[4]},"says":{"enum":["meow"]}},"required":["legs","says"],'
            '"additionalProperties":false}')
        reply = self.stub.Complete(chat_pb2.CompleteRequest(chat=ask), timeout=CALL_SECONDS)
        self.assertEqual(json.loads(reply.choices[0].text), {"legs": 4, "says": "meow"})

    def test_the_model_is_listed(self):
        reply = models_pb2_grpc.ModelServiceStub(self.channel).ListModels(models_pb2.ListModelsRequest(), timeout=10)
        self.assertIn("smollm2", [model.id for model in reply.models])


if __name__ == "__main__":
    unittest.main(verbosity=2)
