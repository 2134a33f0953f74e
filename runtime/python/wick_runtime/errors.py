"""Errors of the runtime itself, and the form in which any error is reported. Types and texts are AWS's."""
import traceback


class RuntimeFault(Exception):
    """What the runtime itself finds wrong: kind is ImportModuleError, HandlerNotFound ...; trace is a list of lines, or None."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = f"Runtime.{kind}"
        self.trace = trace


def user_trace(error):
    """Where in the function's code an exception came from, without this runtime's frames and the import machinery's."""
    ours = ("/wick_runtime/", "/importlib/", "<frozen ", "/var/runtime/bootstrap.py")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not any(place in frame.filename for place in ours)]
    return traceback.format_list(frames)


def error_object(error, request_id=""):
    """The error as the caller of the function sees it."""
    if isinstance(error, RuntimeFault):
        return {"errorMessage": str(error), "errorType": error.kind, "requestId": request_id, "stackTrace": error.trace or []}
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": user_trace(error),
    }
