#!/usr/bin/python3
"""A custom runtime that cheats at the Lambda Runtime API: the event names how, and may name an invocation that is not its own.

It answers {"statuses": [what the API said to each forged call]}.
"""
import http.client
import json
import socket
import time

API = ("127.0.0.1", 9001)
PREFIX = "/2018-06-01/runtime/"


def ask(method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(*API, timeout=900 if path == "invocation/next" else 5)
    try:
        connection.request(method, PREFIX + path, body, headers)
        response = connection.getresponse()
        response.body = response.read()
        return response
    finally:
        connection.close()


def statuses(*calls):
    return [ask(*call).status for call in calls]


def raw(data, wait=True):
    """The status line's number of what comes back, or 0 for a closed connection."""
    with socket.create_connection(API, timeout=5) as client:
        try:
            client.sendall(data)
            line = client.recv(4096) if wait else b""
        except OSError:
            return 0
        return int(line.split()[1]) if line.startswith(b"HTTP/") else 0


def wrong_ids(event, own):
    some = "00000000-0000-4000-8000-000000000000"
    return statuses(*(("POST", f"invocation/{id}/{kind}", '"forged"') for kind in ("response", "error")
                      for id in (some, own.upper() + "x", own[:-1], "..", "", "%2e%2e", own + "%00", "a" * 4000)))


def others(event, own):
    """The neighbour's invocation, which is under way."""
    return statuses(("POST", f"invocation/{event['id']}/response", '"forged"'), ("POST", f"invocation/{event['id']}/error", "{}"))


def late_init_error(event, own):
    return statuses(("POST", "init/error", '{"errorType":"Forged","errorMessage":"x"}'))


def early_next(event, own):
    return statuses(("GET", "invocation/next"))


def unknown(event, own):
    return statuses(("GET", "../../_wick/v1/instances"), ("DELETE", "invocation/next"), ("POST", "invocation/next"), ("GET", "init/error"),
                    ("GET", f"invocation/{own}/response"), ("PUT", f"invocation/{own}/response", "1"), ("POST", f"invocation/{own}/"), ("GET", ""))


def bad_mode(event, own):
    return statuses(("POST", f"invocation/{own}/response", "1", {"Lambda-Runtime-Function-Response-Mode": "sideways"}))


def nonsense(event, own):
    head = f"POST {PREFIX}invocation/{own}/response HTTP/1.1\r\nHost: x\r\n".encode()
    tails = (b"Content-Length: -1\r\n\r\n", b"Content-Length: 99999999999999\r\n\r\n", b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
             b"X: " + b"a" * 200_000 + b"\r\n\r\n", b"X: y\r\n" * 2000 + b"\r\n")
    return [raw(data) for data in (b"\0" * 4096, b"hello\r\n\r\n", *(head + tail for tail in tails))]


def slow_connections(event, own):
    """Ties up its own API only; it gets through once these are closed."""
    held = []
    for _ in range(400):
        client = socket.socket()
        client.settimeout(0.2)
        try:
            client.connect(API)
            client.sendall(f"GET {PREFIX}invocation/next HTTP/1.1\r\nHost: x\r\nX-Slow: ".encode())
        except OSError:
            pass
        held.append(client)
    time.sleep(1)
    for client in held:
        client.close()
    time.sleep(0.2)
    return []


def twice(event, own):
    first = ask("POST", f"invocation/{own}/response", '{"statuses":["first"]}')
    second = ask("POST", f"invocation/{own}/response", '{"statuses":["second"]}')
    print("the second answer:", second.status, flush=True)
    return first.status


def torn(event, own):
    raw(f"POST {PREFIX}invocation/{own}/response HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode() + b"{", wait=False)
    return True


def endless(event, own):
    head = f"POST {PREFIX}invocation/{own}/response HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    with socket.create_connection(API, timeout=10) as client:
        try:
            client.sendall(head)
            for _ in range(300):
                client.sendall(chunk)
            client.sendall(b"0\r\n\r\n")
            client.recv(4096)
        except OSError:
            pass
    return True


def strange_error(event, own):
    ask("POST", f"invocation/{own}/error", b"\xff\xfenot json" * 100, {"Lambda-Runtime-Function-Error-Type": "Odd." + "x" * 5000})
    return True


while True:
    invocation = ask("GET", "invocation/next")
    event = json.loads(invocation.body)
    own = invocation.getheader("Lambda-Runtime-Aws-Request-Id")
    said = globals()[event["forge"]](event, own)
    if isinstance(said, list):
        ask("POST", f"invocation/{own}/response", json.dumps({"statuses": said}))
