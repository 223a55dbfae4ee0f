"""report.json: what the supervisor says of itself, as the SupervisorReport of domain/supervisor-report.ts."""

import time

from .. import limits
from ..files import write_json
from ..instants import instant
from ..journal import log
from ..processes.identity import identity_to_json
from ..texts import first_bytes, printable


class ReportWriter:
    """Keeps the report, and writes it when it has changed."""

    def __init__(self, paths, report):
        self._paths = paths
        self._report = report
        self._written = None

    def update(self, **changes):
        """Sets fields and writes the file if that changed anything; a full disk is survived."""
        self._report.update(changes)
        if self._report == self._written:
            return
        try:
            write_json(self._paths.report, self._report)
            self._written = dict(self._report)
        except OSError as error:
            log("report.json cannot be written: %s" % error)

    def __getitem__(self, name):
        return self._report[name]


def new_report(request, supervisor):
    """The report of an attempt that has done nothing yet."""
    return {
        "version": 1,
        "runId": request.run_id,
        "attemptNumber": request.attempt_number,
        "state": "preparing",
        "startedAt": instant(),
        "supervisor": identity_to_json(supervisor),
        "trainer": None,
        "progress": None,
        "losses": [],
        "firstStep": None,
        "checkpoint": None,
        "notice": None,
        "leaseExpiresAt": instant(time.time() + request.lease_seconds),
        "result": None,
        "preparationFailure": None,
        "warnings": [],
    }


def listed_warnings(warnings):
    """Those that are there, without repetition, few and short."""
    texts = [first_bytes(printable(text), limits.WARNING_MAX_BYTES) for text in warnings if text]
    return list(dict.fromkeys(texts))[: limits.WARNINGS_MAX_COUNT]
