"""What the processes of a training use, told apart by what they are to it."""

import os

from .. import limits
from ..texts import first_bytes, printable
from .identity import identity_from_json, is_alive, stat_fields
from .tree import training_processes


def find_roles(paths, report):
    """{pid: role} of the supervisor, the trainer, and what belongs to them."""
    known = {}
    for role in ("supervisor", "trainer"):
        identity = identity_from_json((report or {}).get(role))
        if is_alive(identity):
            known[identity.pid] = role
    others = {identity.pid: "child" for identity in training_processes(paths.checkpoints, set(known))}
    return {**others, **known}


def read_usage(pid):
    """What /proc says that a process uses; None when it has gone."""
    found = stat_fields(pid)
    if found is None or found[1][0] in "ZX":
        return None
    name, fields = found
    return {
        "name": name,
        "state": fields[0],
        "ticks": int(fields[11]) + int(fields[12]),
        "threads": int(fields[17]),
        "startTime": fields[19],
        "memoryBytes": max(0, int(fields[21])) * os.sysconf("SC_PAGE_SIZE"),
    }


def describe(pid, role, before, after, window_seconds):
    """One process as it is shown; percent is of one processor, as `top` counts."""
    tick_seconds = 1.0 / os.sysconf("SC_CLK_TCK")
    used_seconds = max(0, after["ticks"] - before["ticks"]) * tick_seconds
    return {
        "pid": pid,
        "role": role,
        "cpuPercent": round(100.0 * used_seconds / window_seconds, 1),
        "memoryBytes": after["memoryBytes"],
        "ageSeconds": round(max(0.0, _uptime_seconds() - int(after["startTime"]) * tick_seconds)),
        "command": _short(after["name"]),
    }


def describe_details(paths, pid, usage):
    """What is told on top of it when it was asked for."""
    # The folder is the same for all, and would take the room of what differs.
    command = _command_line(pid, usage).replace(os.path.join(paths.code, ""), "")
    return {"state": usage["state"], "threads": usage["threads"], "command": _short(command)}


def _short(text):
    return first_bytes(printable(text).replace("\n", " "), limits.COMMAND_MAX_BYTES)


def _command_line(pid, usage):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            words = file.read(16 * limits.COMMAND_MAX_BYTES).decode("utf-8", "replace").split("\0")
    except OSError:
        words = []
    return " ".join(word for word in words if word) or usage["name"]


def _uptime_seconds():
    with open("/proc/uptime", encoding="ascii") as file:
        return float(file.read().split()[0])
