"""The end of an attempt: leftovers, the result, the machine."""

import os
import subprocess
import time

from . import limits
from .instants import instant
from .journal import log
from .process_tree import kill_all, training_processes
from .texts import first_bytes, last_lines_of_file, printable


def kill_leftovers(paths, trainer):
    """Ends what the trainer forked and left behind, in its group or elsewhere."""
    trainer.kill_group()
    ancestors = {os.getpid(), *trainer.ancestor_pids}
    if not kill_all(lambda: training_processes(paths.checkpoints, ancestors)):
        log("some processes of the trainer do not die")


def last_moment_for_publishing(ended_at, cause, notice_ends_at):
    """Until when the last checkpoint may be tried, since S3 may be away for a while. All in monotonic seconds."""
    if cause == "force-stop":
        return ended_at + limits.FINAL_PUBLISHING_AFTER_FORCE_SECONDS
    if notice_ends_at is not None:
        return notice_ends_at + limits.FINAL_PUBLISHING_AFTER_NOTICE_SECONDS
    return ended_at + limits.FINAL_PUBLISHING_SECONDS


def last_moment_for_outputs(ended_at, cause, notice_ends_at, last_success_at):
    """The same for outputs: there may be a lot of them, so only a standstill ends the patience."""
    if cause == "force-stop" or notice_ends_at is not None:
        return last_moment_for_publishing(ended_at, cause, notice_ends_at)
    return last_success_at + limits.OUTPUT_STALL_SECONDS


def result_of(supervision, exit_status, has_marker, known_failure, mask, warning):
    """The TrainerResult of domain/supervisor-report.ts."""
    was_killed_by_somebody = exit_status.signal_name == "SIGKILL" or exit_status.exit_code == 137
    return {
        "exitCode": exit_status.exit_code,
        "signal": exit_status.signal_name,
        "stopCause": supervision.stop_cause,
        "hasMarker": has_marker,
        "hasLogMatch": supervision.progress.has_pattern_line,
        "isOutOfMemory": was_killed_by_somebody and not supervision.was_killed and supervision.was_memory_short,
        "quietSeconds": supervision.quiet_seconds,
        "knownFailure": known_failure,
        "endedAt": instant(supervision.ended_at_seconds),
        "lastLogLines": last_lines_of_file(supervision.paths.training_log, limits.LAST_LOG_LINES_MAX_BYTES, mask),
        "warning": first_bytes(printable(warning), limits.RESULT_WARNING_MAX_BYTES) if warning else None,
    }


def shut_down(paths):
    """Shuts the machine down; repeats it for as long as the machine does not obey."""
    while os.path.isdir(paths.training):
        log("nobody renewed the lease: shutting down")
        try:
            subprocess.run(["shutdown", "-h", "now"], check=False, timeout=30)
        except (OSError, subprocess.SubprocessError) as error:
            log("shutdown: %s" % error)
        time.sleep(limits.SHUTDOWN_RETRY_SECONDS)
