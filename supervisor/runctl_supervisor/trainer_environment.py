"""The trainer's environment (docs/supervisor-protocol.md, "The trainer's contract")."""

import os

# What tells a program where AWS is. A container that is kept from the metadata service is told nothing of it.
_CLOUD_NAMES = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")


def trainer_environment(paths, request, prepared):
    """The SSM agent's environment, made complete, then the user's variables and secrets, then ours.

    `prepared` says what the preparation has brought: `resume_path`, `data_path`, `python_environment`, `secrets`. This is
    the only module that puts secrets anywhere.
    """
    environment = _base_environment(request)
    environment.update(prepared.secrets)
    folder = prepared.python_environment
    if folder is not None:
        environment["VIRTUAL_ENV"] = folder
        environment["PATH"] = os.path.join(folder, "bin") + os.pathsep + environment["PATH"]
        environment.pop("PYTHONHOME", None)
    _add_contract(environment, paths, request, prepared)
    return environment


def container_environment(paths, request, prepared, image_environment):
    """The same without the agent's: the image brings its own, and the agent's would lead to the instance's role."""
    environment = {name: image_environment[name] for name in ("PYTHONPATH",) if name in image_environment}
    environment.update(PYTHONUNBUFFERED="1", PYTHONFAULTHANDLER="1")
    environment.update(AWS_REGION=request.region, AWS_DEFAULT_REGION=request.region)
    if request.container["metadata"] == "passed":
        environment.update({name: text for name, text in os.environ.items() if name.startswith(_CLOUD_NAMES)})
    else:
        # SDKs then do not wait for an answer that never comes.
        environment["AWS_EC2_METADATA_DISABLED"] = "true"
    environment.update(request.environment)
    environment.update(prepared.secrets)
    _add_contract(environment, paths, request, prepared)
    return environment


def _add_contract(environment, paths, request, prepared):
    if request.hang_timeout_seconds is not None:
        # Every Python process of the training can then show its stacks (processes/stacks.py).
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (paths.hooks, environment.get("PYTHONPATH"))))
    environment.update(_own_variables(paths, request))
    environment.update(RUNCTL_NOTICE_FILE=paths.notice, RUNCTL_PROGRESS_FILE=paths.progress)
    # As the scripts of the earlier runctl know them.
    environment.setdefault("TRAINCTL_CHECKPOINT_DIR", paths.checkpoints)
    environment.setdefault("TRAINCTL_DEVICE", "auto")
    for name, path in (
        ("RUNCTL_RESUME_FROM", prepared.resume_path),
        ("RUNCTL_DATA_DIR", prepared.data_path),
        ("RUNCTL_OUTPUT_DIR", paths.outputs if request.output_uri is not None else None),
    ):
        environment.pop(name, None)
        if path is not None:
            environment[name] = path


def installer_environment(paths, request):
    """What programs that install see: the user's variables, but no secrets, which are the trainer's alone."""
    environment = _base_environment(request)
    for name in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH"):
        environment.pop(name, None)
    # Nobody answers questions, and nobody watches bars grow.
    environment.update(PIP_NO_INPUT="1", PIP_PROGRESS_BAR="off", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_USER="0")
    environment.update(UV_NO_PROGRESS="1", NO_COLOR="1")
    # What a program that is killed leaves unfinished is found here, and /tmp may be memory, too small for a large package.
    environment["TMPDIR"] = request.environment.get("TMPDIR", paths.installation)
    # RUNCTL_CHECKPOINT_DIR tells whose processes they are: a clean-up ends them, too.
    environment.update(_own_variables(paths, request))
    return environment


def _base_environment(request):
    environment = dict(os.environ)
    # The agent sets neither; Python caches, pip and CUDA look for a home.
    environment.setdefault("HOME", os.path.expanduser("~"))
    environment.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    # Into a file Python would write in blocks of 8 KiB, and the progress would lag by minutes.
    environment.setdefault("PYTHONUNBUFFERED", "1")
    # A crash inside of a library then shows where it was called from.
    environment.setdefault("PYTHONFAULTHANDLER", "1")
    environment.setdefault("AWS_REGION", request.region)
    environment.setdefault("AWS_DEFAULT_REGION", request.region)
    environment.update(request.environment)
    return environment


def _own_variables(paths, request):
    return {
        "RUNCTL_RUN_ID": request.run_id,
        "RUNCTL_ATTEMPT": str(request.attempt_number),
        "RUNCTL_CHECKPOINT_DIR": paths.checkpoints,
    }
