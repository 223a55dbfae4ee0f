"""An attempt on this instance, told as phases, each of which returns the next:

    prepare → train → conclude → tell result → discard → outlast
       └── end without a trainer ────┘

One thread owns all decisions and the trainer; others only look (notices) and carry (checkpoints, outputs, log, downloads).
What may end the trainer is `Lookout`'s to see, how it ended `TrainerWatch`'s, what people are told `AttemptReport`'s.
"""

from functools import partial

from .. import limits
from ..aws.credentials import InstanceCredentials
from ..aws.metadata import MetadataClient
from ..aws.storage import Storage
from ..files import read_json, write_json
from ..journal import log
from ..preparation_failure import PreparationFailure
from ..preparing.preparation import Preparation
from ..processes.identity import identity_to_json
from ..processes.stacks import write_sitecustomize
from ..publishing.checkpoint_publisher import CheckpointPublisher
from ..publishing.log_publisher import LogPublisher
from ..publishing.masking import SecretMask
from ..publishing.output_publisher import OutputPublisher
from ..texts import first_bytes
from ..trainer import trainers
from ..trainer.progress import ProgressReader
from ..trainer.result import result_of
from ..trainer.trainer_watch import TrainerWatch
from ..trainer.training_log import TrainingLog
from ..trainer.working_folder import SavedElsewhere, offer_checkpoint_folder, offer_resume_checkpoint
from .attempt_report import AttemptReport
from .commands import SaveInbox
from .final_publishing import publish_rest
from .lookout import Lookout
from .outlasting import outlast
from .reserve import give_all_room, keep_reserve
from .waker import Waker


