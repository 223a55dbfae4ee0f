"""Takes away what a training had in the container engine, as its spec says. Harmless when it is gone already."""

import json
import time

from .. import limits
from ..journal import log
from .engine import EngineRefusal, container_path
from .image import remove_image
from .network import remove_dead_end
from .request import training_labels


def remove_all(engine, paths, request, record):
    """Ends the training's containers, and removes container and image unless they are to stay.

    `request` is that of `start`, as JSON. Returns the names of what went, for people.
    """
    container = request["container"]
    keep = container.get("keep", "nothing")
    attempt = (request["runId"], request["attemptNumber"])
    removed = []
    if keep == "container-and-image":
        _end_containers(engine, paths, *attempt)
    elif remove_containers(engine, paths, *attempt):
        removed.append("container")
    remove_dead_end(engine)
    if keep == "nothing" and record.has_downloaded:
        remove_image(engine, container["image"])
        removed.append("image")
    return removed


def remove_containers(engine, paths, run_id, attempt_number):
    """Removes every container that was made for this attempt here, running or not; True when there was one."""
    labels = training_labels(paths, run_id, attempt_number)
    found = _find(engine, labels, is_running=False)
    for container_id in found:
        _remove(engine, container_id)
    if found:
        log("removed the container")
    return bool(found)


def _remove(engine, container_id):
    deadline = time.monotonic() + limits.ENGINE_TIMEOUT_SECONDS
    while True:
        try:
            # With the volumes that the image has asked for.
            engine.call("DELETE", container_path(container_id), {"force": 1, "v": 1})
            return
        except EngineRefusal as refusal:
            if refusal.status == 404:
                return
            # 409: a supervisor that was killed since has asked for the same.
            if refusal.status != 409 or time.monotonic() > deadline:
                raise
        time.sleep(limits.KILL_ROUND_SECONDS)


def _end_containers(engine, paths, run_id, attempt_number):
    for container_id in _find(engine, training_labels(paths, run_id, attempt_number), is_running=True):
        try:
            engine.call("POST", container_path(container_id, "kill"))
        except EngineRefusal as refusal:
            # 409: it has ended in between.
            if refusal.status not in (404, 409):
                raise


def _find(engine, labels, is_running):
    filters = {"label": ["%s=%s" % pair for pair in labels.items()]}
    query = {"all": int(not is_running), "filters": json.dumps(filters)}
    return [container["Id"] for container in engine.call("GET", "/containers/json", query)]
