"""Finding and ending everything that a process ever forked (Linux: reads /proc)."""

import ctypes
import errno
import os
import signal
import time

PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>

# A killed process is gone within microseconds unless it hangs in a device driver; ten seconds are then enough to say so.
END_ROUNDS = 2000
END_ROUND_SECONDS = 0.005


def become_subreaper():
    """Makes orphans below this process its own children, however often they forked or called setsid."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def descendants(root):
    """Returns the pids below `root`, without zombies."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as stat:
                # The command's name may hold blanks and brackets, so fields are counted after its last bracket.
                fields = stat.read().rpartition(b")")[2].split()
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESRCH):
                continue
            raise
        children.setdefault(int(fields[1]), []).append((int(name), fields[0]))
    found, waiting = [], [root]
    while waiting:
        for pid, state in children.get(waiting.pop(), []):
            waiting.append(pid)
            if state not in (b"Z", b"X"):
                found.append(pid)
    return found


def send(pid, number):
    """Sends a signal; a process that is gone already is no error."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def reap():
    """Collects every child that has ended: {pid: wait status}."""
    ended = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def end_all(root):
    """Kills everything below `root` until nothing is left. Returns whether it succeeded."""
    for _ in range(END_ROUNDS):
        pids = descendants(root)
        reap()
        if not pids:
            return True
        # Stopped first, so that none can fork while the others are being killed.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                send(pid, number)
        reap()
        time.sleep(END_ROUND_SECONDS)
    return False


def reset_signals():
    """Gives a program the signal dispositions it expects: Python and the guard ignore some."""
    for number in (signal.SIGPIPE, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
