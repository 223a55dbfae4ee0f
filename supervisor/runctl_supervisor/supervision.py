"""The supervisor's life as phases, each of which returns the next:

    prepare → train → conclude → outlast
       └── end without a trainer ──┘

One thread owns all decisions and the trainer; others only look (notices) and carry (checkpoints, log, downloads).
"""

import os
import signal
import time
from functools import partial

from . import limits, trainers
from .attempt_outputs import AttemptOutputs
from .commands import SaveInbox, StopInbox
from .completion import CompletionWatcher
from .credentials import InstanceCredentials
from .ending import kill_leftovers, last_moment_for_publishing, result_of, shut_down
from .files import read_json, remove, write_json
from .hang import HangWatcher
from .journal import log
from .known_failure import find_known_failure
from .lease import Lease
from .log_publication import LogPublisher
from .masking import SecretMask
from .memory import MemoryKills
from .metadata import MetadataClient
from .notice import NoticeListener, notice_seconds
from .preparation import Preparation
from .preparation_failure import PreparationFailure
from .process_identity import identity_to_json
from .progress import ProgressReader
from .publisher import CheckpointPublisher
from .reports import listed_warnings
from .stacks import write_sitecustomize
from .stopping import Situation, decide_stop
from .storage import Storage
from .trainer import UNKNOWN_EXIT, is_group_alive, reap_orphans
from .training_log import TrainingLog
from .waker import Waker
from .working_folder import SavedElsewhere, offer_checkpoint_folder, offer_resume_checkpoint


