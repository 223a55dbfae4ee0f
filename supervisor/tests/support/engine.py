"""A real container engine for the tests: the one that DOCKER_HOST names, or one of their own where this machine can."""

import atexit
import contextlib
import ctypes
import functools
import os
import subprocess
import sys
import tempfile
import threading
import unittest

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_PROGRAM = os.path.join(_FOLDER, "..", "..", "..", "test", "support", "container-engine.sh")
_LOCK = threading.Lock()
_CANNOT_START = set()


class TestEngine:
    """An engine with an image that has this machine's python3 and sh."""

    def __init__(self, address):
        self.address = address
        self.folder = address[len("unix://") : -len("/docker.sock")]
        self.image = "runctl-test-%d" % os.getpid()
        self._run([_PROGRAM, "image", self.image])

    def docker(self, *arguments):
        """What the docker CLI prints; the tests look with other eyes than the supervisor."""
        return self._run(["docker", *arguments]).strip()

    def can(self, *arguments):
        """Whether the docker CLI succeeds."""
        return self._call(["docker", *arguments]).returncode == 0

    @property
    def pid(self):
        with open(os.path.join(self.folder, "docker.pid"), encoding="ascii") as file:
            return int(file.read())

    def start_again(self):
        """Of an engine that has been ended by whoever: the same containers and images."""
        self._run([_PROGRAM, "start", self.folder])

    def names(self, training_folder):
        """The containers that were made for a folder, running or not."""
        label = "label=runctl.training=" + training_folder
        return self.docker("ps", "--all", "--format", "{{.Names}}", "--filter", label).split()

    def inspect(self, name, form):
        return self.docker("inspect", "--format", form, name)

    def _run(self, command):
        done = self._call(command)
        if done.returncode != 0:
            raise AssertionError("%s: %s" % (" ".join(command), done.stderr.decode("utf-8", "replace")))
        return done.stdout.decode()

    def _call(self, command):
        environment = {**os.environ, "DOCKER_HOST": self.address}
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def engine():
    """The engine of all tests; skips the test, and says so, where there is none."""
    with _LOCK:
        return _shared(os.environ.get("DOCKER_HOST"))


def engine_apart():
    """One in a network namespace of its own, with a bridge network, as an instance has it."""
    with _LOCK:
        return _own("start-apart")


def engine_to_end():
    """One that a test may end; nobody else uses it."""
    with _LOCK:
        return _own("start")


@contextlib.contextmanager
def network_of(pid):
    """This thread, in the network namespace of another process: sockets that it makes stay there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/task/%d/ns/net" % threading.get_native_id(), "rb") as own:
        with open("/proc/%d/ns/net" % pid, "rb") as other:
            _enter(libc, other)
        try:
            yield
        finally:
            _enter(libc, own)


def _enter(libc, namespace):
    if libc.setns(namespace.fileno(), 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@functools.lru_cache(maxsize=None)
def _shared(address):
    if address is None:
        return TestEngine(_start("start"))
    shared = TestEngine(address)
    atexit.register(shared.docker, "image", "rm", "--force", shared.image)
    return shared


@functools.lru_cache(maxsize=None)
def _own(how):
    return TestEngine(_start(how))


def _start(how):
    """The address of a new engine, which ends with this process."""
    if how in _CANNOT_START:
        raise unittest.SkipTest("no container engine")
    folder = tempfile.mkdtemp(prefix="runctl-engine-")
    done = subprocess.run([_PROGRAM, how, folder], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode == 0:
        atexit.register(subprocess.run, [_PROGRAM, "stop", folder], check=False)
        return done.stdout.decode().strip()
    said = done.stderr.decode("utf-8", "replace").strip()
    # A bridge network asks more of a kernel than an engine without one does.
    if how == "start" and os.environ.get("RUNCTL_TEST_ENGINE") == "required":
        raise AssertionError("a container engine is required here: " + said)
    _CANNOT_START.add(how)
    stars = "*" * 72
    told = "SKIPPED for want of a container engine: tests of containers."
    sys.stderr.write("\n%s\n%s\n%s\n%s\n" % (stars, told, said, stars))
    raise unittest.SkipTest("no container engine")
