"""Virtual environments with what scripts need. They stay on the instance, so that a later attempt finds its own ready.

Each sees the packages of the image (`--system-site-packages`): a machine-learning image brings gigabytes of them.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

from .. import limits
from ..files import remove, write_json
from ..preparation_failure import PreparationFailure
from .python_versions import is_python_accepted

_COMPLETE = "runctl-complete.json"
_FACTS = """
import importlib.util, json, site, sys
print(json.dumps({
    "executable": sys.executable,
    "version": sys.version,
    "numbers": sys.version_info[:3],
    "isVirtual": sys.prefix != sys.base_prefix,
    "prefix": sys.prefix,
    "packages": site.getsitepackages(),
    "hasPip": importlib.util.find_spec("pip") is not None,
    "hasEnsurepip": importlib.util.find_spec("ensurepip") is not None,
}))
"""


def prepare_environment(root, declaration, code_sha256, installer, environment):
    """The folder of the environment in which the declaration is installed. Raises PreparationFailure."""
    python = _python_facts(environment)
    required = declaration.requires_python
    if required is not None and not is_python_accepted(required, tuple(python["numbers"])):
        found = ".".join(str(number) for number in python["numbers"])
        message = "%s needs Python %s; python3 on the instance is %s" % (declaration.source, required, found)
        raise PreparationFailure("dependencies-failed", message)
    if not declaration.requirements and declaration.kind == "script":
        return None
    tool = _UvTool(environment) if _find_uv(environment) else _PipTool()
    key = _key(declaration, code_sha256, python, tool.name)
    folder = os.path.join(root, key)
    _prune(root, key)
    what = "what %s names" % declaration.source
    began = time.monotonic()
    if os.path.exists(os.path.join(folder, _COMPLETE)):
        installer.tell("%s is installed already" % what)
    else:
        installer.tell("installing %s with %s" % (what, tool.name))
        if declaration.has_lock and tool.name != "uv":
            installer.tell("uv.lock is not used: there is no uv on this instance")
        os.makedirs(root, exist_ok=True)
        tool.make(folder, python, installer)
        _show_packages_of(python, folder)
        tool.install(folder, declaration, installer)
    # The project itself is always this attempt's, whatever an earlier one has left.
    if declaration.installs_project:
        tool.install_project(folder, declaration, installer)
    write_json(os.path.join(folder, _COMPLETE), {"source": declaration.source, "tool": tool.name})
    installer.tell("installed in %.1f s" % (time.monotonic() - began))
    return folder


class _UvTool:
    name = "uv"

    def __init__(self, environment):
        self._uv = _find_uv(environment)

    def make(self, folder, python, installer):
        command = [self._uv, "venv", "--quiet", "--system-site-packages", "--python", python["executable"], folder]
        installer.run(command, "/", "uv venv")

    def install(self, folder, declaration, installer):
        if declaration.has_lock or declaration.is_dynamic:
            # Done together with the project.
            if not declaration.installs_project:
                self._sync(folder, declaration, installer)
            return
        arguments = _requirement_arguments(folder, declaration, declaration.has_uv_settings)
        self._run(folder, declaration, installer, arguments)

    def install_project(self, folder, declaration, installer):
        if declaration.has_lock:
            self._sync(folder, declaration, installer)
        else:
            self._run(folder, declaration, installer, _project_arguments(declaration))

    def _sync(self, folder, declaration, installer):
        command = [self._uv, "sync", "--locked", "--no-dev", "--python", _python_of(folder)]
        installer.run(command, declaration.folder, "uv sync", UV_PROJECT_ENVIRONMENT=folder)

    def _run(self, folder, declaration, installer, arguments):
        command = [self._uv, "pip", "install", "--python", _python_of(folder), *arguments]
        installer.run(command, declaration.folder, "uv pip install")


class _PipTool:
    name = "pip"

    def make(self, folder, python, installer):
        # The pip of the image is seen from inside, and Debian packs Pythons that cannot make a new one.
        pip = ["--without-pip"] if python["hasPip"] else []
        if not python["hasPip"] and not python["hasEnsurepip"]:
            raise PreparationFailure(
                "dependencies-failed",
                "%s has neither pip nor ensurepip; install python3-pip or uv on the machine image" % python["executable"],
            )
        command = [python["executable"], "-I", "-m", "venv", "--system-site-packages", *pip, folder]
        installer.run(command, "/", "python3 -m venv")

    def install(self, folder, declaration, installer):
        if not declaration.is_dynamic:
            self._run(folder, declaration, installer, _requirement_arguments(folder, declaration, False))

    def install_project(self, folder, declaration, installer):
        self._run(folder, declaration, installer, _project_arguments(declaration))

    def _run(self, folder, declaration, installer, arguments):
        command = [_python_of(folder), "-m", "pip", "install", *arguments]
        installer.run(command, declaration.folder, "pip install")


def _requirement_arguments(folder, declaration, reads_settings):
    """`-r FILE`: the user's own where the tool can read it, else a list of what it names."""
    if declaration.kind == "requirements" or reads_settings:
        return ["-r", os.path.join(declaration.folder, os.path.basename(declaration.source))]
    path = os.path.join(folder, "runctl-requirements.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(each.replace("\n", " ") + "\n" for each in declaration.requirements))
    return ["-r", path]


def _project_arguments(declaration):
    # Editable, as on the desk of its author: it finds files that lie beside its modules.
    return [*([] if declaration.is_dynamic else ["--no-deps"]), "-e", "."]


def _python_facts(environment):
    python = shutil.which("python3", path=environment.get("PATH")) or sys.executable
    try:
        # Isolated, so that no variable and no file beside it can change what it says.
        output = subprocess.run(
            [python, "-I", "-c", _FACTS],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
            timeout=limits.PYTHON_FACTS_SECONDS,
        ).stdout
        return json.loads(output)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise PreparationFailure("dependencies-failed", "%s does not run: %s" % (python, error)) from error


def _find_uv(environment):
    """SSM's PATH has no home in it, but uv's own installer puts it there."""
    home = os.path.join(environment.get("HOME") or "/root", ".local", "bin")
    return shutil.which("uv", path=os.pathsep.join([environment.get("PATH") or "", home]))


def _show_packages_of(python, folder):
    """An image whose python3 lives in a virtual environment: its packages are to be seen from the new one, too."""
    if not python["isVirtual"]:
        return
    major, minor = python["numbers"][:2]
    packages = os.path.join(folder, "lib", "python%d.%d" % (major, minor), "site-packages")
    with open(os.path.join(packages, "runctl-image.pth"), "w", encoding="utf-8") as file:
        file.writelines("import site; site.addsitedir(%r)\n" % path for path in python["packages"])


def _key(declaration, code_sha256, python, tool):
    parts = [declaration.kind, declaration.texts, declaration.requirements, python["version"], python["prefix"], tool]
    if declaration.points_into_code:
        parts.append(code_sha256)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _prune(root, kept):
    """Removes what is half-made, and the environments that were not used for longest."""
    used_at = {}
    for name in os.listdir(root) if os.path.isdir(root) else []:
        try:
            used_at[name] = os.stat(os.path.join(root, name, _COMPLETE)).st_mtime
        except OSError:
            remove(os.path.join(root, name))
    others = sorted((name for name in used_at if name != kept), key=lambda name: used_at[name], reverse=True)
    for name in others[limits.ENVIRONMENTS_MAX_COUNT - 1 :]:
        remove(os.path.join(root, name))


def _python_of(folder):
    return os.path.join(folder, "bin", "python")
