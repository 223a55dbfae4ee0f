"""The trainer's process: started behind a gate, waited for by its own supervisor, or adopted from a dead one."""

import ctypes
import os
import signal
import subprocess
import time

from .. import limits
from .exit_status import UNKNOWN_EXIT, exit_status_of
from .identity import identity_of, is_alive, read_stat, send_signal, started_at_seconds
from .shells import is_shell
from .witness import read_witnessed_end

_PR_SET_CHILD_SUBREAPER = 36

# The trainer's process waits here until training.pid names it. A supervisor that dies before that closes the pipe,
# and then nothing starts: a signal ends the process, since an exit code would be taken for the script's. The supervisor
# is hard to kill for want of memory; the trainer must not inherit that.
_GATE = """read -r go || kill -KILL $$
{ echo 0 >/proc/self/oom_score_adj; } 2>/dev/null
exec "$@" </dev/null
"""


def become_subreaper():
    """Orphans of the trainer become children of this process.

    https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start_trainer(command, directory, environment, log_path, before_first_instruction):
    """Starts the command in a session of its own; `before_first_instruction(identity)` runs before it begins."""
    with open(log_path, "ab") as log:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _GATE, "trainer", *command],
            cwd=directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    identity = identity_of(process.pid)
    try:
        before_first_instruction(identity)
        process.stdin.write(b"go\n")
    finally:
        process.stdin.close()
    return OwnedTrainer(process, identity)


class OwnedTrainer:
    """A child of this supervisor: its exit status is seen, and its pid is not reused before `reap`."""

    def __init__(self, process, identity):
        # Kept for as long as the child is not reaped: Popen would reap it behind our back otherwise.
        self._process = process
        self._exit_status = None
        self.identity = identity
        self.ancestor_pids = (identity.pid,)
        self.warning = None
        # Known to be now, since it is looked at all the time.
        self.ended_at_seconds = None
        self.was_shell = False
        self.was_out_of_memory = False

    def started_at_seconds(self):
        return started_at_seconds(self.identity)

    def poll(self):
        """The exit status once it has ended, None before. Leaves the zombie, which keeps pid and group ours."""
        if self._exit_status is None:
            ended = os.waitid(os.P_PID, self.identity.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None:
                self._exit_status = exit_status_of(ended)
        return self._exit_status

    def signal(self, signal_number):
        """Signals the trainer alone, or with its group when it is a shell, which would not pass the signal on."""
        if self.poll() is not None:
            return
        self.was_shell = _is_shell(self.identity)
        if self.was_shell:
            os.killpg(self.identity.pid, signal_number)
        else:
            os.kill(self.identity.pid, signal_number)

    def kill_group(self):
        """Kills whatever is left of the process group; harmless after its end, until `reap`."""
        try:
            os.killpg(self.identity.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            # A group of nothing but zombies.
            pass

    def reap(self):
        self._process.wait()


class AdoptedTrainer:
    """A trainer whose supervisor died. That one's witness is its parent now; if that was killed too, its end is not seen."""

    def __init__(self, identity, witnessed_end_path):
        self.identity = identity
        self._witnessed_end_path = witnessed_end_path
        self._zombie_since = None
        self.ancestor_pids = (identity.pid,)
        self.warning = "The supervisor was killed, and another one has taken the trainer up again."
        self.ended_at_seconds = None
        self.was_shell = False
        self.was_out_of_memory = False

    def started_at_seconds(self):
        return started_at_seconds(self.identity)

    def environment_values(self, names):
        """What it was given under these names, by a supervisor that is dead."""
        return _environment_values(self.identity.pid, names)

    def poll(self):
        if is_alive(self.identity) or self._is_about_to_be_witnessed():
            return None
        return read_witnessed_end(self._witnessed_end_path, self.identity) or UNKNOWN_EXIT

    def _is_about_to_be_witnessed(self):
        """It has ended and its parent has not said how; not for ever, since the parent may be anybody."""
        if self.identity is None or identity_of(self.identity.pid) != self.identity:
            return False
        now = time.monotonic()
        self._zombie_since = self._zombie_since or now
        return now - self._zombie_since < limits.WITNESS_SECONDS

    def signal(self, signal_number):
        self.was_shell = _is_shell(self.identity)
        if self.was_shell and is_alive(self.identity):
            os.killpg(self.identity.pid, signal_number)
        else:
            send_signal(self.identity, signal_number)

    def kill_group(self):
        if is_alive(self.identity):
            os.killpg(self.identity.pid, signal.SIGKILL)

    def reap(self):
        """Its parent has done it."""


def reap_orphans(trainer):
    """Collects what was reparented to this process, but never the trainer itself."""
    # As many as a training can leave in one tick; the rest is collected in the next.
    for _ in range(1000):
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or (trainer is not None and ended.si_pid in trainer.ancestor_pids):
            return
        os.waitpid(ended.si_pid, os.WNOHANG)


def is_group_alive(identity):
    """Whether anything of the trainer's session still runs."""
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != identity.pid:
            stat = read_stat(int(name))
            if stat is not None and stat.session == identity.pid and stat.state not in "ZX":
                return True
    return False


def _environment_values(pid, names):
    """The values of these variables in the environment that a living process was started with."""
    try:
        with open("/proc/%d/environ" % pid, "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return []
    wanted = [os.fsencode(name) + b"=" for name in names]
    return [
        os.fsdecode(entry[len(start) :]) for entry in entries for start in wanted if entry.startswith(start)
    ]


def _is_shell(identity):
    # Not the process name: a script that begins with #! is named after itself.
    try:
        return is_shell(os.readlink("/proc/%d/exe" % identity.pid))
    except OSError:
        return False
