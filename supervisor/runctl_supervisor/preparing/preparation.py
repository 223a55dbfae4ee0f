"""Brings onto the instance what the attempt needs, before a trainer may start: several things at the same time."""

import os
import stat
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial

from ..files import remove
from ..inside import path_inside
from ..patience import Patience
from ..patterns import pattern_problems
from ..preparation_failure import Cancelled, PreparationFailure
from ..publishing.output_index import fetch_earlier_outputs
from ..trainer_environment import installer_environment
from .code_archive import fetch_code
from .data_input import DataInput
from .dependencies import find_declaration
from .installer import Installer
from .parameter_store import ParameterStore
from .resume_checkpoint import fetch_resume_checkpoint
from .virtual_environments import prepare_environment


class Preparation(threading.Thread):
    """Works beside the main loop, so that a notice is heard meanwhile.

    Once it has ended, `failure` says why the attempt cannot begin, or the others say what it begins with.
    """

    def __init__(self, paths, request, storage, open_bucket, credentials, training_log, on_change, fetch_program):
        """`open_bucket(name)` gives the Storage of a bucket, `fetch_program(patience)` brings what the trainer runs in."""
        super().__init__(name="preparation", daemon=True)
        self._paths = paths
        self._request = request
        self._storage = storage
        self._open_bucket = open_bucket
        self._credentials = credentials
        self._on_change = on_change
        self._fetch_program = fetch_program
        self._patience = Patience(request.lease_seconds, on_change)
        self._installer = Installer(training_log, installer_environment(paths, request))
        self.failure = None
        self.resume_path = None
        self.data_path = None
        self.python_environment = None
        # In memory only, from here to the environment of the trainer.
        self.secrets = {}

    @property
    def warning(self):
        return self._patience.warning

    def cancel(self):
        """Ends downloads and installations: nobody waits for them any more."""
        self._patience.cancel()
        self._installer.cancel()

    def run(self):
        try:
            self._check_patterns()
            with ThreadPoolExecutor(len(self._jobs())) as pool:
                jobs = [pool.submit(each) for each in self._jobs()]
                wait(jobs, return_when=FIRST_EXCEPTION)
                if any(job.done() and job.exception() is not None for job in jobs):
                    self.cancel()
            self._raise_first_of(jobs)
        except PreparationFailure as failure:
            self.failure = failure
        except Exception as error:
            self.failure = PreparationFailure("preparation-failed", "%s: %s" % (type(error).__name__, error))
        self._on_change()

    def _check_patterns(self):
        """Only this machine's Python can say whether it takes them; a training without them would end wrongly."""
        problems = pattern_problems(self._request.log_pattern, self._request.failure_patterns)
        if problems:
            raise PreparationFailure("pattern-unusable", "; ".join(problems))

    @staticmethod
    def _raise_first_of(jobs):
        """The others were cancelled for it."""
        errors = [job.exception() for job in jobs if job.exception() is not None]
        reasons = [error for error in errors if not isinstance(error, Cancelled)]
        for error in [*reasons, *errors]:
            raise error

    def _jobs(self):
        fetches = (self._fetch_code, self._fetch_resume, self._fetch_data, self._fetch_outputs)
        return (*fetches, self._read_secrets, partial(self._fetch_program, self._patience))

    def _fetch_code(self):
        request = self._request
        fetch_code(self._paths, request, self._storage, self._patience)
        # An image brings what its script needs.
        if not request.installs_dependencies or request.container is not None:
            return
        declaration = find_declaration(self._paths.code, request.script)
        if declaration is not None:
            environment = installer_environment(self._paths, request)
            os.makedirs(self._paths.installation, exist_ok=True)
            try:
                self.python_environment = prepare_environment(
                    self._paths.environments, declaration, request.code_sha256, self._installer, environment
                )
            finally:
                remove(self._paths.installation)

    def _fetch_resume(self):
        self.resume_path = fetch_resume_checkpoint(self._paths, self._request, self._storage, self._patience)

    def _fetch_data(self):
        uri = self._request.input_uri
        if uri is not None:
            data = DataInput(self._paths, uri, self._open_bucket, self._patience, self._installer.tell)
            self.data_path = data.fetch()

    def _fetch_outputs(self):
        if self._request.output_uri is not None:
            fetch_earlier_outputs(
                self._paths, self._request, self._storage, self._open_bucket, self._patience, self._installer.tell
            )

    def _read_secrets(self):
        if self._request.secrets:
            store = ParameterStore(self._request.region, self._credentials)
            self.secrets = store.read_all(self._request.secrets, self._patience)


def trainer_command(code_directory, request):
    """`python3` runs `*.py`; anything else is executed."""
    script = path_inside(code_directory, request.script)
    if script.endswith(".py"):
        return ["python3", script, *request.script_args]
    mode = os.stat(script).st_mode
    os.chmod(script, mode | stat.S_IXUSR)
    return [script, *request.script_args]
