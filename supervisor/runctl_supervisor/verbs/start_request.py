"""What `start` was given, checked once (docs/supervisor-protocol.md, "StartRequest")."""

from dataclasses import dataclass
from typing import Dict, List, Optional

from .answers import VerbFailure


@dataclass(frozen=True)
class StartRequest:
    run_id: str
    attempt_number: int
    region: str
    bucket: str
    code_key: str
    code_sha256: str
    script: str
    script_args: List[str]
    environment: Dict[str, str]
    resume_from: Optional[dict]
    checkpoint_prefix: str
    latest_key: str
    log_prefix: str
    save_timeout_seconds: float
    lease_seconds: float
    may_shut_down: bool
    notice_poll_seconds: float
    marker_name: str
    completion_grace_seconds: float
    log_pattern: Optional[str]
    checkpoint_signal: Optional[str]
    hang_timeout_seconds: Optional[float]
    failure_patterns: List[List[dict]]
    secrets: Dict[str, str]
    input_uri: Optional[str]
    output_uri: Optional[str]
    output_index_key: Optional[str]
    installs_dependencies: bool
    container: Optional[dict]


def parse_start_request(value):
    """Raises VerbFailure `request-not-understood` naming the field that is missing or wrong."""
    if value.get("version") != 1:
        raise VerbFailure("request-not-understood", "version: expected 1, got %r" % value.get("version"))
    code = _field(value, "code", dict)
    resume = value.get("resumeFrom")
    if resume is not None:
        resume = {"step": _field(resume, "step", int), "prefix": _field(resume, "prefix", str)}
    environment = _field(value, "environment", dict)
    data = value.get("data") or {}
    return StartRequest(
        run_id=_field(value, "runId", str),
        attempt_number=_field(value, "attemptNumber", int),
        region=_field(value, "region", str),
        bucket=_field(value, "bucket", str),
        code_key=_field(code, "key", str),
        code_sha256=_field(code, "sha256", str),
        script=_field(value, "script", str),
        script_args=[str(argument) for argument in _field(value, "scriptArgs", list)],
        environment={str(name): str(text) for name, text in environment.items()},
        resume_from=resume,
        checkpoint_prefix=_field(value, "checkpointPrefix", str),
        latest_key=_field(value, "latestKey", str),
        log_prefix=_field(value, "logPrefix", str),
        save_timeout_seconds=_field(value, "saveTimeoutSeconds", (int, float)),
        lease_seconds=_field(value, "leaseSeconds", (int, float)),
        may_shut_down=_field(value, "mayShutDown", bool),
        # EC2 asks not to be polled more often than this serves anybody.
        notice_poll_seconds=max(0.1, _field(value, "noticePollSeconds", (int, float))),
        marker_name=_field(value, "markerName", str),
        completion_grace_seconds=_field(value, "completionGraceSeconds", (int, float)),
        log_pattern=value.get("logPattern"),
        checkpoint_signal=value.get("checkpointSignal"),
        hang_timeout_seconds=value.get("hangTimeoutSeconds"),
        failure_patterns=_pattern_groups(value.get("failurePatterns") or []),
        secrets={str(name): str(place) for name, place in (value.get("secrets") or {}).items()},
        input_uri=data.get("inputUri"),
        output_uri=data.get("outputUri"),
        output_index_key=None if data.get("outputUri") is None else _field(value, "outputIndexKey", str),
        installs_dependencies=value.get("dependencies") == "auto",
        container=value.get("container"),
    )


def _pattern_groups(groups):
    """Groups of rows; the first group that explains a failure counts."""
    return [[_pattern_row(row) for row in group] for group in groups]


def _pattern_row(row):
    return {name: _field(row, name, kind) for name, kind in (("pattern", str), ("reason", str), ("isRetried", bool))}


def is_same_attempt(found, wanted):
    """Whether two requests mean one attempt of one run. Another control plane may have a run of the same name."""
    if found is None:
        return False
    ids = [(each.get("runId"), each.get("attemptNumber")) for each in (found, wanted)]
    return ids[0] == ids[1] and has_same_claim(found, wanted)


def has_same_claim(found, wanted):
    """A claim counts where both sides have one: supervisors and workers of an earlier version have none."""
    return len({found.get("claim"), wanted.get("claim")} - {None}) <= 1


def _field(owner, name, kind):
    found = owner.get(name) if isinstance(owner, dict) else None
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
        expected = " or ".join(each.__name__ for each in (kind if isinstance(kind, tuple) else (kind,)))
        raise VerbFailure("request-not-understood", "%s: expected %s, got %r" % (name, expected, found))
    return found
