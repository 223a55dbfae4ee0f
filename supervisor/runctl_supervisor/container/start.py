"""Makes and starts the container of a trainer: once, whoever is killed in between."""

import glob
import hashlib
import shutil
import subprocess

from .. import limits
from ..aws.metadata import metadata_endpoint
from ..journal import log
from ..preparation_failure import PreparationFailure
from ..trainer_environment import container_environment
from .container_trainer import ContainerTrainer
from .engine import EngineAway, EngineRefusal, container_path
from .image import image_environment
from .network import decide_network, make_dead_end
from .removal import remove_containers
from .request import container_body, container_command, container_name, decide_gpus

_NOT_KEPT_OUT = (
    "The container engine could not keep the container from the metadata service: where the instance's metadata options"
    " allow more than one hop, a program in the container reaches the instance's role."
)


def start_container(engine, paths, request, record, command, prepared, training_log, note_identity):
    """Starts the command in a container; `note_identity(identity)` is called as soon as its process is known."""
    training_log.count_output_from_here()
    try:
        environment = image_environment(engine, request.container["image"])
        environment = container_environment(paths, request, prepared, environment)
        command = container_command(command)
        name, warnings = _create(engine, paths, request, record, command, environment, prepared.data_path)
        engine.call("POST", container_path(name, "start"))
    except (EngineRefusal, EngineAway) as error:
        raise PreparationFailure("container-not-started", str(error)) from error
    trainer = ContainerTrainer(engine, name, training_log, warnings=warnings)
    note_identity(trainer.identity)
    return trainer


def _create(engine, paths, request, record, command, environment, data_path):
    """(name, warnings) of the created container, which is noted before it is asked for."""
    # Left by a supervisor that was killed between making it and starting it.
    remove_containers(engine, paths, request.run_id, request.attempt_number)
    has_bridge = engine.get("/networks/bridge") is not None
    is_passed = request.container["metadata"] == "passed"
    network = decide_network(has_bridge, is_passed, metadata_endpoint())
    has_gpus, gpu_warning = _choose_gpus(engine)
    warnings = [text for text in (network.warning, gpu_warning) if text]
    body = container_body(paths, request, command, environment, data_path, network.mode, has_gpus)
    name = container_name(request.run_id, request.attempt_number)
    record.note_container(name)
    try:
        engine.call("POST", "/containers/create", {"name": name}, body)
    except EngineRefusal as refusal:
        if refusal.status != 409:
            raise
        # Somebody else's, on an engine that several instances share: ours were removed above.
        name += "-" + hashlib.sha256(paths.training.encode()).hexdigest()[:8]
        record.note_container(name)
        engine.call("POST", "/containers/create", {"name": name}, body)
    if network.has_dead_end and not make_dead_end(engine, name):
        warnings.append(_NOT_KEPT_OUT)
    log("the container is %s, on the network %s%s" % (name, network.mode, ", with GPUs" if has_gpus else ""))
    for warning in warnings:
        log(warning)
    return name, warnings


def _choose_gpus(engine):
    has_gpus = _has_gpus()
    runtimes = (engine.get("/info") or {}).get("Runtimes") or {} if has_gpus else {}
    has_hook = shutil.which("nvidia-container-runtime-hook") is not None
    return decide_gpus(has_gpus, runtimes, has_hook)


def _has_gpus():
    """Whether the instance has GPUs whose driver works."""
    if glob.glob("/dev/nvidia[0-9]*"):
        return True
    if shutil.which("nvidia-smi") is None:
        return False
    try:
        # Loads the driver, which makes the devices.
        listed = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, timeout=limits.GPU_LOOK_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return listed.returncode == 0 and b"GPU 0" in listed.stdout
