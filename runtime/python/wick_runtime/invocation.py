"""One invocation: event in, result or error out."""
import decimal
import json
import os

from . import log
from .context import LambdaContext
from .errors import RuntimeFault, error_object


def _plain(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_encoder = json.JSONEncoder(default=_plain)


def _event_of(payload):
    try:
        return json.loads(payload)
    except Exception as error:
        raise RuntimeFault("UnmarshalError", f"Unable to unmarshal input: {error}") from None


def _text_of(result):
    try:
        return _encoder.encode(result)
    except Exception as error:
        raise RuntimeFault("MarshalError", f"Unable to marshal response: {error}") from None


def serve(handler, channel, request):
    """Waits for an invocation and answers it. A handler that calls sys.exit() ends the process, as on AWS."""
    meta, payload = channel.next()
    request.id = meta["requestId"]
    if meta.get("traceId"):
        os.environ["_X_AMZN_TRACE_ID"] = meta["traceId"]
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        text = _text_of(handler(_event_of(payload), LambdaContext(meta)))
    except Exception as error:
        fault = error_object(error, request.id)
        log.flush()
        log.log_error(channel, fault)
        channel.fail(fault)
    else:
        log.flush()
        channel.result(text)