class Supervision:
    """Everything that is true of one attempt on this instance."""

    def __init__(self, paths, request, report, takes_up, takeover=None):
        self.paths, self.request, self.report = paths, request, report
        self._takeover = takeover
        self._training_log = TrainingLog(paths)
        self.trainer = trainers.adopt(paths, request, self._training_log) if takes_up else None
        self.waker = Waker()
        metadata = MetadataClient()
        credentials = InstanceCredentials(metadata)

        def open_bucket(bucket):
            return Storage(request.region, bucket, credentials)

        storage = open_bucket(request.bucket)
        self.order = None
        self.was_killed = False
        self._is_signalled = False
        self._notice_ends_at = None
        self._exit_status = None
        self._cause_at_end = None
        self.ended_at_seconds = None
        self._is_resume_warning_logged = False
        self._pattern_warning = None
        self.memory_kills = MemoryKills()
        self._lease = Lease(paths, request.lease_seconds)
        self._stops = StopInbox(paths.stop_request)
        self._saves = SaveInbox(paths, request.checkpoint_signal)
        self._mask = SecretMask()
        self.progress = ProgressReader(paths, report["firstStep"], request.log_pattern)
        self._completion = None
        self._hang = None
        self._notices = NoticeListener(metadata, request.notice_poll_seconds, self.waker.wake)
        fetch_program = partial(trainers.fetch_program, paths, request, credentials)
        self._preparation = Preparation(
            paths, request, storage, open_bucket, credentials, self.waker.wake, fetch_program
        )
        self._logs = LogPublisher(paths, request, storage, self._mask)
        self._saved_elsewhere = SavedElsewhere(paths)
        self._outputs = AttemptOutputs(paths, request, storage, open_bucket, self.waker.wake)
        self._publisher = CheckpointPublisher(paths, request, storage, self._last_step, self.waker.wake)

    def run(self):
        self._notices.start()
        if self.trainer is not None:
            self._take_up_where_it_was_left()
        # From the beginning: what an installation prints is to be seen while it prints it.
        self._logs.start()
        phase = self._prepare if self.trainer is None else self._train
        while phase is not None:
            log("phase: %s" % phase.__name__.strip("_"))
            phase = phase()

    # --- phases ---

    def _prepare(self):
        self._preparation.start()
        while self._preparation.is_alive():
            self.waker.wait(limits.TICK_SECONDS)
            self._observe()
            if self.order is not None:
                return self._end_without_trainer
        self._observe()
        if self.order is not None:
            return self._end_without_trainer
        try:
            if self._preparation.failure is not None:
                raise self._preparation.failure
            self._start_trainer()
        except (PreparationFailure, OSError, ValueError) as error:
            code = getattr(error, "code", "trainer-not-started")
            log("preparing failed: %s: %s" % (code, error))
            self._logs.finish(limits.FINAL_LOG_SECONDS)
            failure = {"code": code, "message": str(error)[: limits.MESSAGE_MAX_BYTES]}
            self.report.update(state="ended", preparationFailure=failure)
            return self._discard
        return self._train

    def _train(self):
        self._completion = CompletionWatcher(
            os.path.join(self.paths.code, self.request.marker_name), self.trainer.started_at_seconds()
        )
        self._hang = HangWatcher(self.paths, self.trainer, self.request.hang_timeout_seconds, self._training_log)
        self._publisher.start()
        self._outputs.start()
        failed_ticks = 0
        while True:
            try:
                reap_orphans(self.trainer)
                # Before anything that is asked of it: what it did until then it did by itself.
                self._poll_trainer()
                self._observe()
                self._enforce_order()
                if self._has_trainer_ended():
                    return self._conclude
                failed_ticks = 0
            except Exception as error:  # one bad look must not end a training that runs for days
                failed_ticks += 1
                log("a look failed: %s: %s" % (type(error).__name__, error))
                if failed_ticks > limits.FAILED_TICKS_MAX_COUNT:
                    raise
            self.waker.wait(limits.TICK_SECONDS)

    def _conclude(self):
        log("the trainer ended: %s" % (self._exit_status,))
        kill_leftovers(self.paths, self.trainer)
        reap_orphans(self.trainer)
        self.trainer.reap()
        remove(self.paths.trainer_pid)
        self.progress.read(has_ended=True)
        # A status that nobody saw may have been a kill, so the stricter rule for checkpoints holds.
        was_killed = self._exit_status.exit_code is None
        self._publisher.finish(self.ended_at_seconds, was_killed)
        ended_at = time.monotonic()
        while not self._publisher.is_finished:
            if time.monotonic() > last_moment_for_publishing(ended_at, *self._situation_at_end()):
                log("the newest checkpoint could not be published in time")
                break
            self._wait_at_end()
        # After the checkpoint, without which they would be of no use to the next attempt.
        self._outputs.finish(ended_at, self._situation_at_end, self._wait_at_end)
        self._logs.finish(limits.FINAL_LOG_SECONDS)
        self._observe()
        return self._write_result

    def _situation_at_end(self):
        return (self.order.cause if self.order else None), self._notice_ends_at

    def _wait_at_end(self):
        self.waker.wait(limits.TICK_SECONDS)
        self._observe()

    def _write_result(self):
        if self._exit_status is UNKNOWN_EXIT and self._cause_at_end is None:
            # Nobody asked it to end and nobody saw how it did: there is no result that could be proven.
            self.report.update(state="gone")
            return self._discard
        has_marker = self._completion is not None and self._completion.has_marker_after_end()
        known_failure = self._find_known_failure()
        result = result_of(self, self._exit_status, has_marker, known_failure, self._mask, self._outputs.warning)
        write_json(self.paths.result, result, durable=True)
        self.report.update(state="ended", result=result, warnings=listed_warnings(self._warnings()))
        return self._discard

    def _find_known_failure(self):
        """Only for an end that nobody asked for; a log explains no other."""
        if self.stop_cause != "own-accord" or self._exit_status.exit_code == 0:
            return None
        # What was installed before the script began has printed lines, too.
        first_byte = (read_json(self.paths.preparation) or {}).get("logOffset", 0)
        known, self._pattern_warning = find_known_failure(
            self.paths.training_log, self.request.failure_patterns, self._mask, first_byte
        )
        return known

    def _end_without_trainer(self):
        """Asked to stop before there was anything to stop."""
        self._preparation.cancel()
        self._preparation.join(limits.CANCELLED_PREPARATION_SECONDS)
        self._logs.finish(limits.FINAL_LOG_SECONDS)
        self._exit_status, self._cause_at_end = UNKNOWN_EXIT, self.order.cause
        return self._write_result

    def _discard(self):
        trainers.discard(self.paths)
        return self._outlast

    def _outlast(self):
        """While nobody has taken the instance back, its lease still has to end it: money cannot leak for ever."""
        if not self.request.may_shut_down:
            return None
        is_expired = self.order is not None and self.order.cause == "lease-expired"
        while not is_expired and os.path.isdir(self.paths.training):
            self.waker.wait(1.0)
            if self.waker.is_machine_going_down:
                return None
            reap_orphans(None)
            is_expired = self._lease.look()
            self.report.update(leaseExpiresAt=self._lease.expires_at())
        if is_expired:
            shut_down(self.paths)
        return None

    # --- what phases are made of ---

    def _start_trainer(self):
        request, paths = self.request, self.paths
        self._offer_checkpoints()
        if request.hang_timeout_seconds is not None:
            write_sitecustomize(paths.hooks)
        self._mask.learn(self._preparation.secrets.values())
        # What was installed has printed lines, too; they say nothing about the script's progress.
        offset = self.progress.skip_log()
        write_json(paths.preparation, {"logOffset": offset})
        self.trainer = trainers.start(paths, request, self._preparation, self._training_log, self._note_identity)
        self._preparation.secrets = {}

    def _note_identity(self, identity):
        """None for a container that has ended before anybody could look at its process."""
        if identity is not None:
            owner = {"runId": self.request.run_id, "attemptNumber": self.request.attempt_number}
            write_json(self.paths.trainer_pid, {**identity_to_json(identity), **owner}, durable=True)
            log("the trainer is process %d" % identity.pid)
        self.report.update(state="training", trainer=identity_to_json(identity) or self.report["trainer"])

    def _offer_checkpoints(self):
        offer_checkpoint_folder(self.paths)
        resume_path = self._preparation.resume_path
        name = None if resume_path is None else offer_resume_checkpoint(self.paths, resume_path)
        if name is not None:
            self._publisher.inherit(name)

    def _take_up_where_it_was_left(self):
        """The supervisor before this one knew the secrets; the trainer still has them, so nobody need be asked again."""
        self.progress.skip_log((read_json(self.paths.preparation) or {}).get("logOffset") or 0)
        self._mask.learn(self.trainer.environment_values(self.request.secrets))
        self._note_identity(self.trainer.identity)

    def _observe(self):
        """Looks at everything once, says what is new in the report, and decides whether the trainer has to end."""
        is_lease_expired = self._lease.look()
        if self.trainer is not None:
            self.progress.read()
        if self.trainer is not None and self._exit_status is None and self.trainer.identity is not None:
            self.memory_kills.follow(self.trainer.identity.pid)
        completed_at = self._completion.look(self.progress.has_pattern_line) if self._completion else None
        notice = self._notices.notice
        if notice is not None and self._notice_ends_at is None:
            log("interruption notice: %s" % notice)
            self._notice_ends_at = time.monotonic() + notice_seconds(notice)
            write_json(self.paths.notice, notice)
        self._saved_elsewhere.look(self._publisher.checkpoint is not None)
        if self._publisher.is_alive():
            self._saves.look(self.trainer, self._publisher)
        self.order = decide_stop(
            self.order,
            Situation(
                now=time.monotonic(),
                save_timeout_seconds=self.request.save_timeout_seconds,
                command=self._stops.look(),
                notice_seconds_left=self._notice_seconds_left(),
                is_machine_going_down=self.waker.is_machine_going_down,
                is_lease_expired=is_lease_expired,
                completed_at=completed_at,
                completion_grace_seconds=self.request.completion_grace_seconds,
                quiet_seconds=self._look_for_hang(completed_at),
            ),
        )
        self._write_report(notice)

    def _look_for_hang(self, completed_at):
        """A trainer that is done, is being ended or has ended may be quiet."""
        if self._hang is None or self._exit_status is not None:
            return None
        return self.quiet_seconds if self.order is not None or completed_at is not None else self._hang.look()

    @property
    def was_memory_short(self):
        return self.memory_kills.count() > 0 or (self.trainer is not None and self.trainer.was_out_of_memory)

    @property
    def quiet_seconds(self):
        return None if self._hang is None else self._hang.quiet_seconds

    @property
    def stop_cause(self):
        """Why the trainer ended: what was asked of it before, or that its machine went down and took it along."""
        if self._cause_at_end is not None:
            return self._cause_at_end
        went_down_at = self.waker.went_down_at
        is_taken_along = went_down_at is not None and went_down_at - self.ended_at_seconds < limits.GOING_DOWN_SECONDS
        return "interruption" if is_taken_along else "own-accord"

    def _notice_seconds_left(self):
        return None if self._notice_ends_at is None else max(0.0, self._notice_ends_at - time.monotonic())

    def _write_report(self, notice):
        if self.trainer is not None and self.report["state"] != "ended":
            is_saving = self.order is not None or self._exit_status is not None
            self.report.update(state="saving" if is_saving else "training")
        self.report.update(
            progress=self.progress.newest,
            losses=self.progress.losses.points(),
            firstStep=self.progress.first_step,
            checkpoint=self._publisher.checkpoint,
            notice=notice or self.report["notice"],
            leaseExpiresAt=self._lease.expires_at(),
            warnings=listed_warnings(self._warnings()),
        )

    def _warnings(self):
        sources = (
            self._publisher,
            self._saved_elsewhere,
            self._preparation,
            self._outputs,
            self._notices,
            self.progress,
        )
        about_trainer = self.trainer.warning if self.trainer is not None else None
        own = (self._resume_warning(), self._takeover, about_trainer, self._pattern_warning)
        return [*own[:2], *(source.warning for source in sources), *own[2:]]

    def _resume_warning(self):
        resume, first_step = self.request.resume_from, self.progress.first_step
        if not resume or first_step is None or first_step >= resume["step"]:
            return None
        given = "although it was given the checkpoint of step %d: does it read RUNCTL_RESUME_FROM?" % resume["step"]
        warning = "The script began at step %d %s" % (first_step, given)
        if not self._is_resume_warning_logged:
            self._is_resume_warning_logged = True
            self._training_log.append_own(warning)
        return warning

    def _enforce_order(self):
        """Asks the trainer to save and exit; kills its group at the end of its time."""
        if self.order is None:
            return
        if time.monotonic() >= self.order.kill_at:
            self.was_killed = True
            self.trainer.kill_group()
        elif not self._is_signalled:
            self._is_signalled = True
            log("the trainer is asked to save and exit: %s" % self.order.cause)
            self.trainer.signal(signal.SIGTERM)
            self._publisher.hurry()

    def _poll_trainer(self):
        if self._exit_status is None:
            self._exit_status = self.trainer.poll()
            if self._exit_status is not None and self.order is not None:
                self._cause_at_end = self.order.cause

    def _has_trainer_ended(self):
        self._poll_trainer()
        if self._exit_status is None:
            return False
        self.ended_at_seconds = time.time()
        # A shell dies of its SIGTERM at once; the training that it started gets the time to save.
        is_draining = self._is_signalled and self.trainer.was_shell and not self.was_killed
        return not (is_draining and is_group_alive(self.trainer.identity))

    def _last_step(self):
        newest = self.progress.newest
        return newest["step"] if newest else (self.request.resume_from or {}).get("step")
