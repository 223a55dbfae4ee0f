"""Where everything of a training lies on the instance (docs/supervisor-protocol.md, "Files")."""

import os

DEFAULT_ROOT = "/var/lib/runctl"


class TrainingPaths:
    """The files of the one training that an instance can have."""

    def __init__(self, root):
        self.training = os.path.join(root, "training")
        # What the next attempt must not find: everything below but the lock, which whoever removes it holds.
        self.of_one_attempt = []
        self.lock = os.path.join(self.training, "lock")
        self.request = self._named("request.json")
        self.trainer_pid = self._named("training.pid")
        self.witnessed_end = self._named("witnessed-end.json")
        self.training_log = self._named("training.log")
        self.supervisor_log = self._named("supervisor.log")
        self.report = self._named("report.json")
        self.result = self._named("result.json")
        self.notice = self._named("notice.json")
        self.progress = self._named("progress.jsonl")
        self.lease = self._named("lease.json")
        self.stop_request = self._named("stop-request.json")
        self.save_request = self._named("save-request.json")
        self.save_reply = self._named("save-reply.json")
        self.publications = self._named("publications.json")
        self.log_publication = self._named("log-publication.json")
        self.container = self._named("container.json")
        self.container_log = self._named("container-log.json")
        self.code = self._named("code")
        self.code_archive = self._named("code.tar.gz.part")
        self.checkpoints = self._named("checkpoints")
        self.resume = self._named("resume")
        self.hooks = self._named("hooks")
        self.preparation = self._named("preparation.json")
        self.installation = self._named("installation")
        self.reserve = self._named("reserve")
        self.outputs = self._named("outputs")
        self.output_parts = self._named("output-parts")
        self.output_state = self._named("outputs.json")
        self.output_index = self._named("outputs.json.part")
        # These outlive an attempt: what the next one on this instance can use, and what no bucket holds.
        self.data = os.path.join(root, "data")
        self.environments = os.path.join(root, "environments")
        self.kept_outputs = os.path.join(root, "kept-outputs")

    def _named(self, name):
        path = os.path.join(self.training, name)
        self.of_one_attempt.append(path)
        return path


def training_paths():
    """The paths under RUNCTL_ROOT, which the SSM agent's environment may set."""
    return TrainingPaths(os.path.abspath(os.environ.get("RUNCTL_ROOT") or DEFAULT_ROOT))
