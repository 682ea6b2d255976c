"""Streams one answer from a Sluice gateway. SLUICE_ADDRESS names the gateway; arguments: [MODEL [PROMPT]]."""

import os
import sys

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from sluice.v1 import chat_pb2_grpc, chat_request_pb2, message_pb2


def error_info(error):
    """The gateway's ErrorInfo, or an empty one when the failure did not come from a gateway."""
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        if detail.Unpack(info):
            break
    return info


def main():
    model = sys.argv[1] if len(sys.argv) > 1 else "gpt-4.1"
    prompt = sys.argv[2] if len(sys.argv) > 2 else "Say hello."
    user = message_pb2.Message(role=message_pb2.ROLE_USER, content=[message_pb2.ContentPart(text=prompt)])
    request = chat_request_pb2.ChatRequest(model=model, messages=[user])
    with grpc.insecure_channel(os.environ.get("SLUICE_ADDRESS", "127.0.0.1:50051")) as channel:
        try:
            for event in chat_pb2_grpc.ChatServiceStub(channel).Chat(request):
                print(event.delta.text, end="", flush=True)
            print()
        except grpc.RpcError as error:
            info = error_info(error)
            print(f"\n{error.code().name} reason={info.reason} {error.details()}", file=sys.stderr)
            for key, value in sorted(info.metadata.items()):
                print(f"  {key}={value}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
