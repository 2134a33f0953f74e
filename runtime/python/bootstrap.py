"""Entry point of the Python runtime: loads the handler, then serves one invocation at a time.

Between invocations the main thread stands still inside one blocking read (Channel.next).
"""
import os
import sys


DEBIAN_PACKAGES = "/usr/lib/python3/dist-packages"  # boto3, also for a Python that is not Debian's: it is the same for all of them


def set_search_path():
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    first = [os.environ["LAMBDA_TASK_ROOT"], f"/opt/python/lib/{version}/site-packages", "/opt/python", "/var/runtime"]
    sys.path[:] = first + [entry for entry in sys.path if entry not in first]
    if DEBIAN_PACKAGES not in sys.path:
        sys.path.append(DEBIAN_PACKAGES)


def main():
    from wick_runtime import botocore_endpoint, log
    from wick_runtime.channel import Channel
    from wick_runtime.errors import error_object
    from wick_runtime.handler import load_handler
    from wick_runtime.invocation import serve

    channel = Channel(3)
    request = log.set_up(channel)
    botocore_endpoint.apply_when_imported()
    try:
        handler = load_handler(os.environ["_HANDLER"])
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
