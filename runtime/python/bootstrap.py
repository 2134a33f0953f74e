"""Entry point of the Python runtime: loads the handler, then serves one invocation at a time.

Between invocations the main thread stands still while Channel.next waits.
"""
import os
import sys


DEBIAN_PACKAGES = "/usr/lib/python3/dist-packages"  # boto3, also for a Python that is not Debian's: it is the same for all of them


def set_search_path():
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    first = [f"/opt/python/lib/{version}/site-packages", "/opt/python", "/var/runtime"]
    if "LAMBDA_TASK_ROOT" in os.environ:  # a template may have no function yet
        first.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    first.extend(filter(None, os.environ.get("PYTHONPATH", "").split(":")))  # where Python has put them, for the fork of such a template
    sys.path[:] = dict.fromkeys(first + sys.path)
    if DEBIAN_PACKAGES not in sys.path:
        sys.path.append(DEBIAN_PACKAGES)


def main():
    from wick_runtime import botocore_endpoint, log
    from wick_runtime.channel import Channel
    from wick_runtime.errors import error_object
    from wick_runtime.handler import load_handler
    from wick_runtime.invocation import serve

    channel = Channel(3)
    template = None
    if kind := os.environ.pop("WICK_TEMPLATE", None):
        from wick_runtime.template import begin

        template = begin(kind, channel)
        template.before_init()
        set_search_path()
    request = log.set_up(channel)
    botocore_endpoint.apply_when_imported()
    try:
        handler = load_handler(os.environ["_HANDLER"])
        if template:
            template.after_init()
    except Exception as error:
        fault = error_object(error)
        log.log_error(channel, fault)
        channel.fail(fault)
        sys.exit(1)
    channel.ready()
    while True:
        serve(handler, channel, request)


set_search_path()
main()
