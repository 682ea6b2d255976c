"""A conversation with a tool: the model asks for the weather, this program looks it up, the model answers.

SLUICE_ADDRESS names the gateway; arguments: [MODEL [PROMPT]].
"""

import json
import os
import sys

import grpc
from sluice.v1 import chat_pb2_grpc, chat_request_pb2, message_pb2

WEATHER = chat_request_pb2.Tool(function=chat_request_pb2.FunctionTool(
    name="get_weather", description="The weather in a city, now.",
    parameters_json='{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'))


def get_weather(arguments):
    """What the tool answers: JSON text. A model can write arguments that are not what the schema asks for."""
    try:
        return json.dumps({"city": json.loads(arguments)["city"], "degrees": 21, "sky": "clear"})
    except (ValueError, KeyError, TypeError):
        return json.dumps({"error": "arguments have to be a JSON object with a city"})


def ask(stub, request):
    """Streams one answer: prints its text, and returns it as the message that carries it on in the conversation."""
    answer = message_pb2.Message(role=message_pb2.ROLE_ASSISTANT)
    text = ""
    for event in stub.Chat(request):
        delta = event.delta
        kind = delta.WhichOneof("content")
        if kind == "text":
            print(delta.text, end="", flush=True)
            text += delta.text
        elif kind == "opaque":  # for the provider alone, which wants it back
            answer.content.add(opaque=delta.opaque)
        elif kind == "tool_call":
            piece = delta.tool_call
            if piece.index == len(answer.tool_calls):
                answer.tool_calls.add(id=piece.id, function=message_pb2.FunctionCall(name=piece.name))
            answer.tool_calls[piece.index].function.arguments += piece.arguments
    if text:
        answer.content.add(text=text)
    return answer


def main():
    model = sys.argv[1] if len(sys.argv) > 1 else "gpt-4.1"
    prompt = sys.argv[2] if len(sys.argv) > 2 else "What is the weather in Lisbon?"
    request = chat_request_pb2.ChatRequest(model=model, tools=[WEATHER])
    request.messages.add(role=message_pb2.ROLE_USER, content=[message_pb2.ContentPart(text=prompt)])
    request.tool_choice.mode = chat_request_pb2.TOOL_CHOICE_MODE_REQUIRED  # in the first turn it has to ask
    with grpc.insecure_channel(os.environ.get("SLUICE_ADDRESS", "127.0.0.1:50051")) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        try:
            answer = ask(stub, request)
            request.messages.append(answer)
            for call in answer.tool_calls:
                result = get_weather(call.function.arguments)
                print(f"tool {call.function.name}({call.function.arguments}) = {result}")
                request.messages.add(role=message_pb2.ROLE_TOOL, tool_call_id=call.id,
                                     content=[message_pb2.ContentPart(text=result)])
            request.tool_choice.mode = chat_request_pb2.TOOL_CHOICE_MODE_NONE  # now it has to answer
            print("answer: ", end="")
            ask(stub, request)
            print()
        except grpc.RpcError as error:
            print(f"\n{error.code().name} {error.details()}", file=sys.stderr)
            return 1
    return 0 if answer.tool_calls else 1


if __name__ == "__main__":
    sys.exit(main())
