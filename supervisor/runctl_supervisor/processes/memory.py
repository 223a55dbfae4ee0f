"""Whether the kernel killed something for want of memory while the trainer ran."""

import os

_MACHINE_FILE = "/proc/vmstat"


def protect_from_out_of_memory():
    """Asks the kernel to kill the trainer rather than the process that saves its work; needs root."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("-500")
    except OSError:
        # Not root: the kernel then chooses by size, and the trainer is the bigger one.
        pass


class MemoryKills:
    """Counts what the kernel killed for want of memory since this began, where the trainer or this process lives.

    A trainer may have gone into a control group of its own (`systemd-run --scope`, a batch system), so it is followed.
    """

    def __init__(self):
        self._machine_before = _read_counter(_MACHINE_FILE) or 0
        self._before = {}
        self.follow("self")

    def follow(self, pid):
        """Notes the control group of a living process; of a dead one the kernel may not tell any more."""
        for path in _group_files(pid):
            count = _read_counter(path) if path not in self._before else None
            if count is not None:
                self._before[path] = count

    def count(self):
        now = {path: _read_counter(path) for path in self._before}
        if now and None not in now.values():
            return sum(max(0, now[path] - before) for path, before in self._before.items())
        # No group counts here, or one went with its last process: what the whole machine counts is left.
        return max(0, (_read_counter(_MACHINE_FILE) or 0) - self._machine_before)


def _group_files(pid):
    """Where the kernel counts for the control group of a process: version 2, or version 1."""
    try:
        with open("/proc/%s/cgroup" % pid, encoding="ascii", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            yield os.path.join("/sys/fs/cgroup", group.lstrip("/"), "memory.events")
        elif "memory" in controllers.split(","):
            yield os.path.join("/sys/fs/cgroup/memory", group.lstrip("/"), "memory.oom_control")


def _read_counter(path):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            for line in file:
                name, _, count = line.partition(" ")
                if name == "oom_kill":
                    return int(count)
    except (OSError, ValueError):
        pass
    return None
