"""The parent of a supervisor. It only waits: a trainer whose supervisor is killed becomes its child, so that its end is seen.

The kernel tells an exit status to a parent only, and gives orphans to the nearest ancestor that asked for them
(become_subreaper).
"""

import os

from ..files import read_json, write_json
from ..journal import log
from .exit_status import ExitStatus, exit_status_of
from .identity import identity_from_json, identity_of, identity_to_json
from .memory import protect_from_out_of_memory


def witness_ends(paths):
    """Waits for all children that this process has or is given; returns when there is none left."""
    protect_from_out_of_memory()
    while True:
        try:
            # The zombie stays until its end is written down: whoever finds it gone finds that.
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            return
        _note_trainer(paths, ended)
        os.waitpid(ended.si_pid, 0)


def _note_trainer(paths, ended):
    trainer = identity_from_json(read_json(paths.trainer_pid))
    if trainer is None or trainer != identity_of(ended.si_pid):
        return
    status = exit_status_of(ended)
    try:
        write_json(
            paths.witnessed_end,
            {"trainer": identity_to_json(trainer), "exitCode": status.exit_code, "signal": status.signal_name},
        )
    except OSError as error:
        # As if nobody had seen it.
        log("the end of a trainer without its supervisor is not noted: %s" % error)


def read_witnessed_end(path, trainer):
    """The ExitStatus of that very process; None when no witness has told."""
    found = read_json(path)
    if found is None or trainer is None or identity_from_json(found.get("trainer")) != trainer:
        return None
    return ExitStatus(found.get("exitCode"), found.get("signal"))
