"""What report.json says of an attempt under way, gathered from all who know something of it."""

from ..processes.identity import identity_to_json
from .reports import listed_warnings


class AttemptReport:
    """`writer` is the ReportWriter; `takeover` a sentence about the lock that was taken over, or None.

    `sources` are whatever has a `warning` (a sentence for people, or None), the weightiest first: few are listed.
    """

    def __init__(self, writer, request, training_log, progress, publisher, lookout, sources, takeover=None):
        self._writer, self._request, self._training_log = writer, request, training_log
        self._progress, self._publisher, self._lookout = progress, publisher, lookout
        self._sources, self._takeover = sources, takeover
        self._is_resume_warning_logged = False
        # Of the search for what explains a failure.
        self.pattern_warning = None

    def note_training(self, identity):
        """The trainer is there; None for a container that has ended before anybody could look at its process."""
        self._writer.update(state="training", trainer=identity_to_json(identity) or self._writer["trainer"])

    def note_lease(self):
        self._writer.update(leaseExpiresAt=self._lookout.lease_expires_at())

    def note_preparation_failure(self, failure):
        self._writer.update(state="ended", preparationFailure=failure)

    def note_gone(self):
        self._writer.update(state="gone")

    def note_result(self, result, watch):
        self._writer.update(state="ended", result=result, warnings=listed_warnings(self._warnings(watch.trainer)))

    def note_progress(self, watch):
        """All that changes while the attempt goes on."""
        if watch.trainer is not None and self._writer["state"] != "ended":
            is_saving = self._lookout.order is not None or watch.exit_status is not None
            self._writer.update(state="saving" if is_saving else "training")
        self._writer.update(
            progress=self._progress.newest,
            losses=self._progress.losses.points(),
            firstStep=self._progress.first_step,
            checkpoint=self._publisher.checkpoint,
            notice=self._lookout.notice or self._writer["notice"],
            leaseExpiresAt=self._lookout.lease_expires_at(),
            warnings=listed_warnings(self._warnings(watch.trainer)),
        )

    def _warnings(self, trainer):
        about_trainer = trainer.warning if trainer is not None else None
        gathered = [source.warning for source in self._sources]
        return [self._resume_warning(), self._takeover, *gathered, about_trainer, self.pattern_warning]

    def _resume_warning(self):
        resume, first_step = self._request.resume_from, self._progress.first_step
        if not resume or first_step is None or first_step >= resume["step"]:
            return None
        given = "although it was given the checkpoint of step %d: does it read RUNCTL_RESUME_FROM?" % resume["step"]
        warning = "The script began at step %d %s" % (first_step, given)
        if not self._is_resume_warning_logged:
            self._is_resume_warning_logged = True
            self._training_log.append_own(warning)
        return warning
