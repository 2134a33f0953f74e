"""AWS's module of this name: what a function wants done before its process becomes a template, and in each fork of it.

The former run in the reverse order of registration, the latter in the order. Both functions are decorators as well.
"""
_before = []
_after = []


def register_before_snapshot(func, *args, **kwargs):
    _before.append((func, args, kwargs))
    return func


def register_after_restore(func, *args, **kwargs):
    _after.append((func, args, kwargs))
    return func


def get_before_snapshot():
    """In the order of registration."""
    return _before


def get_after_restore():
    return _after
