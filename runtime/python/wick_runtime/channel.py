"""The runtime's end of Wick's frames (runtime/README.md): blocking reads and writes of one stream socket.

The channel knows where the protocol stands, so that nothing is sent out of order: what a thread of the function logs after the
reply goes to standard output instead. Any thread may log; the rest belongs to the main thread.
"""
import json
import os
import select
import struct
import threading

HEADER = struct.Struct("<IB3x")  # length of the body, type
INVOKE = struct.Struct("<IB3xI")  # the same, and the length of meta
INBOX_SIZE = 64 * 1024  # an ordinary invocation arrives in one read
LOG_MAX = 128 * 1024  # bytes in one log event; longer messages are cut into several
# AWS's limit of a reply. One byte more is enough for the daemon to see that a result is too large.
RESULT_MAX = 6291556


class Channel:
    def __init__(self, fd):
        self._fd = fd
        # It waits in poll, not in read: whoever is blocked in reading a Unix socket is also woken each time its peer takes something.
        self._arrival = select.poll()
        self._arrival.register(fd, select.POLLIN)
        self._lock = threading.RLock()  # a signal handler may log in the middle of a send
        self._due = "F"  # the frame that reports a failure now: F in init, E in an invocation, none between them

    def ready(self, said=b""):
        """said: JSON, of a template."""
        self._reply("R", said)

    def renew(self):
        """In a fork, whose channel is another one: init goes on."""
        self._due = "F"

    def next(self):
        """Blocks until the daemon sends an invocation; returns (meta, payload). Ends the process when the channel closes."""
        frame = self._read(INBOX_SIZE)
        while len(frame) < INVOKE.size:
            frame += self._read(INBOX_SIZE)
        size, _, meta_size = INVOKE.unpack_from(frame)
        missing = HEADER.size + size - len(frame)
        if missing > 0:
            frame = self._complete(frame, missing)
        with self._lock:
            self._due = "E"
        payload_start = INVOKE.size + meta_size
        return json.loads(frame[INVOKE.size : payload_start]), frame[payload_start:]

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

    def _complete(self, frame, missing):
        parts = [frame]
        while missing > 0:
            parts.append(self._read(missing))
            missing -= len(parts[-1])
        return b"".join(parts)

    def _read(self, size):
        self._arrival.poll()
        part = os.read(self._fd, size)
        if not part:
            os._exit(0)
        return part

    def _write(self, fd, data):
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(fd, view) :]
        except (BrokenPipeError, ConnectionResetError):  # the daemon is gone
            os._exit(0)
