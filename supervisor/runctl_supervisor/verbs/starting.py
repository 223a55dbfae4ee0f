"""`start`, and taking up a trainer whose supervisor was killed: exactly one supervisor, exactly one trainer."""

import os
import signal
import time

from .. import limits
from ..files import read_json, remove, write_json
from ..instants import instant
from ..processes.identity import (
    identity_from_json,
    identity_to_json,
    is_alive,
    send_signal,
    started_at_seconds,
)
from ..processes.tree import kill_all, training_processes
from ..processes.witness import witness_ends
from ..publishing.output_folder import set_aside_outputs
from ..trainer import trainers
from ..trainer.training_log import TrainingLog
from .answers import VerbFailure
from .daemon import run_detached
from .lock import describe_takeover, read_lock_owner, try_lock
from .start_request import is_same_attempt, parse_start_request
from .true_report import read_true_report


def start(paths, raw_request):
    """The answer of the verb `start`."""
    request = parse_start_request(raw_request)
    os.makedirs(paths.training, mode=0o755, exist_ok=True)
    deadline = time.monotonic() + limits.START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        lock = try_lock(paths.lock)
        if lock is not None:
            try:
                return _start_with_lock(paths, raw_request, request, lock)
            finally:
                # A daemon that was started holds its own copy.
                lock.release()
        answer = _answer_of_owner(paths, raw_request)
        if answer is not None:
            return answer
        # Another `start` holds the lock but has not said who it is, or a clean-up is about to let go.
        time.sleep(limits.VERB_POLL_SECONDS)
    raise VerbFailure("lock-busy", "the lock of this instance changes hands all the time")


def take_up(paths):
    """Starts a supervisor for a trainer that lost its own; does nothing when somebody is faster or there is none."""
    lock = try_lock(paths.lock)
    if lock is None:
        return
    try:
        raw_request = read_json(paths.request)
        if raw_request is None or not trainers.is_to_be_taken_up(paths):
            return
        _detach(paths, parse_start_request(raw_request), lock, takes_up=True)
    finally:
        lock.release()


def _answer_of_owner(paths, raw_request):
    """What a living owner of the lock means for this `start`; None while that is not settled."""
    owner = read_lock_owner(paths.lock)
    if owner is None or not is_alive(owner[2]):
        return None
    run_id, attempt_number, supervisor = owner
    if is_same_attempt(read_json(paths.request), raw_request):
        return {"started": {"supervisor": identity_to_json(supervisor)}}
    report = read_json(paths.report)
    if report is not None and report["state"] in ("ended", "gone"):
        # It only guards the lease of an attempt that is over; a new attempt brings its own.
        send_signal(supervisor, signal.SIGKILL)
        return None
    trainer = identity_from_json((report or {}).get("trainer"))
    return _already_running(trainer or supervisor, run_id, attempt_number)


def _start_with_lock(paths, raw_request, request, lock):
    before = read_json(paths.request)
    trainer = _living_trainer(paths)
    takes_up = False
    if is_same_attempt(before, raw_request):
        takes_up = trainers.is_to_be_taken_up(paths)
        report, _, _ = read_true_report(paths)
        if not takes_up and report is not None and _has_begun(report):
            # Each attempt gets one trainer. This one had its; `status` tells what became of it.
            return {"started": {"supervisor": report["supervisor"]}}
    elif trainer is not None:
        return _already_running(trainer, before["runId"], before["attemptNumber"])
    takeover = describe_takeover(read_lock_owner(paths.lock))
    if not takes_up:
        _remove_earlier_attempt(paths)
        write_json(paths.request, raw_request, durable=True)
        if takeover is not None:
            TrainingLog(paths).append_own(takeover)
    return {"started": {"supervisor": identity_to_json(_detach(paths, request, lock, takes_up, takeover))}}


def _has_begun(report):
    return report["trainer"] is not None or report["state"] == "ended"


def _living_trainer(paths):
    identity = identity_from_json(read_json(paths.trainer_pid))
    return identity if is_alive(identity) else None


def _remove_earlier_attempt(paths):
    trainers.remove_leftovers(paths)
    kill_all(lambda: training_processes(paths.checkpoints, set()))
    set_aside_outputs(paths)
    for path in paths.of_one_attempt:
        remove(path)


def _detach(paths, request, lock, takes_up, takeover=None):
    """Starts the daemon, which inherits the lock; returns its identity once it has reported in."""
    # Before the fork, since the archive may be replaced while the daemon runs; and here, since `status` needs none of it.
    from ..attempt import supervisor_process

    def main(report_ready):
        supervisor_process.run(paths, request, lock, takes_up, report_ready, takeover)

    run_detached(main, lambda: witness_ends(paths), paths.supervisor_log, [lock.descriptor])
    owner = read_lock_owner(paths.lock)
    if owner is None:
        raise VerbFailure("supervisor-did-not-start", "see supervisor.log on the instance")
    return owner[2]


def _already_running(identity, run_id, attempt_number):
    try:
        since = instant(started_at_seconds(identity))
    except (OSError, ValueError):
        since = instant()
    return {
        "alreadyRunning": {
            "pid": identity.pid,
            "runId": run_id,
            "attemptNumber": attempt_number,
            "since": since,
        }
    }


