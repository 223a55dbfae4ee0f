"""result.json: how a trainer ended, as the TrainerResult of domain/supervisor-report.ts."""

from .. import limits
from ..files import read_json
from ..instants import instant
from ..texts import first_bytes, last_lines_of_file, printable
from .known_failure import find_known_failure


def result_of(paths, request, watch, lookout, progress, mask, warning):
    """(result, a sentence about a failure pattern that could not be used or None).

    `warning` is what is to be said of the outputs; `mask` hides secrets in all that is quoted from the log.
    """
    known_failure, pattern_warning = _known_failure(paths, request, watch, mask)
    result = {
        "exitCode": watch.exit_status.exit_code,
        "signal": watch.exit_status.signal_name,
        "stopCause": watch.stop_cause,
        "hasMarker": lookout.has_marker_after_end(),
        "hasLogMatch": progress.has_pattern_line,
        "isOutOfMemory": watch.ran_out_of_memory,
        "quietSeconds": lookout.quiet_seconds,
        "knownFailure": known_failure,
        "endedAt": instant(watch.ended_at_seconds),
        "lastLogLines": last_lines_of_file(paths.training_log, limits.LAST_LOG_LINES_MAX_BYTES, mask),
        "warning": first_bytes(printable(warning), limits.RESULT_WARNING_MAX_BYTES) if warning else None,
    }
    return result, pattern_warning


def _known_failure(paths, request, watch, mask):
    """Only for an end that nobody asked for; a log explains no other."""
    if watch.stop_cause != "own-accord" or watch.exit_status.exit_code == 0:
        return None, None
    # What was installed before the script began has printed lines, too.
    first_byte = (read_json(paths.preparation) or {}).get("logOffset", 0)
    return find_known_failure(paths.training_log, request.failure_patterns, mask, first_byte)
