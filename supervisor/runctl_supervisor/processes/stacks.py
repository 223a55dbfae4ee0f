"""Writes into the trainer's log what each of its processes does now, without harming any of them.

For every process: its threads, their states, and where in the kernel they wait. Python processes add their own stacks:
a `sitecustomize` of ours, put before all others on PYTHONPATH, has registered faulthandler for a signal that nothing
else uses (docs/decisions/0009-stacks-of-a-hung-trainer.md).
"""

import os
import time

from .. import limits
from ..journal import log
from ..texts import printable
from .identity import send_signal

# A real-time signal: nothing but a program that asked for it by number gets it, and it has no other meaning.
STACKS_SIGNAL = 50
# What faulthandler writes once for each process.
_ONE_PER_PROCESS = b"Current thread 0x"

# Runs in every Python process of the training, before the script: it must not fail and not be seen.
SITECUSTOMIZE = '''"""runctl: lets the supervisor see the stacks of a hung training; then runs the sitecustomize it stands before."""
import os
import sys

try:
    import faulthandler

    faulthandler.register(%d, file=2, all_threads=True)
except Exception:
    pass

_this = sys.modules.pop(__name__)
_folder = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [_path for _path in sys.path if os.path.abspath(_path or ".") != _folder]
try:
    import sitecustomize
except ImportError as _error:
    if _error.name != "sitecustomize":
        raise
finally:
    sys.modules.setdefault(__name__, _this)
''' % STACKS_SIGNAL


def write_sitecustomize(folder):
    """Puts the file where PYTHONPATH will point to."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "sitecustomize.py"), "w", encoding="ascii") as file:
        file.write(SITECUSTOMIZE)


class StackDump:
    """One dump: asked for when it is made, complete once every process has answered or had its time."""

    def __init__(self, training_log, headline, processes):
        self._log_path = training_log.path
        lines = [headline, *(line for each in processes for line in _describe(each.pid))]
        training_log.append_own(*map(printable, lines))
        self._offset = os.path.getsize(self._log_path)
        self._ends_at = time.monotonic() + limits.STACKS_SECONDS
        self._asked_count = sum(1 for each in processes if _listens(each.pid) and send_signal(each, STACKS_SIGNAL))
        log("asked %d of %d processes for their stacks" % (self._asked_count, len(processes)))

    def is_complete(self):
        if time.monotonic() >= self._ends_at:
            return True
        try:
            with open(self._log_path, "rb") as file:
                file.seek(self._offset)
                return file.read(limits.STACKS_MAX_BYTES).count(_ONE_PER_PROCESS) >= self._asked_count
        except OSError:
            return False


def _listens(pid):
    """Whether the process handles the signal; in any other it would be deadly."""
    caught = _status(pid).get("SigCgt", "0")
    return int(caught, 16) >> (STACKS_SIGNAL - 1) & 1 == 1


def _describe(pid):
    command = _read("/proc/%d/cmdline" % pid).replace("\0", " ").strip()
    yield "process %d: %s" % (pid, command[: limits.COMMAND_MAX_CHARACTERS])
    try:
        threads = sorted(os.listdir("/proc/%d/task" % pid), key=int)
    except OSError:
        return
    for thread in threads[: limits.STACKS_THREADS_MAX_COUNT]:
        task = "%d/task/%s" % (pid, thread)
        status = _status(task)
        wait = _read("/proc/%s/wchan" % task).strip()
        where = "" if wait in ("", "0") else " in %s" % wait
        yield "  thread %s %s: %s%s" % (thread, status.get("Name", "?"), status.get("State", "?"), where)
        # Readable by root only, and not on every kernel.
        for frame in _read("/proc/%s/stack" % task).splitlines()[: limits.KERNEL_FRAMES_MAX_COUNT]:
            yield "    %s" % frame.partition("] ")[2]


def _status(task):
    lines = _read("/proc/%s/status" % task).splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(limits.STACKS_MAX_BYTES)
    except OSError:
        return ""
