"""`clean-up`: ends whatever lives of an attempt and removes all but its logs and its last words."""

import os
import signal
import time

from .. import limits
from ..container.engine import EngineAway, EngineRefusal
from ..files import read_json, remove
from ..processes.identity import identity_from_json, is_alive, send_signal
from ..processes.tree import kill_all, training_processes
from ..publishing.output_folder import set_aside_outputs
from ..trainer import trainers
from .answers import VerbFailure
from .lock import try_lock
from .start_request import is_same_attempt

_REMOVED = (
    "training.pid",
    "witnessed-end.json",
    "notice.json",
    "code",
    "resume",
    "checkpoints",
    "hooks",
    "code.tar.gz.part",
    "stop-request.json",
    "save-request.json",
    "save-reply.json",
    "lease.json",
    "output-parts",
    "preparation.json",
    "installation",
    "container.json",
    "container-log.json",
    "reserve",
)


def clean_up(paths, request):
    """The answer of the verb; another attempt's training is left alone."""
    if not _is_this_attempt(paths, request):
        return {"removed": []}
    removed = _end_processes(paths) + _remove_program(paths)
    had_lock = os.path.exists(paths.lock)
    lock = _take_lock(paths)
    try:
        if not _is_this_attempt(paths, request):
            # Another attempt began in between, so what lies here is its.
            lock.release()
            return {"removed": removed}
        marker = os.path.join("code", (read_json(paths.request) or {}).get("markerName") or "training_complete.txt")
        for name in (marker, *_REMOVED):
            if os.path.lexists(os.path.join(paths.training, name)) and remove(os.path.join(paths.training, name)):
                removed.append(name)
        if os.path.isdir(paths.outputs):
            set_aside_outputs(paths)
            removed.append("outputs")
        if had_lock:
            removed.append("lock")
    except BaseException:
        lock.release()
        raise
    lock.remove_and_release()
    return {"removed": removed}


def _is_this_attempt(paths, request):
    return is_same_attempt(read_json(paths.request), request)


def _end_processes(paths):
    """The supervisor first, so that it does not take the trainer's death for an event."""
    report = read_json(paths.report) or {}
    supervisor = identity_from_json(report.get("supervisor"))
    trainer = identity_from_json(read_json(paths.trainer_pid)) or identity_from_json(report.get("trainer"))
    ended = []
    found = _living_processes(paths, supervisor, trainer)
    if send_signal(supervisor, signal.SIGKILL) if supervisor else False:
        ended.append("supervisor")
    if is_alive(trainer):
        ended.append("trainer")
        send_signal(trainer, signal.SIGKILL)
    for process in found:
        send_signal(process, signal.SIGKILL)
    if not kill_all(lambda: [*_alive(found), *_living_processes(paths, None, trainer)]):
        raise VerbFailure("processes-remain", "some processes of the training do not die")
    return ended


def _remove_program(paths):
    try:
        return trainers.clean_up(paths)
    except (EngineAway, EngineRefusal) as error:
        raise VerbFailure("container-remains", "the container may not be removed yet: %s" % error) from error


def _living_processes(paths, supervisor, trainer):
    ancestors = {each.pid for each in (supervisor, trainer) if is_alive(each)}
    return training_processes(paths.checkpoints, ancestors)


def _alive(processes):
    return [process for process in processes if is_alive(process)]


def _take_lock(paths):
    deadline = time.monotonic() + limits.START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        lock = try_lock(paths.lock)
        if lock is not None:
            return lock
        time.sleep(limits.VERB_POLL_SECONDS)
    raise VerbFailure("lock-busy", "somebody holds the lock of this instance")
