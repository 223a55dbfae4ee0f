"""Which kind of trainer it is: a process of the instance or a container. The only place where that is asked."""

from ..container.container_trainer import ContainerTrainer
from ..container.engine import Engine, EngineAway, EngineRefusal, container_path
from ..container.image import fetch_image
from ..container.record import ContainerRecord
from ..container.removal import remove_all
from ..container.start import start_container
from ..files import read_json
from ..journal import log
from ..preparing.preparation import trainer_command
from ..processes.identity import identity_from_json, is_alive
from ..processes.process_trainer import AdoptedTrainer, start_trainer
from ..processes.witness import read_witnessed_end
from ..trainer_environment import trainer_environment


def fetch_program(paths, request, credentials, patience):
    """Brings what the trainer runs in; raises PreparationFailure."""
    if request.container is None:
        return
    record = ContainerRecord(paths.container)
    image = request.container["image"]
    fetch_image(Engine(), image, request.region, credentials, record.note_download, patience)


def start(paths, request, prepared, training_log, note_identity):
    """Starts the trainer with what was prepared; `note_identity(identity)` is called before it has done much."""
    command = trainer_command(paths.code, request)
    if request.container is None:
        environment = trainer_environment(paths, request, prepared)
        return start_trainer(command, paths.code, environment, paths.training_log, note_identity)
    record = ContainerRecord(paths.container)
    return start_container(Engine(), paths, request, record, command, prepared, training_log, note_identity)


def adopt(paths, request, training_log):
    """The trainer that a supervisor before us has started."""
    identity = identity_from_json(read_json(paths.trainer_pid))
    if request.container is None:
        return AdoptedTrainer(identity, paths.witnessed_end)
    return ContainerTrainer(Engine(), ContainerRecord(paths.container).name, training_log, identity)


def is_to_be_taken_up(paths):
    """Whether there is a trainer that needs a supervisor: it lives, or somebody knows how it ended and nobody has told."""
    trainer = identity_from_json(read_json(paths.trainer_pid))
    if is_alive(trainer):
        return True
    end = read_witnessed_end(paths.witnessed_end, trainer)
    # Whoever kills supervisor and trainer does not say anything of the script.
    if end is not None and end.exit_code is not None:
        return read_json(paths.result) is None
    record = ContainerRecord(paths.container)
    if not record.is_unfinished or read_json(paths.result) is not None:
        return False
    try:
        found = Engine().get(container_path(record.name, "json"))
        # One that was made but never started is as if it had not been made.
        return found is not None and found["State"]["Status"] != "created"
    except (EngineAway, EngineRefusal) as error:
        log("the container engine cannot be asked: %s" % error)
        return False


def discard(paths):
    """After the result is written: takes away what the trainer ran in. What fails here is `clean-up`'s to repeat."""
    request = read_json(paths.request) or {}
    if request.get("container") is None:
        return
    record = ContainerRecord(paths.container)
    record.note_over()
    try:
        remove_all(Engine(), paths, request, record)
    except (EngineAway, EngineRefusal) as error:
        log("the container is not removed yet: %s" % error)


def clean_up(paths):
    """The same on behalf of `clean-up`; raises EngineAway, EngineRefusal. Returns the names of what went."""
    request = read_json(paths.request) or {}
    record = ContainerRecord(paths.container)
    if request.get("container") is None or not record.is_there:
        return []
    return remove_all(Engine(), paths, request, record)


def remove_leftovers(paths):
    """The same before another attempt begins, which nothing of an old one may hold up."""
    try:
        clean_up(paths)
    except (EngineAway, EngineRefusal) as error:
        log("an earlier container is not removed: %s" % error)
