"""Python packages that are made here, so that no test needs a package index; and a machine with the tools it should have."""

import importlib.util
import io
import os
import shutil
import sys
import zipfile


def wheel(name, version):
    """A wheel whose one module is `NAME.py` with `VERSION`."""
    folder = "%s-%s.dist-info" % (name, version)
    files = {
        "%s.py" % name: "VERSION = %r\n" % version,
        folder + "/METADATA": "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version),
        folder + "/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[folder + "/RECORD"] = "".join("%s,,\n" % path for path in [*files, folder + "/RECORD"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def wheel_name(name, version):
    return "%s-%s-py3-none-any.whl" % (name, version)


def can_install():
    """Whether this Python can make an environment that has packages."""
    return any(importlib.util.find_spec(name) is not None for name in ("pip", "ensurepip"))


def find_uv():
    """A real uv of this machine; None without one."""
    return shutil.which("uv") or shutil.which("uv", path=os.path.expanduser("~/.local/bin"))


def give_tools(instance, uv=None):
    """Lets the instance have this Python as its `python3`, and uv or not, whatever this machine has."""
    tools = os.path.join(instance.root, "tools")
    os.mkdir(tools)
    os.symlink(os.path.realpath(sys.executable), os.path.join(tools, "python3"))
    if uv is not None:
        os.symlink(uv, os.path.join(tools, "uv"))
    instance.environment["HOME"] = instance.root
    instance.environment["UV_CACHE_DIR"] = os.path.join(instance.root, "uv-cache")
    instance.environment["PATH"] = os.pathsep.join([tools, os.path.join(instance.root, "bin"), "/usr/bin", "/bin"])
