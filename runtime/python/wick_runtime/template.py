"""The template's way through init (runtime/README.md, docs/decisions/021-templates.md): where a boot would go on, it parks, and what goes
on is each fork of it. Only imported in templates.
"""
import ctypes
import gc
import importlib
import json
import os
import sys
import time

from . import log
from .leftovers import Leftovers
from .warm_up import warm_up

CONTROL = 4
ENVIRONMENT_MAX = 8192  # bytes, native/wick_fork.h
LIBRARY = os.path.join(os.path.dirname(os.path.dirname(__file__)), "wick_fork.so")


def _set_environment(text):
    """Sets what differs. Entries of text are ended by zero bytes."""
    before = os.environ.get("TZ")
    for entry in text.split(b"\0"):
        name, separator, value = entry.partition(b"=")
        if separator and os.environb.get(name) != value:
            os.environb[name] = value
    if os.environ.get("TZ") != before:
        time.tzset()


def _park(channel):
    """Returns in each fork."""
    native = ctypes.PyDLL(LIBRARY)
    environment = ctypes.create_string_buffer(ENVIRONMENT_MAX)
    warm_up()
    native.wick_copy_files_on_fork()
    warm_up(1)
    # What init has made is not looked at again by the collector, so that it stays shared with the other forks.
    gc.collect()
    gc.freeze()
    log.flush()
    channel.ready(b'{"forkable":true}')
    ctypes.pythonapi.PyOS_BeforeFork()
    waits = native.wick_park(CONTROL)
    ctypes.pythonapi.PyOS_AfterFork_Child()
    if waits:
        warm_up(1)  # memory becomes the fork's own by this, before there is any hurry
    size = native.wick_adopt(environment)
    channel.renew()
    _set_environment(environment.raw[:size])


def _hooks(name):
    """What the function has registered, if it has: with its own copy of the module maybe."""
    module = sys.modules.get("snapshot_restore_py")
    return getattr(module, name)() if module else []


def _run(hooks):
    for func, args, kwargs in hooks:
        func(*args, **kwargs)


class VersionTemplate:
    """Of one function version, forked when its handler is loaded."""

    def __init__(self, channel):
        self._channel = channel
        self._leftovers = Leftovers()

    def before_init(self):
        pass

    def after_init(self):
        _run(reversed(_hooks("get_before_snapshot")))
        reason = self._leftovers.find()
        if reason:
            self._channel.ready(json.dumps({"forkable": False, "reason": reason}).encode())
            os._exit(0)  # threads are not waited for
        _park(self._channel)
        _run(_hooks("get_after_restore"))


class RuntimeTemplate:
    """Of a runtime, forked before there is any code of a function."""

    def __init__(self, channel):
        self._channel = channel

    def before_init(self):
        _park(self._channel)
        importlib.invalidate_caches()  # the folders of the function are others

    def after_init(self):
        pass


def begin(kind, channel):
    """To be called before any code of the function is loaded."""
    return VersionTemplate(channel) if kind == "version" else RuntimeTemplate(channel)
