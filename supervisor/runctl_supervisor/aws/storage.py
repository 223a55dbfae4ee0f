"""The few requests to S3 that the supervisor makes: read, write, write on a condition.

Each tries a few times with back-off; who has more time than that asks again.
"""

import base64
import errno
import hashlib
import http.client
import random
import re
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from .. import limits
from .credentials import CredentialsMissing
from .http_exchange import FileSlice, exchange
from .refusal import CREDENTIAL_CODES, AwsRefusal
from .service import endpoint_override, host_of
from .sigv4 import EMPTY_SHA256, encoded_target, signed_headers


# Of the file that is written or read meanwhile, never of a network: asking again would not help.
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


class StorageError(AwsRefusal):
    """S3 refused a request, or could not be reached (status 0)."""


class ConditionLost(Exception):
    """Somebody else's object is there, or has changed since it was read."""


class Storage:
    """One bucket, with the instance's own credentials; safe to use from several threads."""

    def __init__(self, region, bucket, credentials):
        self._region = region
        self._credentials = credentials
        self._clock_offset_seconds = 0.0
        self._origin, self._base_path = _address(region, bucket, endpoint_override("S3"))

    def get(self, key):
        """(content, etag), or (None, None) when there is no such object."""
        try:
            reply = self.send("GET", key)
        except StorageError as error:
            if error.status == 404:
                return None, None
            raise
        return reply.body, reply.headers.get("ETag")

    def download(self, key, path):
        """Writes the object to a file; returns the sha256 of what came."""
        digest = hashlib.sha256()

        def restart():
            nonlocal digest
            digest = hashlib.sha256()
            file.seek(0)
            file.truncate()

        def sink(block):
            digest.update(block)
            file.write(block)

        with open(path, "wb") as file:
            self.send("GET", key, sink=sink, before_try=restart)
        return digest.hexdigest()

    def put(self, key, content):
        self.send("PUT", key, body=content, body_sha256=hashlib.sha256(content).hexdigest())

    def put_file(self, key, path, size_bytes, sha256):
        """Streams a file; S3 compares what it gets with the sha256 and keeps it as the object's checksum. Its ETag."""
        headers = {"x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode()}
        reply = self.send("PUT", key, headers=headers, body=FileSlice(path, 0, size_bytes), body_sha256=sha256)
        return reply.headers.get("ETag") or ""

    def put_on_condition(self, key, content, etag):
        """Writes if the object is still the one with that etag, or if there is none (etag None).

        A 412 may be the echo of our own first try whose reply was lost, so the object decides, not the status.
        """
        condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            self.send("PUT", key, headers=condition, body=content, body_sha256=sha256)
        except StorageError as error:
            if error.status not in (404, 409, 412):
                raise
            if self.get(key)[0] != content:
                raise ConditionLost(key) from error

    def send(
        self, method, key, query=None, headers=None, body=None, body_sha256=EMPTY_SHA256, sink=None, before_try=None
    ):
        """One request with its tries; raises StorageError."""
        failure = None
        for number in range(limits.STORAGE_TRIES_MAX_COUNT):
            if number > 0:
                pause = limits.STORAGE_BACKOFF_FIRST_SECONDS * 2 ** (number - 1)
                time.sleep(min(pause, limits.STORAGE_BACKOFF_MAX_SECONDS) * random.uniform(0.7, 1.3))
            if before_try is not None:
                before_try()
            try:
                return self._send_once(method, key, query or {}, headers or {}, body, body_sha256, sink)
            except StorageError as error:
                failure = error
                if error.code in CREDENTIAL_CODES:
                    self._credentials.forget()
                elif error.code != "RequestTimeTooSkewed" and not error.is_transient:
                    raise
        raise failure

    def _send_once(self, method, key, query, headers, body, body_sha256, sink):
        path = self._base_path + key
        encoded_path, encoded_query = encoded_target(path, query)
        target = encoded_path + ("?" + encoded_query if encoded_query else "")
        try:
            signed = signed_headers(
                method,
                path,
                query,
                {"Host": urlsplit(self._origin).netloc, **headers},
                body_sha256,
                self._credentials.current(),
                self._region,
                time.time() + self._clock_offset_seconds,
            )
            reply = exchange(
                self._origin, method, target, signed, body, sink, limits.STORAGE_TIMEOUT_SECONDS
            )
        except CredentialsMissing as error:
            raise StorageError(0, "CredentialsMissing", str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, FileNotFoundError) or getattr(error, "errno", None) in _DISK_ERRORS:
                raise
            raise StorageError(0, "Unreachable", "%s: %s" % (type(error).__name__, error)) from error
        if reply.status in (200, 204, 206):
            return reply
        raise self._refusal(reply)

    def _refusal(self, reply):
        code = _xml_text(reply.body, b"Code") or "Status%d" % reply.status
        if code == "RequestTimeTooSkewed" and reply.headers.get("Date"):
            # Signatures carry the time, and the storage's clock is the one that counts.
            theirs = parsedate_to_datetime(reply.headers["Date"]).timestamp()
            self._clock_offset_seconds = theirs - time.time()
        return StorageError(reply.status, code, _xml_text(reply.body, b"Message") or "no message")


def _address(region, bucket, override):
    """Origin and the path before a key: path style for an endpoint of one's own, else the bucket's own host name."""
    if override:
        parts = urlsplit(override)
        return "%s://%s" % (parts.scheme, parts.netloc), "%s/%s/" % (parts.path.rstrip("/"), bucket)
    if "." in bucket:
        # The wildcard certificate covers one label only.
        return "https://" + host_of("s3", region), "/%s/" % bucket
    return "https://%s.%s" % (bucket, host_of("s3", region)), "/"


def _xml_text(body, name):
    match = re.search(b"<%s>(.*?)</%s>" % (name, name), body, re.DOTALL)
    return match.group(1).decode("utf-8", "replace") if match else ""
