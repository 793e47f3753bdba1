"""Calls an echo server with grpcio and prints what it saw as one JSON object.

Usage: echo_client.py <host:port>, with the generated stubs on PYTHONPATH.
"""

import json
import sys

import grpc
import health_pb2
import health_pb2_grpc
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2, status_pb2
from millrace.test.v1 import echo_service_pb2 as echo
from millrace.test.v1 import echo_service_pb2_grpc

SERVICE = "millrace.test.v1.EchoService"
AMPLE_S = 20
SHORT_S = 0.2
DETAILS = {
    "ErrorInfo": error_details_pb2.ErrorInfo,
    "BadRequest": error_details_pb2.BadRequest,
    "RetryInfo": error_details_pb2.RetryInfo,
}


def fields(message):
    return MessageToDict(message, preserving_proto_field_name=True)


def failure(call):
    """The code, the message and every detail of a call that should fail."""
    try:
        call()
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata() or ())
        status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
        details = {}
        for packed in status.details:
            name = packed.type_url.rpartition("google.rpc.")[2]
            detail = DETAILS[name]()
            packed.Unpack(detail)
            details[name] = fields(detail)
        return {"code": error.code().name, "message": error.details(), "details": details}
    return {"code": "OK"}


def batch(number):
    frames = [echo.Frame(id=f"{number}-{n}", sequence=10 * number + n, data=b"\0" * 64) for n in range(3)]
    return echo.ChatRequest(frames=frames)


def good_call(stub):
    request = echo.EchoRequest(id="a", priority=3, tags=["x", "\u00fc"])
    response, call = stub.Echo.with_call(request, timeout=AMPLE_S, metadata=[("x-request-id", "from-python")])
    return {"response": fields(response), "trailers": dict(call.trailing_metadata())}


def main(address):
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        stub = echo_service_pb2_grpc.EchoServiceStub(channel)
        health = health_pb2_grpc.HealthStub(channel)
        invalid = echo.EchoRequest(id="", priority=9, tags=["fine", ""])
        slow = echo.EchoRequest(id="slow", priority=1)
        slow.delay.FromSeconds(30)
        away = echo.CountRequest(count=1, fail_times=1000)
        known = health_pb2.HealthCheckRequest(service=SERVICE)
        unknown = health_pb2.HealthCheckRequest(service="nobody")
        repeat = echo.RepeatRequest(count=3)
        conversation = stub.Chat((batch(number) for number in range(4)), timeout=AMPLE_S)
        seen = {
            "good": good_call(stub),
            "invalid": failure(lambda: stub.Echo(invalid, timeout=AMPLE_S)),
            "late": failure(lambda: stub.Echo(slow, timeout=SHORT_S)),
            "late_at_server": failure(lambda: stub.Echo(slow)),
            "away": failure(lambda: stub.Count(away, timeout=AMPLE_S)),
            "health": fields(health.Check(known, timeout=AMPLE_S)),
            "health_of_nobody": failure(lambda: health.Check(unknown, timeout=AMPLE_S)),
            "repeat": [response.number for response in stub.Repeat(repeat, timeout=AMPLE_S)],
            "invalid_repeat": failure(lambda: list(stub.Repeat(echo.RepeatRequest(count=-1), timeout=AMPLE_S))),
            "invalid_collect": failure(lambda: stub.Collect(iter([echo.CollectRequest()]), timeout=AMPLE_S)),
            "chat": [[frame.sequence for frame in response.frames] for response in conversation],
        }
    print(json.dumps(seen))


main(sys.argv[1])
