"""The verbs of docs/supervisor-protocol.md; each returns what its answer holds beside `nonce` and `ok`."""

import time

from .. import limits
from ..attempt.lease import renew_lease
from ..files import read_json
from ..processes.identity import identity_from_json
from .answers import VerbFailure
from .start_request import has_same_claim
from .true_report import read_true_report


def status(paths, request):
    """What is true now. A trainer without a supervisor gets one."""
    report, is_supervised, is_training = read_true_report(paths)
    if report is None:
        return {"report": None}
    if "runId" in request:
        _require_attempt(paths, report, request)
    if request.get("renewLease"):
        _renew(paths, report)
    if is_training and not is_supervised:
        from .starting import take_up

        take_up(paths)
        report = read_json(paths.report) or report
    return {"report": report}


def save(paths, request):
    """Publishes the newest checkpoint, of right now where the trainer can be asked for one."""
    import secrets

    from ..attempt.commands import ask_to_save

    report = _supervised_report(paths, request)
    timeout_seconds = _seconds(request)
    token = secrets.token_hex(8)
    if report["state"] not in ("ended", "gone"):
        ask_to_save(paths, identity_from_json(report["supervisor"]), token, timeout_seconds)
    deadline = time.monotonic() + timeout_seconds + 1
    while report["state"] not in ("ended", "gone"):
        reply = read_json(paths.save_reply)
        if reply is not None and reply.get("token") == token:
            return {"checkpoint": reply["checkpoint"], "report": read_json(paths.report) or report}
        if time.monotonic() > deadline:
            raise VerbFailure("save-timed-out", "nothing was published within %g s" % timeout_seconds)
        time.sleep(limits.VERB_POLL_SECONDS)
        # A supervisor that is killed meanwhile is replaced by one that finds what was asked.
        report = status(paths, {})["report"]
    return {"checkpoint": report["checkpoint"], "report": report}


def save_and_stop(paths, request):
    """Lets the trainer save, ends it, and returns when the result is written; joins what is under way."""
    cause = request.get("cause")
    if cause not in ("interruption", "stop"):
        raise VerbFailure("request-not-understood", "cause: expected interruption or stop, got %r" % cause)
    report = _stop(paths, request, cause, _seconds(request))
    return {"checkpoint": report["checkpoint"], "report": report}


def stop(paths, request):
    """Kills the trainer; what was saved before is published."""
    return {"report": _stop(paths, request, "force-stop", 0)}


def _stop(paths, request, cause, timeout_seconds):
    from ..attempt.commands import ask_to_stop

    report = _supervised_report(paths, request)
    publishing_seconds = _seconds(request, "publishSeconds", limits.VERB_PUBLISHING_SECONDS)
    deadline = time.monotonic() + timeout_seconds + publishing_seconds
    if report["state"] not in ("ended", "gone"):
        ask_to_stop(paths, identity_from_json(report["supervisor"]), cause, timeout_seconds)
    while report["state"] not in ("ended", "gone"):
        if time.monotonic() > deadline:
            raise VerbFailure("still-saving", "the trainer has ended or is ending; ask again to go on waiting")
        time.sleep(limits.VERB_POLL_SECONDS)
        # A supervisor that is killed meanwhile is replaced by one that finds what was asked.
        report = status(paths, {})["report"]
    return report


def _supervised_report(paths, request):
    """The report of exactly this attempt, with a supervisor to talk to if its trainer lives."""
    report = status(paths, {})["report"]
    _require_attempt(paths, report, request)
    return report


def _require_attempt(paths, report, request):
    wanted = (request.get("runId"), request.get("attemptNumber"))
    if report is None:
        raise VerbFailure("not-this-attempt", "nothing was ever started on this instance")
    if (report["runId"], report["attemptNumber"]) != wanted:
        found = "attempt %s of run %s" % (report["attemptNumber"], report["runId"])
        message = "this instance has %s, not attempt %s of run %s" % (found, wanted[1], wanted[0])
        raise VerbFailure("not-this-attempt", message)
    if not has_same_claim(read_json(paths.request) or {}, request):
        raise VerbFailure("not-this-attempt", "run %s of another control plane is on this instance" % wanted[0])


def _renew(paths, report):
    from ..instants import instant

    renew_lease(paths)
    lease_seconds = (read_json(paths.request) or {}).get("leaseSeconds")
    if isinstance(lease_seconds, (int, float)):
        report["leaseExpiresAt"] = instant(time.time() + lease_seconds)


def _seconds(request, name="timeoutSeconds", default=None):
    seconds = request.get(name, default)
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 <= seconds < 1e6:
        raise VerbFailure("request-not-understood", "%s: expected a number, got %r" % (name, seconds))
    return seconds
