"""Brings the checkpoint to resume from onto the instance, and checks every file of it against its manifest."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

from .. import limits
from ..files import remove
from ..inside import path_inside
from ..patience import Refusals
from ..preparation_failure import PreparationFailure

_REFUSALS = Refusals("resume-unverified")


def fetch_resume_checkpoint(paths, request, storage, patience):
    """The path for RUNCTL_RESUME_FROM, or None on a fresh start. Raises PreparationFailure."""
    resume = request.resume_from
    if resume is None:
        return None
    prefix = resume["prefix"]
    remove(paths.resume)
    manifest = _manifest(prefix, storage, patience)
    top = path_inside(paths.resume, manifest["name"])
    folder = top if manifest["kind"] == "folder" else paths.resume
    os.makedirs(folder, exist_ok=True)

    def fetch(file):
        path = path_inside(folder, file["path"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        sha256 = patience.ask(lambda: storage.download(prefix + file["path"], path), file["path"], _REFUSALS)
        if sha256 != file["sha256"]:
            message = "%s of checkpoint %s is not what its manifest says" % (file["path"], prefix)
            raise PreparationFailure("resume-unverified", message)

    with ThreadPoolExecutor(limits.TRANSFER_THREADS_COUNT) as pool:
        list(pool.map(fetch, manifest["files"]))
    return top


def _manifest(prefix, storage, patience):
    content, _ = patience.ask(lambda: storage.get(prefix + "manifest.json"), "the manifest", _REFUSALS)
    try:
        manifest = json.loads(content or b"")
        if manifest["version"] == 1 and manifest["kind"] in ("file", "folder") and manifest["files"]:
            return manifest
    except (ValueError, KeyError, TypeError):
        pass
    raise PreparationFailure("resume-unverified", "%smanifest.json is missing or no manifest" % prefix)
