"""Reads TOML with whatever Python has for it: the standard library from 3.11 on, before that the copy inside pip."""

import importlib
import os
import sys

_MODULES = ("tomllib", "tomli", "pip._vendor.tomli")


class TomlUnreadable(Exception):
    """The text is no TOML, or nothing here can read it."""


def parse_toml(text):
    """The document as a dict."""
    module = _reader()
    if module is None:
        raise TomlUnreadable("reading TOML needs Python 3.11, or pip, on the instance")
    try:
        return module.loads(text)
    except ValueError as error:
        raise TomlUnreadable(str(error)) from error


def _reader():
    for name in _MODULES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    # A Python without pip has it packed, for the virtual environments to come.
    for wheel in _bundled_wheels():
        sys.path.append(wheel)
        try:
            return importlib.import_module("pip._vendor.tomli")
        except ImportError:
            continue
        finally:
            sys.path.remove(wheel)
    return None


def _bundled_wheels():
    import sysconfig

    try:
        import ensurepip
    except ImportError:
        return
    folders = [os.path.join(os.path.dirname(ensurepip.__file__), "_bundled"), sysconfig.get_config_var("WHEEL_PKG_DIR")]
    for folder in folders:
        for name in sorted(os.listdir(folder)) if folder and os.path.isdir(folder) else []:
            if name.startswith("pip-") and name.endswith(".whl"):
                yield os.path.join(folder, name)
