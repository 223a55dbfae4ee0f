"""Finds and ends every process that belongs to a training, wherever in the process tree it has gone.

A trainer's children may leave its process group (setsid) and its ancestry (double fork). While the supervisor lives, it
is their sub-reaper, so they stay its descendants; once it was killed, they are still told by the environment they
inherited, which names this training's own folder.
"""

import os
import signal
import time

from ..limits import KILL_ROUND_SECONDS, KILL_ROUNDS_MAX_COUNT
from .identity import ProcessIdentity, boot_id, read_stat, send_signal


def training_processes(checkpoint_directory, ancestors):
    """Identities of all living processes that descend from one of the pids, or carry the training's environment."""
    stats = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = read_stat(int(name))
            if stat is not None and stat.state not in "ZX":
                stats[int(name)] = stat
    marker = b"RUNCTL_CHECKPOINT_DIR=" + os.fsencode(checkpoint_directory)
    boot = boot_id()
    return [
        ProcessIdentity(pid, stat.start_time, boot)
        for pid, stat in stats.items()
        if pid != os.getpid() and (_descends(pid, stats, ancestors) or _has_environment(pid, marker))
    ]


def kill_all(find_processes):
    """Kills what `find_processes` finds until it finds nothing; False when something outlives all rounds."""
    for _ in range(KILL_ROUNDS_MAX_COUNT):
        processes = find_processes()
        if not processes:
            return True
        for process in processes:
            send_signal(process, signal.SIGKILL)
        time.sleep(KILL_ROUND_SECONDS)
    return False


def _descends(pid, stats, ancestors):
    # Parents are followed at most once each: a table read while processes come and go could hold a circle.
    seen = set()
    while pid in stats and pid not in seen:
        seen.add(pid)
        pid = stats[pid].parent_pid
        if pid in ancestors:
            return True
    return False


def _has_environment(pid, marker):
    try:
        with open("/proc/%d/environ" % pid, "rb") as file:
            return marker in file.read().split(b"\0")
    except OSError:
        # Not ours to read, or gone by now.
        return False
