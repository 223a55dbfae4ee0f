"""What a run has uploaded of its outputs, so that a later attempt begins with what the earlier ones have written.

The index lies in the run's own bucket: under `data.outputUri` there may be files of others, and nothing but files of the
script is put there.
"""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .. import limits
from ..aws.bucket_folder import ListedObject, split_uri
from ..aws.multipart import probe_upload
from ..aws.object_download import ObjectChanged, download_object
from ..aws.storage import StorageError
from ..files import remove, write_json
from ..inside import path_inside
from ..patience import Refusals

_REFUSALS = Refusals("data-missing", "not-authorized", "data-failed")


@dataclass(frozen=True)
class UploadedFile:
    """A file as it was when it was uploaded; equal size and time mean that it has not changed since."""

    size_bytes: int
    modified_ns: int
    etag: str


def index_to_json(attempt_number, uri, files, is_complete):
    """The document, for the bucket and for a supervisor that takes over; `files` by path."""
    listed = [
        {"path": path, "sizeBytes": each.size_bytes, "modifiedNs": each.modified_ns, "etag": each.etag}
        for path, each in sorted(files.items())
    ]
    return {"version": 1, "attemptNumber": attempt_number, "uri": uri, "isComplete": is_complete, "files": listed}


def index_from_json(content):
    """The files by path; nothing for a document that is none."""
    try:
        return {
            each["path"]: UploadedFile(each["sizeBytes"], each["modifiedNs"], each["etag"])
            for each in content["files"]
        }
    except (KeyError, TypeError):
        return {}


def fetch_earlier_outputs(paths, request, storage, open_bucket, patience, tell):
    """Makes the folder for RUNCTL_OUTPUT_DIR, with what earlier attempts of the run have uploaded.

    Finds out beforehand whether outputs can be uploaded at all: after hours of training it would be too late.
    """
    uri = request.output_uri
    bucket, prefix = split_uri(uri)
    outputs = open_bucket(bucket)

    def ask(request_once):
        return patience.ask(request_once, uri, _REFUSALS)

    os.makedirs(paths.outputs, exist_ok=True)
    ask(lambda: probe_upload(outputs, prefix + ".runctl-probe"))
    files = _read_index(paths, request, storage, ask)
    if not files:
        return
    restored, lost = {}, []
    os.makedirs(paths.output_parts, exist_ok=True)

    def fetch(item):
        path, file = item
        local = path_inside(paths.outputs, path)
        found = ListedObject(prefix + path, file.size_bytes, file.etag, 0.0)
        part = os.path.join(paths.output_parts, hashlib.sha256(path.encode("utf-8", "replace")).hexdigest())
        try:
            ask(lambda: download_object(outputs, found, part, None, patience.check))
        except ObjectChanged:
            lost.append(path)
            remove(part)
            return
        os.makedirs(os.path.dirname(local), exist_ok=True)
        os.utime(part, ns=(file.modified_ns, file.modified_ns))
        os.replace(part, local)
        restored[path] = file

    with ThreadPoolExecutor(limits.TRANSFER_THREADS_COUNT) as pool:
        list(pool.map(fetch, files.items()))
    remove(paths.output_parts)
    write_json(paths.output_state, index_to_json(request.attempt_number, uri, restored, False))
    tell("%d outputs of earlier attempts are in RUNCTL_OUTPUT_DIR" % len(restored))
    if lost:
        tell("%d others were changed or deleted in the bucket since, such as %s" % (len(lost), lost[0]))


def _read_index(paths, request, storage, ask):
    if request.attempt_number == 1:
        return {}
    part = paths.output_index
    # Downloaded into a file, since it may be larger than a reply that is held in memory.
    is_there = ask(lambda: _download_if_there(storage, request.output_index_key, part))
    if not is_there:
        return {}
    with open(part, encoding="utf-8") as file:
        try:
            return index_from_json(json.load(file))
        except ValueError:
            return {}


def _download_if_there(storage, key, path):
    try:
        storage.download(key, path)
        return True
    except StorageError as error:
        if error.status == 404:
            return False
        raise
