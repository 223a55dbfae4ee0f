"""Uploads what the script writes to RUNCTL_OUTPUT_DIR: while it trains, and the rest when it has ended.

While it trains, a file goes up once it has stopped changing, or has been changing for long: a death without notice then
costs minutes of outputs, not all of them. S3 compares each file with its sha256; at the end the listing of the bucket is
compared with what was sent.
"""

import json
import os
import time

from .. import limits
from ..aws.bucket_folder import list_objects, split_uri
from ..aws.multipart import upload_each, upload_file
from ..aws.storage import StorageError
from ..digest import sha256_of
from ..files import read_json, write_json
from ..journal import log
from .output_folder import kept_outputs_path, scan_outputs
from .output_index import UploadedFile, index_from_json, index_to_json
from .persistent import PersistentThread


class OutputPublisher(PersistentThread):
    """Looks every while; after `finish` uploads all, verifies, and ends. Errors are retried for as long as it is let."""

    def __init__(self, paths, request, storage, open_bucket, on_change):
        super().__init__("output-publisher", on_change)
        self._paths, self._request, self._storage = paths, request, storage
        bucket, self._prefix = split_uri(request.output_uri)
        self._bucket = open_bucket(bucket)
        self._is_last = False
        self._verifies = True
        self._is_dirty = False
        self._uploaded = {}
        # When each file was first seen as it is, or in need of an upload: path → (size, time, seen at, dirty since).
        self._seen = {}
        self._left_out = None
        self._scan_seconds = 0.0
        self._error = None
        self.warning = None
        self.has_given_up = False
        # When the last file went up; who waits for the end gives up when that is long ago.
        self.last_success_at = time.monotonic()

    def finish(self, verifies):
        """The trainer has ended: upload what is there, and verify it if there is time. `is_finished` tells when."""
        self._verifies = verifies
        self._is_last = True
        self.last_success_at = time.monotonic()
        self._wake_up()

    def give_up(self):
        """No more time: what is not uploaded is said to be missing."""
        self.has_given_up = True
        self._wake_up()
        missing = [path for path, each in self._scan().items() if not self._is_uploaded(path, each)]
        if not missing:
            return
        request, why = self._request, "" if self._error is None else " (%s)" % self._error
        self.warning = "%d outputs, such as %s, were not uploaded to %s%s" % (
            len(missing),
            missing[0],
            request.output_uri,
            why,
        )
        if not request.may_shut_down:
            kept = kept_outputs_path(self._paths, request.run_id, request.attempt_number)
            self.warning += "; they stay on the instance, in %s" % kept

    def _begin(self):
        # Read here, since the preparation may have filled it after this object was made.
        self._uploaded = index_from_json(read_json(self._paths.output_state))

    def _pass(self):
        """One look; True when it was the last, also since a newer attempt has begun and has the outputs to itself."""
        if self.has_given_up:
            return True
        is_last = self._is_last
        found = self._scan()
        changed = [path for path, each in found.items() if not self._is_uploaded(path, each)]
        due = [path for path in changed if self._is_due(path, found[path], is_last)]
        if (due or self._is_dirty or is_last) and self._is_fenced():
            self.warning = "outputs are not uploaded any more: a newer attempt of the run has begun"
            return True
        failures = self._upload_all(due, found)
        if is_last and not failures:
            self._verify(self._scan())
        self._write_index(found, is_last and not failures)
        if failures:
            raise failures[0]
        if not self.has_given_up:
            self.warning = self._left_out
        return is_last

    def _scan(self):
        began = time.monotonic()
        found, left_out = scan_outputs(self._paths.outputs)
        self._scan_seconds = time.monotonic() - began
        self._left_out = None
        if left_out:
            message = "%d outputs, such as %r, are no files that S3 can hold, and are left out"
            self._left_out = message % (len(left_out), left_out[0])
        return found

    def _is_uploaded(self, path, found):
        known = self._uploaded.get(path)
        return known is not None and (known.size_bytes, known.modified_ns) == (found.size_bytes, found.modified_ns)

    def _is_due(self, path, found, is_last):
        now = time.monotonic()
        look = (found.size_bytes, found.modified_ns)
        before = self._seen.get(path)
        if before is None or before[0] != look:
            self._seen[path] = before = (look, now, before[2] if before else now)
        if is_last or now - before[1] >= limits.OUTPUT_STABLE_SECONDS:
            return True
        # A log that grows all the time; what is larger would go up again and again.
        is_small = found.size_bytes <= limits.MULTIPART_THRESHOLD_BYTES
        return is_small and now - before[2] >= limits.OUTPUT_CHANGING_SECONDS

    def _upload_all(self, due, found):
        """Each of them, whatever became of the others; what went wrong."""
        failures = []

        def upload(path, pool):
            try:
                self._upload(path, found[path], pool)
            except (StorageError, OSError) as error:
                failures.append(error)

        upload_each(due, lambda path: found[path].size_bytes, upload)
        return failures

    def _note_progress(self):
        self.last_success_at = time.monotonic()

    def _upload(self, path, found, pool):
        if self.has_given_up:
            return
        local = os.path.join(self._paths.outputs, path)
        try:
            sha256 = sha256_of(local, found.size_bytes)
            key = self._prefix + path
            etag = upload_file(self._bucket, pool, key, local, found.size_bytes, sha256, self._note_progress)
        except (FileNotFoundError, ValueError):
            # Deleted or made shorter meanwhile: the next look decides anew.
            return
        except StorageError as error:
            if error.code == "BadDigest" or error.code == "XAmzContentSHA256Mismatch":
                return
            raise
        self._uploaded[path] = UploadedFile(found.size_bytes, found.modified_ns, etag)
        self._seen.pop(path, None)
        self._is_dirty = True
        self._note_progress()

    def _verify(self, found):
        """Compares the folder, what was sent, and the bucket; what differs is sent again by the next pass."""
        if self._verifies:
            waiting = dict(self._uploaded)
            for listed in list_objects(self._bucket, self._prefix):
                path = listed.key[len(self._prefix) :]
                sent = waiting.get(path)
                if sent is not None and (sent.size_bytes, _bare(sent.etag)) == (listed.size_bytes, _bare(listed.etag)):
                    del waiting[path]
            for path in waiting:
                del self._uploaded[path]
        missing = [path for path, each in found.items() if not self._is_uploaded(path, each)]
        if missing:
            raise StorageError(0, "NotThere", "%d outputs, such as %s, are not in the bucket" % (len(missing), missing[0]))

    def _write_index(self, found, is_last):
        if not self._is_dirty and not is_last:
            return
        # What the script has deleted stays in the bucket, but does not come back to a later attempt.
        self._uploaded = {path: each for path, each in self._uploaded.items() if path in found}
        content = index_to_json(self._request.attempt_number, self._request.output_uri, self._uploaded, is_last)
        self._storage.put(self._request.output_index_key, json.dumps(content).encode())
        write_json(self._paths.output_state, content)
        self._is_dirty = False

    def _is_fenced(self):
        content, _ = self._storage.get(self._request.latest_key)
        return content is not None and json.loads(content)["fence"] > self._request.attempt_number

    def _note_failure(self, error):
        self._error = error
        if not self.has_given_up:
            self.warning = "Some outputs are not uploaded yet (%s); trying again." % error
        log("outputs: %s: %s" % (type(error).__name__, error))
        self._on_change()
        return True

    def _pause_seconds(self, failures):
        if failures > 0:
            return min(0.5 * 2 ** min(failures, 5), limits.PUBLISHING_RETRY_MAX_SECONDS)
        # A folder that takes long to look through is looked at less often. After `finish` there is nothing to wait for.
        calm = max(limits.OUTPUT_LOOK_SECONDS, limits.OUTPUT_LOOK_PAUSE_FACTOR * self._scan_seconds)
        return 0 if self._is_last else calm


def _bare(etag):
    return etag.strip('"')
