"""RUNCTL_OUTPUT_DIR on the disk: what is in it, and what becomes of it when its attempt is cleared away."""

import os
import stat

from ..files import read_json, remove
from .output_index import UploadedFile


def scan_outputs(directory):
    """(files by path, names that S3 cannot hold). Links to files count as files, links to folders are not followed."""
    found, left_out = {}, []
    for folder, folders, names in os.walk(directory):
        left_out += [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), directory)
            status = _status(os.path.join(folder, name))
            if status is None or not stat.S_ISREG(status.st_mode) or not _is_key(path):
                left_out.append(path)
            else:
                found[path] = UploadedFile(status.st_size, status.st_mtime_ns, "")
    return found, left_out


def set_aside_outputs(paths):
    """Clears the folder; outputs that are not in the bucket are kept, under the name of their attempt."""
    request = read_json(paths.request) or {}
    wants_upload = (request.get("data") or {}).get("outputUri") is not None
    is_complete = (read_json(paths.output_state) or {}).get("isComplete")
    if wants_upload and not is_complete and scan_outputs(paths.outputs)[0]:
        os.makedirs(paths.kept_outputs, exist_ok=True)
        kept = kept_outputs_path(paths, request.get("runId"), request.get("attemptNumber"))
        remove(kept)
        os.replace(paths.outputs, kept)
    else:
        remove(paths.outputs)


def kept_outputs_path(paths, run_id, attempt_number):
    return os.path.join(paths.kept_outputs, "%s-a%s" % (run_id, attempt_number))


def _status(path):
    try:
        return os.stat(path)
    except OSError:
        # A link to nothing, or deleted a moment ago.
        return None


def _is_key(path):
    try:
        return len(path.encode("utf-8")) <= 900
    except UnicodeEncodeError:
        return False
