"""What the daemon does first and last; everything between is `supervision`."""

import os

from ..files import read_json
from ..journal import log
from ..processes.identity import identity_of, identity_to_json
from ..processes.memory import protect_from_out_of_memory
from ..processes.process_trainer import become_subreaper
from .reports import ReportWriter, listed_warnings, new_report
from .supervision import Supervision


def run(paths, request, lock, takes_up, report_ready, takeover=None):
    """Supervises one attempt to its end; starts its trainer, or takes up the one that there is.

    `takeover` tells whose lock this one took over, or is None.
    """
    become_subreaper()
    protect_from_out_of_memory()
    identity = identity_of(os.getpid())
    content = new_report(request, identity)
    if takes_up:
        content.update(read_json(paths.report) or {})
        content.update(supervisor=identity_to_json(identity))
        content["state"] = "training"
    if takeover is not None:
        log(takeover)
        content["warnings"] = listed_warnings([takeover])
    report = ReportWriter(paths, content)
    report.update()
    lock.write_owner(request.run_id, request.attempt_number, identity)
    report_ready()
    log("supervising attempt %d of run %s" % (request.attempt_number, request.run_id))
    Supervision(paths, request, report, takes_up, takeover).run()
    log("done")
