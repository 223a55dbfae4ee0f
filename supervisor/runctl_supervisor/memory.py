"""Whether the kernel killed something for want of memory while the trainer ran."""

import os


def protect_from_out_of_memory():
    """Asks the kernel to kill the trainer rather than the process that saves its work; needs root."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("-500")
    except OSError:
        # Not root: the kernel then chooses by size, and the trainer is the bigger one.
        pass


def out_of_memory_kills():
    """How often it happened so far: in our control group where it counts that, else on the whole machine."""
    for path in _candidate_files():
        count = _read_counter(path)
        if count is not None:
            return count
    return 0


def _candidate_files():
    try:
        with open("/proc/self/cgroup", encoding="ascii", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            yield os.path.join("/sys/fs/cgroup", group.lstrip("/"), "memory.events")
        elif "memory" in controllers.split(","):
            yield os.path.join("/sys/fs/cgroup/memory", group.lstrip("/"), "memory.oom_control")
    yield "/proc/vmstat"


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
