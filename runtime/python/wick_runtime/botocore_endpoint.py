"""Lets a botocore that does not know AWS_ENDPOINT_URL (before 1.31, as in Debian 12) reach Wick with nothing configured.

The module is patched when the function imports it; a function that does not use botocore pays nothing.
"""
import importlib.abc
import importlib.util
import os
import sys

MODULE = "botocore.session"
FIRST_WITH_ENDPOINT_VARIABLES = (1, 31)


def _endpoint_of(service_name):
    name = service_name.replace("-", "_").replace(" ", "_").upper()
    return os.environ.get(f"AWS_ENDPOINT_URL_{name}") or os.environ.get("AWS_ENDPOINT_URL")


def _patch(module):
    version = sys.modules["botocore"].__version__.split(".")
    if tuple(int(part) for part in version[:2]) >= FIRST_WITH_ENDPOINT_VARIABLES:
        return
    create_client = module.Session.create_client

    def create_client_with_endpoint(self, service_name, *args, **options):
        # endpoint_url is the sixth positional parameter, which no one passes by place.
        if len(args) < 5 and options.get("endpoint_url") is None:
            options["endpoint_url"] = _endpoint_of(service_name)
        return create_client(self, service_name, *args, **options)

    module.Session.create_client = create_client_with_endpoint


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            load = spec.loader.exec_module

            def load_and_patch(module):
                load(module)
                _patch(module)

            spec.loader.exec_module = load_and_patch
        return spec


def apply_when_imported():
    if os.environ.get("AWS_ENDPOINT_URL"):
        sys.meta_path.insert(0, _Finder())