class Supervision:
    """Everything that is true of one attempt on this instance.

    `report` is the ReportWriter; `takes_up` says whether its trainer was started by a supervisor before this one, and
    `takeover` whose lock this one took over, or is None.
    """

    def __init__(self, paths, request, report, takes_up, takeover=None):
        self._paths, self._request = paths, request
        self._training_log = TrainingLog(paths)
        trainer = trainers.adopt(paths, request, self._training_log) if takes_up else None
        self._waker = Waker()
        wake = self._waker.wake
        metadata = MetadataClient()
        credentials = InstanceCredentials(metadata)

        def open_bucket(bucket):
            return Storage(request.region, bucket, credentials)

        storage = open_bucket(request.bucket)
        self._watch = TrainerWatch(paths, self._waker, trainer)
        self._lookout = Lookout(paths, request, metadata, self._waker)
        self._saves = SaveInbox(paths, request.checkpoint_signal)
        self._mask = SecretMask()
        self._progress = ProgressReader(paths, report["firstStep"], request.log_pattern)
        fetch_program = partial(trainers.fetch_program, paths, request, credentials)
        self._preparation = Preparation(
            paths, request, storage, open_bucket, credentials, self._training_log, wake, fetch_program
        )
        self._logs = LogPublisher(paths, request, storage, self._mask)
        self._saved_elsewhere = SavedElsewhere(paths)
        self._outputs = None
        if request.output_uri is not None:
            self._outputs = OutputPublisher(paths, request, storage, open_bucket, wake)
        self._publisher = CheckpointPublisher(paths, request, storage, self._last_step, wake)
        sources = (
            self._publisher,
            self._saved_elsewhere,
            self._preparation,
            *([] if self._outputs is None else [self._outputs]),
            self._lookout,
            self._progress,
        )
        self._report = AttemptReport(
            report, request, self._training_log, self._progress, self._publisher, self._lookout, sources, takeover
        )

    def run(self):
        self._lookout.start()
        keep_reserve(self._paths)
        is_there = self._watch.trainer is not None
        if is_there:
            self._take_up_where_it_was_left()
        # From the beginning: what an installation prints is to be seen while it prints it.
        self._logs.start()
        phase = self._train if is_there else self._prepare
        while phase is not None:
            log("phase: %s" % phase.__name__.strip("_"))
            phase = phase()

    # --- phases ---

    def _prepare(self):
        self._preparation.start()
        while self._preparation.is_alive():
            self._wait()
            if self._lookout.order is not None:
                return self._end_without_trainer
        self._observe()
        if self._lookout.order is not None:
            return self._end_without_trainer
        try:
            if self._preparation.failure is not None:
                raise self._preparation.failure
            self._start_trainer()
        except (PreparationFailure, OSError, ValueError) as error:
            code = getattr(error, "code", "trainer-not-started")
            log("preparing failed: %s: %s" % (code, error))
            give_all_room(self._paths)
            self._logs.finish(limits.FINAL_LOG_SECONDS)
            message = first_bytes(str(error), limits.MESSAGE_MAX_BYTES)
            self._report.note_preparation_failure({"code": code, "message": message})
            return self._discard
        return self._train

    def _train(self):
        self._lookout.watch(self._watch.trainer, self._training_log)
        self._publisher.start()
        if self._outputs is not None:
            self._outputs.start()
        failed_looks = 0
        while True:
            try:
                # Before anything that is asked of it: what it did until then it did by itself.
                self._watch.look(self._lookout.order)
                self._observe()
                if self._watch.obey(self._lookout.order):
                    self._publisher.hurry()
                if self._watch.has_ended(self._lookout.order):
                    return self._conclude
                failed_looks = 0
            except Exception as error:  # one bad look must not end a training that runs for days
                failed_looks += 1
                log("a look failed: %s: %s" % (type(error).__name__, error))
                if failed_looks > limits.FAILED_TICKS_MAX_COUNT:
                    raise
            self._waker.wait(limits.TICK_SECONDS)

    def _conclude(self):
        self._watch.clear_away()
        give_all_room(self._paths)
        self._progress.read_rest()
        publish_rest(self._publisher, self._outputs, self._logs, self._watch, self._lookout, self._wait)
        self._observe()
        return self._tell_result

    def _end_without_trainer(self):
        """Asked to stop before there was anything to stop."""
        self._preparation.cancel()
        self._preparation.join(limits.CANCELLED_PREPARATION_SECONDS)
        give_all_room(self._paths)
        self._logs.finish(limits.FINAL_LOG_SECONDS)
        self._watch.note_never_began(self._lookout.cause)
        return self._tell_result

    def _tell_result(self):
        if self._watch.is_end_unexplained:
            self._report.note_gone()
            return self._discard
        about_outputs = None if self._outputs is None else self._outputs.warning
        result, self._report.pattern_warning = result_of(
            self._paths, self._request, self._watch, self._lookout, self._progress, self._mask, about_outputs
        )
        write_json(self._paths.result, result, durable=True)
        self._report.note_result(result, self._watch)
        return self._discard

    def _discard(self):
        trainers.discard(self._paths)
        return self._outlast

    def _outlast(self):
        outlast(self._paths, self._request, self._lookout, self._report, self._waker)

    # --- what phases are made of ---

    def _wait(self):
        self._waker.wait(limits.TICK_SECONDS)
        self._observe()

    def _observe(self):
        """Looks at everything once, decides whether the trainer has to end, and says what is new in the report."""
        if self._watch.trainer is not None:
            self._progress.read()
        self._watch.follow_memory()
        self._saved_elsewhere.look(self._publisher.checkpoint is not None)
        if self._publisher.is_alive():
            self._saves.look(self._watch.trainer, self._publisher)
        self._lookout.look(self._progress.has_pattern_line, self._watch.exit_status is not None)
        self._report.note_progress(self._watch)

    def _start_trainer(self):
        request, paths = self._request, self._paths
        self._offer_checkpoints()
        if request.hang_timeout_seconds is not None:
            write_sitecustomize(paths.hooks)
        self._mask.learn(self._preparation.secrets.values())
        # What was installed has printed lines, too; they say nothing about the script's progress.
        offset = self._progress.skip_log()
        write_json(paths.preparation, {"logOffset": offset})
        self._watch.trainer = trainers.start(
            paths, request, self._preparation, self._training_log, self._note_identity
        )
        self._preparation.secrets = {}

    def _offer_checkpoints(self):
        offer_checkpoint_folder(self._paths)
        resume_path = self._preparation.resume_path
        name = None if resume_path is None else offer_resume_checkpoint(self._paths, resume_path)
        if name is not None:
            self._publisher.inherit(name)

    def _note_identity(self, identity):
        """Who the trainer is, before its first instruction matters."""
        if identity is not None:
            owner = {"runId": self._request.run_id, "attemptNumber": self._request.attempt_number}
            content = {**identity_to_json(identity), **owner}
            # After a takeover it is there already, and on a full disk it could not be written again.
            if read_json(self._paths.trainer_pid) != content:
                write_json(self._paths.trainer_pid, content, durable=True)
            log("the trainer is process %d" % identity.pid)
        self._report.note_training(identity)

    def _take_up_where_it_was_left(self):
        """The supervisor before this one knew the secrets; the trainer still has them, so nobody need be asked again."""
        self._progress.skip_log((read_json(self._paths.preparation) or {}).get("logOffset") or 0)
        self._mask.learn(self._watch.trainer.environment_values(self._request.secrets))
        self._note_identity(self._watch.trainer.identity)

    def _last_step(self):
        newest = self._progress.newest
        return newest["step"] if newest else (self._request.resume_from or {}).get("step")
