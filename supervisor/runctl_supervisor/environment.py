"""The trainer's environment (docs/supervisor-protocol.md, "The trainer's contract")."""

import os


def trainer_environment(paths, request, resume_path):
    """The SSM agent's environment, made complete, then the user's variables, then ours."""
    environment = dict(os.environ)
    # The agent sets neither; Python caches, pip and CUDA look for a home.
    environment.setdefault("HOME", os.path.expanduser("~"))
    environment.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    # Into a file Python would write in blocks of 8 KiB, and the progress would lag by minutes.
    environment.setdefault("PYTHONUNBUFFERED", "1")
    environment.setdefault("AWS_REGION", request.region)
    environment.setdefault("AWS_DEFAULT_REGION", request.region)
    environment.update(request.environment)
    environment.update(
        RUNCTL_RUN_ID=request.run_id,
        RUNCTL_ATTEMPT=str(request.attempt_number),
        RUNCTL_CHECKPOINT_DIR=paths.checkpoints,
        RUNCTL_NOTICE_FILE=paths.notice,
        RUNCTL_PROGRESS_FILE=paths.progress,
    )
    # As the scripts of the earlier runctl know them.
    environment.setdefault("TRAINCTL_CHECKPOINT_DIR", paths.checkpoints)
    environment.setdefault("TRAINCTL_DEVICE", "auto")
    environment.pop("RUNCTL_RESUME_FROM", None)
    if resume_path is not None:
        environment["RUNCTL_RESUME_FROM"] = resume_path
    return environment
