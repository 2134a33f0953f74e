"""Invocations of nothing, so that what each fork executes in its first one is loaded and adapted already."""
import os
import struct

from .channel import HEADER, Channel
from .invocation import serve
from .log import Request

TIMES = 10  # Python adapts code to its types when it has run some times
META = b'{"requestId":"","deadlineMs":0,"arn":"","traceId":"-","clientContext":""}'
BODY = struct.pack("<I", len(META)) + META + b'{"key":"value"}'


def warm_up(times=TIMES):
    # A file takes the place of the channel: what is written to it, and then gone back over, is what is read next.
    file = os.open("/tmp", os.O_TMPFILE | os.O_RDWR, 0o600)
    channel = Channel(file)
    frame = HEADER.pack(len(BODY), ord("I")) + BODY
    for _ in range(times):
        channel.renew()
        channel.ready()
        os.lseek(file, -os.write(file, frame), os.SEEK_CUR)
        serve(lambda event, context: event, channel, Request())
    os.close(file)
    del os.environ["_X_AMZN_TRACE_ID"]
