"""Brings `data.inputUri` onto the instance before the script starts, and keeps what is there already.

A file that is whole has the time of its object, to the second; the fraction of that second is made of its ETag. So one
look at size and time tells whether a file is the object's, without a list that would have to be kept beside the data.
"""

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from .. import limits
from ..aws.bucket_folder import ListedObject, list_objects, split_uri
from ..aws.object_download import ObjectChanged, download_object
from ..files import remove
from ..patience import Refusals
from ..preparation_failure import PreparationFailure
from .expected_names import ExpectedNames

_REFUSALS = Refusals("data-missing", "not-authorized", "data-failed")


def data_directory(paths, uri):
    """Where the data of an address lies; another address has another folder, so that they never mix."""
    return os.path.join(paths.data, hashlib.sha256(uri.encode()).hexdigest()[:16])


class DataInput:
    """One download; `fetch` returns the folder once it holds exactly what is under the address."""

    def __init__(self, paths, uri, open_bucket, patience, tell):
        bucket, self._prefix = split_uri(uri)
        self._paths, self._uri = paths, uri
        self._storage = open_bucket(bucket)
        self._patience = patience
        self._tell = tell
        self._directory = data_directory(paths, uri)
        self._parts = os.path.join(paths.data, "parts")
        self._slots = threading.Semaphore(limits.DATA_WAITING_MAX_COUNT)
        self._count = self._fetched_bytes = self._kept_bytes = 0
        self._told_at = time.monotonic()

    def fetch(self):
        self._make_room()
        began = time.monotonic()
        names = ExpectedNames(self._directory)
        try:
            with ThreadPoolExecutor(limits.DATA_THREADS_COUNT) as pool:
                self._fetch_all(pool, names)
        except OSError as error:
            raise PreparationFailure("data-failed", "%s cannot be stored: %s" % (self._uri, error)) from error
        if self._count == 0:
            raise PreparationFailure("data-missing", "there is nothing under %s" % self._uri)
        names.finish()
        remove(self._parts)
        self._tell(
            "%s is here: %d files, %s downloaded in %.1f s, %s there already"
            % (
                self._uri,
                self._count,
                _size(self._fetched_bytes),
                time.monotonic() - began,
                _size(self._kept_bytes),
            )
        )
        return self._directory

    def _make_room(self):
        """Half-loaded files go, and the data of other addresses: the disk may not hold two sets."""
        for name in os.listdir(self._paths.data) if os.path.isdir(self._paths.data) else []:
            if name != os.path.basename(self._directory):
                remove(os.path.join(self._paths.data, name))
        for folder in (self._directory, self._parts):
            os.makedirs(folder, exist_ok=True)

    def _fetch_all(self, pool, names):
        waiting = []
        for found in self._listed():
            self._patience.check()
            path = self._local_path(found)
            is_folder = found.key.endswith("/")
            names.expect(os.path.relpath(path, self._directory), is_folder)
            self._count += 0 if is_folder else 1
            if is_folder:
                os.makedirs(path, exist_ok=True)
            elif _is_there(path, found):
                self._kept_bytes += found.size_bytes
            elif found.size_bytes > limits.RANGE_THRESHOLD_BYTES:
                # From this thread, since a download that waits for its ranges must not hold a thread of theirs.
                self._fetch(found, path, pool)
            else:
                self._slots.acquire()
                if len(waiting) >= limits.DATA_WAITING_MAX_COUNT:
                    waiting = [job for job in waiting if not _has_ended(job)]
                waiting.append(pool.submit(self._fetch_and_free, found, path))
        for job in waiting:
            job.result()

    def _listed(self):
        """What is under the address: a folder, or else the one object of that name."""
        is_empty = True
        for found in list_objects(self._storage, self._prefix, self._ask):
            is_empty = False
            if found.key != self._prefix:
                yield found
        if is_empty and self._prefix != "" and not self._uri.endswith("/"):
            key = self._prefix[:-1]
            for found in list_objects(self._storage, key, self._ask):
                if found.key == key:
                    yield found
                return

    def _local_path(self, found):
        relative = found.key[len(self._prefix) :] if found.key.startswith(self._prefix) else found.key.split("/")[-1]
        parts = relative.rstrip("/").split("/")
        if found.key.endswith("/") and (found.size_bytes > 0 or relative.endswith("//")):
            raise PreparationFailure("data-failed", "the key %r is no name of a file" % found.key)
        if any(part in ("", ".", "..") or "\0" in part for part in parts):
            raise PreparationFailure("data-failed", "the key %r is no path inside of a folder" % found.key)
        return os.path.join(self._directory, *parts)

    def _fetch_and_free(self, found, path):
        try:
            self._fetch(found, path, None)
        finally:
            self._slots.release()

    def _fetch(self, found, path, pool):
        self._patience.check()
        part = os.path.join(self._parts, hashlib.sha256(found.key.encode()).hexdigest())
        try:
            self._ask(lambda: download_object(self._storage, found, part, pool, self._patience.check))
        except ObjectChanged as error:
            raise PreparationFailure("data-failed", "%s: %s" % (self._uri, error)) from error
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.isdir(path) and not os.path.islink(path):
            raise PreparationFailure("data-failed", "%r is both an object and a folder" % found.key)
        os.utime(part, ns=(_stamp_ns(found), _stamp_ns(found)))
        os.replace(part, path)
        self._fetched_bytes += found.size_bytes
        now = time.monotonic()
        if now - self._told_at > limits.DATA_TELL_SECONDS:
            self._told_at = now
            self._tell("%s of %s are downloaded" % (_size(self._fetched_bytes), self._uri))

    def _ask(self, request):
        return self._patience.ask(request, self._uri, _REFUSALS)


def _is_there(path, found: ListedObject):
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return status.st_size == found.size_bytes and status.st_mtime_ns == _stamp_ns(found)


def _stamp_ns(found: ListedObject):
    fraction = int(hashlib.sha256(found.etag.encode()).hexdigest()[:15], 16) % 1_000_000_000
    return int(found.modified_at_seconds) * 1_000_000_000 + fraction


def _has_ended(job):
    if not job.done():
        return False
    # Raises what the download raised.
    job.result()
    return True


def _size(size_bytes):
    for unit in ("B", "kB", "MB"):
        if size_bytes < 1000:
            return "%.3g %s" % (size_bytes, unit)
        size_bytes /= 1000
    return "%.1f GB" % size_bytes
