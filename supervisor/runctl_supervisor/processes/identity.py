"""A pid is an identity, not a number: pid, start time and boot id. Nobody here signals a pid that differs in any."""

import os
import signal
from collections import namedtuple

ProcessIdentity = namedtuple("ProcessIdentity", "pid start_time boot_id")
ProcessStat = namedtuple("ProcessStat", "state parent_pid session start_time")

_DEFAULT_BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id"


def boot_id():
    path = os.environ.get("RUNCTL_BOOT_ID_FILE") or _DEFAULT_BOOT_ID_FILE
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read().strip()


def stat_fields(pid):
    """(name, fields from the third on) of what /proc says about a process; None when there is none.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            text = file.read().decode("utf-8", "replace")
    except (OSError, OverflowError):
        return None
    # The name is in parentheses and may hold anything, also parentheses: fields are counted after the last one.
    end = text.rfind(")")
    return text[text.find("(") + 1 : end], text[end + 2 :].split()


def read_stat(pid):
    """Who a process is and whether it lives; None when there is none."""
    found = stat_fields(pid)
    if found is None:
        return None
    fields = found[1]
    return ProcessStat(fields[0], int(fields[1]), int(fields[3]), fields[19])


def identity_of(pid):
    """The identity of a process that exists now, or None."""
    stat = read_stat(pid)
    return ProcessIdentity(pid, stat.start_time, boot_id()) if stat else None


def is_alive(identity):
    """Whether that very process lives; a zombie has ended."""
    if identity is None or identity.boot_id != boot_id():
        return False
    stat = read_stat(identity.pid)
    return stat is not None and stat.start_time == identity.start_time and stat.state not in "ZX"


def send_signal(identity, signal_number):
    """Signals that very process; False when it is gone. A pidfd rules out that the number changes hands in between."""
    try:
        descriptor = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return False
    except (AttributeError, OSError):
        return _send_without_pidfd(identity, signal_number)
    try:
        if not is_alive(identity):
            return False
        signal.pidfd_send_signal(descriptor, signal_number)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)


def _send_without_pidfd(identity, signal_number):
    # Kernels before 5.3: the check and the signal are microseconds apart, and pids are not reused that fast.
    if not is_alive(identity):
        return False
    try:
        os.kill(identity.pid, signal_number)
        return True
    except ProcessLookupError:
        return False


def started_at_seconds(identity):
    """When the process began, in seconds since the epoch."""
    import time

    with open("/proc/uptime", encoding="ascii") as file:
        uptime_seconds = float(file.read().split()[0])
    age_seconds = uptime_seconds - int(identity.start_time) / os.sysconf("SC_CLK_TCK")
    return time.time() - age_seconds


def identity_to_json(identity):
    if identity is None:
        return None
    return {"pid": identity.pid, "startTime": identity.start_time, "bootId": identity.boot_id}


def identity_from_json(value):
    """The identity, or None for anything that is none."""
    if not isinstance(value, dict):
        return None
    pid, start_time, boot = value.get("pid"), value.get("startTime"), value.get("bootId")
    if not isinstance(pid, int) or isinstance(pid, bool) or pid <= 0 or not start_time or not boot:
        return None
    return ProcessIdentity(pid, str(start_time), str(boot))
