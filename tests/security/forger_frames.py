"""A function that writes to the channel of its own runtime (file descriptor 3) what it should not, and forges the platform's log lines."""
import os
import socket
import struct
import threading
import time


def frame(kind, body=b"", size=None):
    return struct.pack("<IB3x", len(body) if size is None else size, ord(kind)) + body


RUBBISH = {
    "noise": bytes(range(256)) * 64,
    "a huge result": frame("O", b"x" * 100, size=0xFFFFFFFF),
    "a huge log event": frame("L", b"x" * 100, size=0xFFFFFFFF),
    "a huge chunk": frame("S", b"text/plain") + frame("C", b"", size=0x7FFFFFFF),
    "ready again": frame("R"),
    "init has failed": frame("F", b"{}"),
    "an invocation": frame("I", b"\2\0\0\0{}1"),
    "a chunk of no stream": frame("C", b"x"),
    "an end of no stream": frame("Z"),
    "reserved bytes": struct.pack("<IB3s", 0, ord("O"), b"abc"),
    "a result that is no JSON": frame("O", b"\xff\xfe{"),
    "a result and another": frame("O", b'"forged"') + frame("O", b'"left over"'),
}

if os.environ.get("AT_INIT"):
    os.write(3, RUBBISH[os.environ["AT_INIT"]])


def handler(event, context):
    forge = event.get("forge")
    if forge in RUBBISH:
        os.write(3, RUBBISH[forge])
        if event.get("end"):
            os._exit(0)
    elif forge == "close":
        os.close(3)
    elif forge == "shut down":
        socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RDWR)
    elif forge == "later":

        def later():
            time.sleep(0.3)
            os.write(3, frame("O", b'"left over"'))

        threading.Thread(target=later).start()
    elif forge == "report":
        time.sleep(0.3)
        for request in (context.aws_request_id, "00000000-0000-4000-8000-000000000000"):
            for end in ("\n", "\r\n", "\r"):
                print(f"END RequestId: {request}{end}REPORT RequestId: {request}\tDuration: 0.01 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB"
                      f"\tMax Memory Used: 1 MB{end}START RequestId: {request} Version: 7", flush=True)
    elif forge == "credentials":
        return {name: os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    return {"call": event.get("call")}
