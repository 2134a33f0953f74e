"""print and logging as log events, in AWS's text format or its JSON format."""
import io
import json
import logging
import os
import sys
import time

LEVELS = {"TRACE": logging.DEBUG}  # AWS's names that Python lacks
PARTIAL_LINE_MAX = 128 * 1024  # bytes kept while waiting for the end of a line


def _is_json():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


class Request:
    """What log records carry of the invocation under way."""

    id = None


class _Output(io.BufferedIOBase):
    """The bytes written to standard output or error: each line is a log event."""

    def __init__(self, channel, fd):
        self._channel = channel
        self._fd = fd
        self._partial = b""

    def writable(self):
        return True

    def fileno(self):
        return self._fd

    def write(self, data):
        *lines, self._partial = (self._partial + bytes(data)).split(b"\n")
        for line in lines:
            self._channel.log(line)
        if len(self._partial) > PARTIAL_LINE_MAX:
            self.end_line()
        return len(data)

    def end_line(self):
        if self._partial:
            line, self._partial = self._partial, b""
            self._channel.log(line)


class _Handler(logging.Handler):
    def __init__(self, channel):
        super().__init__()
        self._channel = channel

    def emit(self, record):
        try:
            self._channel.log(self.format(record).encode("utf-8", "backslashreplace"))
        except Exception:  # a message that cannot be formatted is reported on standard error, never raised into the function
            self.handleError(record)


class _RequestFilter(logging.Filter):
    def __init__(self, request):
        super().__init__()
        self._request = request

    def filter(self, record):
        record.aws_request_id = self._request.id or ""
        return True


class _JsonFormatter(logging.Formatter):
    converter = time.gmtime
    _standard = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id"}

    def format(self, record):
        entry = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            kind, error, _ = record.exc_info
            entry["stackTrace"] = self.formatException(record.exc_info).split("\n")
            entry["errorType"] = kind.__name__ if kind else None
            entry["errorMessage"] = str(error)
            entry["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        entry["requestId"] = record.aws_request_id or None
        entry.update((name, value) for name, value in vars(record).items() if name not in self._standard)
        return json.dumps({name: value for name, value in entry.items() if value is not None}, default=str)


def _text_formatter():
    formatter = logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    return formatter


def set_up(channel):
    """Takes over sys.stdout, sys.stderr and the root logger. Returns the Request that records carry."""
    request = Request()
    for name, fd in (("stdout", 1), ("stderr", 2)):
        output = io.TextIOWrapper(_Output(channel, fd), encoding="utf-8", errors="backslashreplace", write_through=True)
        setattr(sys, name, output)
    handler = _Handler(channel)
    handler.setFormatter(_JsonFormatter() if _is_json() else _text_formatter())
    handler.addFilter(_RequestFilter(request))
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    if level:
        root.setLevel(LEVELS.get(level, logging.getLevelName(level) if level in logging._nameToLevel else logging.INFO))
    return request


def flush():
    """Ends a line that the function left open, so that it belongs to this invocation."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(getattr(stream, "buffer", None), _Output):
            stream.buffer.end_line()


def log_error(channel, fault):
    """Logs an error object as AWS does: in text, the type, the message and the trace as one event."""
    if _is_json():
        entry = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "log_level": "ERROR",
            "errorMessage": fault["errorMessage"],
            "errorType": fault["errorType"],
            "requestId": fault["requestId"],
            "stackTrace": fault["stackTrace"],
        }
        channel.log(json.dumps(entry).encode())
        return
    lines = [f"[ERROR] {fault['errorType']}: {fault['errorMessage']}"]
    if fault["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        lines.extend(line.rstrip("\n") for line in fault["stackTrace"])
    channel.log("\n".join(lines).encode("utf-8", "backslashreplace"))
