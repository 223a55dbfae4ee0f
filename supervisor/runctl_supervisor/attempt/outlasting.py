"""After the end: while nobody has taken the instance back, its lease still has to end it, so that money cannot leak."""

import os
import subprocess
import time

from .. import limits
from ..journal import log
from ..processes.process_trainer import reap_orphans


def outlast(paths, request, lookout, report, waker):
    """Returns when somebody has cleaned up or the machine goes down; shuts it down once nobody renews the lease."""
    if not request.may_shut_down:
        return
    is_expired = lookout.cause == "lease-expired"
    while not is_expired and os.path.isdir(paths.training):
        waker.wait(limits.OUTLASTING_LOOK_SECONDS)
        if waker.is_machine_going_down:
            return
        reap_orphans(None)
        is_expired = lookout.is_lease_expired()
        report.note_lease()
    if is_expired:
        _shut_down(paths)


def _shut_down(paths):
    """Repeats it for as long as the machine does not obey."""
    while os.path.isdir(paths.training):
        log("nobody renewed the lease: shutting down")
        try:
            subprocess.run(["shutdown", "-h", "now"], check=False, timeout=30)
        except (OSError, subprocess.SubprocessError) as error:
            log("shutdown: %s" % error)
        time.sleep(limits.SHUTDOWN_RETRY_SECONDS)
