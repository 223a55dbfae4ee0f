"""Publishes one checkpoint: files, then the manifest if there is none, then the pointer by compare-and-swap."""

import json
import os
import secrets

from .. import limits
from ..aws.multipart import upload_each, upload_file
from ..aws.storage import ConditionLost, StorageError
from ..digest import sha256_of
from ..instants import instant
from .checkpoints import FoundCheckpoint


class Fenced(Exception):
    """A newer attempt has begun: nothing of this one may be published any more."""


class CheckpointChanged(Exception):
    """The checkpoint was written to or removed while it was read: it was not complete, or is no more."""


class Publication:
    """One checkpoint on its way. Repeating `publish` after an error goes on where it stopped."""

    def __init__(self, storage, request, found: FoundCheckpoint, step, directory):
        self._storage = storage
        self._request = request
        self._directory = directory
        self.found = found
        self.step = step
        # A prefix that was never used before: nobody can have half a checkpoint of another kind there.
        nonce = secrets.token_hex(4)
        self.prefix = "%s%d-a%d-%s/" % (request.checkpoint_prefix, step, request.attempt_number, nonce)
        self._uploaded = {}
        self._manifest = None

    def publish(self):
        """Returns the checkpoint (domain/checkpoint.ts). Raises Fenced, CheckpointChanged, StorageError."""
        self._read_pointer()
        upload_each(self.found.files, lambda file: file.size_bytes, self._upload)
        if any(not self._is_unchanged(file) for file in self.found.files):
            raise CheckpointChanged(self.found.name)
        manifest = self._write_manifest()
        checkpoint = {
            "step": self.step,
            "attemptNumber": self._request.attempt_number,
            "prefix": self.prefix,
            "publishedAt": manifest["publishedAt"],
        }
        self._move_pointer(checkpoint)
        return checkpoint

    def _upload(self, file, pool):
        if file.path in self._uploaded:
            return
        path = self._local_path(file)
        try:
            sha256 = sha256_of(path)
            upload_file(self._storage, pool, self.prefix + file.path, path, file.size_bytes, sha256)
        except (FileNotFoundError, ValueError) as error:
            raise CheckpointChanged(self.found.name) from error
        except StorageError as error:
            # S3 compares what it gets with the sha256, so a file that changes in between is refused.
            if not self._is_unchanged(file):
                raise CheckpointChanged(self.found.name) from error
            raise
        if not self._is_unchanged(file):
            raise CheckpointChanged(self.found.name)
        self._uploaded[file.path] = sha256

    def _local_path(self, file):
        top = os.path.join(self._directory, self.found.name)
        return os.path.join(top, file.path) if self.found.is_folder else top

    def _is_unchanged(self, file):
        try:
            now = os.stat(self._local_path(file))
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns, now.st_ino) == (file.size_bytes, file.modified_ns, file.inode)

    def _write_manifest(self):
        if self._manifest is None:
            self._manifest = {
                "version": 1,
                "runId": self._request.run_id,
                "attemptNumber": self._request.attempt_number,
                "step": self.step,
                "publishedAt": instant(),
                "name": self.found.name,
                "kind": "folder" if self.found.is_folder else "file",
                "files": [
                    {"path": file.path, "sizeBytes": file.size_bytes, "sha256": self._uploaded[file.path]}
                    for file in self.found.files
                ],
            }
        content = json.dumps(self._manifest, indent=1).encode()
        self._storage.put_on_condition(self.prefix + "manifest.json", content, None)
        return self._manifest

    def _read_pointer(self):
        """(pointer or None, etag); raises Fenced."""
        content, etag = self._storage.get(self._request.latest_key)
        if content is None:
            return None, None
        pointer = json.loads(content)
        if pointer["fence"] > self._request.attempt_number:
            raise Fenced("attempt %d of this run has begun" % pointer["fence"])
        return pointer, etag

    def _move_pointer(self, checkpoint):
        for _ in range(limits.POINTER_SWAPS_MAX_COUNT):
            pointer, etag = self._read_pointer()
            if not self._may_point_to(checkpoint, pointer):
                return
            fence = max(self._request.attempt_number, pointer["fence"] if pointer else 0)
            moved = {"version": 1, "runId": self._request.run_id, "fence": fence, "checkpoint": checkpoint}
            try:
                self._storage.put_on_condition(self._request.latest_key, json.dumps(moved).encode(), etag)
                return
            except ConditionLost:
                # Somebody else moved it; read again and decide again.
                continue
        raise ConditionLost("%s changes all the time" % self._request.latest_key)

    def _may_point_to(self, checkpoint, pointer):
        # A script that ignored its resume checkpoint counts from zero; the older attempt's work is worth more.
        resume = self._request.resume_from
        older = pointer["checkpoint"] if pointer else None
        if not resume or not older or older["attemptNumber"] == self._request.attempt_number:
            return True
        return checkpoint["step"] >= resume["step"]
