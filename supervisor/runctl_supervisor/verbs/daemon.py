"""Leaves the SSM command behind: own session, no descriptor of the command kept open, reparented to init.

The agent waits for the end of its pipes and kills the process group at its timeout, so both must be cut.
"""

import os
import sys

from ..limits import START_TIMEOUT_SECONDS
from ..processes.process_trainer import become_subreaper
from .answers import VerbFailure


def run_detached(main, witness, log_path, keep_descriptors):
    """Runs `main(report_ready)` in a daemon, and `witness()` in its parent, which holds no descriptor of the daemon's.

    Returns once the daemon has reported ready, raises VerbFailure otherwise.
    """
    ready_read, ready_write = os.pipe()
    sys.stdout.flush()
    middle = os.fork()
    if middle == 0:
        # Whatever happens below, this process must never return into the verb's code.
        try:
            os.setsid()
            if os.fork() == 0:
                os.close(ready_read)
                _cut_descriptors(log_path, set(keep_descriptors) | {ready_write})
                become_subreaper()
                if os.fork() == 0:
                    main(lambda: _write_and_close(ready_write))
                else:
                    _close_descriptors(kept=set())
                    witness()
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(ready_write)
    os.waitpid(middle, 0)
    _await_ready(ready_read)


def _cut_descriptors(log_path, kept):
    os.chdir("/")
    os.umask(0o022)
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    _close_descriptors(kept)


def _close_descriptors(kept):
    """All but standard input, output and error, and those that are kept."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                # The descriptor of the listing itself is closed already.
                pass


def _write_and_close(descriptor):
    os.write(descriptor, b"ready")
    os.close(descriptor)


def _await_ready(descriptor):
    import select

    try:
        readable, _, _ = select.select([descriptor], [], [], START_TIMEOUT_SECONDS)
        if not readable or os.read(descriptor, 16) != b"ready":
            raise VerbFailure("supervisor-did-not-start", "see supervisor.log on the instance")
    finally:
        os.close(descriptor)
