"""How a process ended, as the kernel tells its parent."""

import os
import signal
from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class ExitStatus:
    """How a process ended; both None when nobody could wait for it."""

    exit_code: Optional[int]
    signal_name: Optional[str]


UNKNOWN_EXIT = ExitStatus(None, None)


def exit_status_of(ended):
    """From what `os.waitid` returns."""
    if ended.si_code == os.CLD_EXITED:
        return ExitStatus(ended.si_status, None)
    try:
        return ExitStatus(None, signal.Signals(ended.si_status).name)
    except ValueError:
        return ExitStatus(None, "SIG%d" % ended.si_status)
