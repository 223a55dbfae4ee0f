"""Writes into the trainer's log what each of its processes does now, without harming any of them.

For every process: its threads, their states, and where in the kernel they wait. Python processes add their own stacks:
a `sitecustomize` of ours, put before all others on PYTHONPATH, has registered faulthandler for a signal that nothing
else uses (docs/decisions/0009-stacks-of-a-hung-trainer.md).
"""

import os
import threading
import time

from .. import limits
from ..journal import log
from ..texts import printable
from .identity import send_signal

# A real-time signal: nothing but a program that asked for it by number gets it, and it has no other meaning.
STACKS_SIGNAL = 50

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


class StackDump(threading.Thread):
    """One dump, under way from its making on; complete once every process has answered or had its time.

    One process after the other: two that write at the same time would write into each other's lines.
    """

    def __init__(self, training_log, headline, processes):
        super().__init__(name="stacks", daemon=True)
        self._log_path = training_log.path
        self._processes = processes
        lines = [headline, *(line for each in processes for line in _describe(each.pid))]
        training_log.append_own(*map(printable, lines))
        self.start()

    def run(self):
        ends_at = time.monotonic() + limits.STACKS_SECONDS
        answered = [self._ask(each, ends_at) for each in self._processes]
        log("%d of %d processes told their stacks" % (sum(answered), len(answered)))

    def is_complete(self):
        return not self.is_alive()

    def _ask(self, process, ends_at):
        """Whether the process has told its stacks, and all of them."""
        ends_at = min(ends_at, time.monotonic() + limits.STACKS_OF_ONE_SECONDS)
        before = _size_of(self._log_path)
        if not _listens(process.pid) or not send_signal(process, STACKS_SIGNAL):
            return False
        seen = before
        while time.monotonic() < ends_at:
            time.sleep(limits.STACKS_SETTLED_SECONDS)
            size = _size_of(self._log_path)
            if size == seen and size > before:
                return True
            seen = size
        return False


def _size_of(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


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
