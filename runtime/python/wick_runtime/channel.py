"""The runtime's end of Wick's frames (runtime/README.md): blocking reads and writes of one stream socket.

The channel knows where the protocol stands, so that nothing is sent out of order: what a thread of the function logs after the
reply goes to standard output instead. Any thread may log; the rest belongs to the main thread.
"""
import json
import os
import struct
import threading

HEADER = struct.Struct("<IB3x")  # length of the body, type
LOG_MAX = 128 * 1024  # bytes in one log event; longer messages are cut into several
# AWS's limit of a reply. One byte more is enough for the daemon to see that a result is too large.
RESULT_MAX = 6291556


class Channel:
    def __init__(self, fd):
        self._fd = fd
        self._lock = threading.RLock()  # a signal handler may log in the middle of a send
        self._due = "F"  # the frame that reports a failure now: F in init, E in an invocation, none between them

    def ready(self):
        self._reply("R", b"")

    def next(self):
        """Blocks until the daemon sends an invocation; returns (meta, payload). Ends the process when the channel closes."""
        size, _ = HEADER.unpack(self._read(HEADER.size))
        body = self._read(size)
        (meta_size,) = struct.unpack_from("<I", body)
        with self._lock:
            self._due = "E"
        return json.loads(body[4 : 4 + meta_size]), body[4 + meta_size :]

    def result(self, text):
        self._reply("O", text.encode()[: RESULT_MAX + 1])

    def fail(self, fault):
        """Reports an error object for what is under way: init or the invocation."""
        self._reply(self._due, json.dumps(fault).encode())

    def log(self, message):
        """message: bytes, one log event."""
        with self._lock:
            if self._due is None:
                self._write(1, message + b"\n")
                return
            for start in range(0, max(len(message), 1), LOG_MAX):
                self._send("L", message[start : start + LOG_MAX])

    def _reply(self, kind, body):
        with self._lock:
            self._send(kind, body)
            self._due = None

    def _send(self, kind, body):
        self._write(self._fd, HEADER.pack(len(body), ord(kind)) + body)

    def _read(self, size):
        parts = []
        while size > 0:
            part = os.read(self._fd, size)
            if not part:
                os._exit(0)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _write(self, fd, data):
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(fd, view) :]
        except (BrokenPipeError, ConnectionResetError):  # the daemon is gone
            os._exit(0)
