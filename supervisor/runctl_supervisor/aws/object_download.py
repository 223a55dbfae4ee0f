"""Downloads one object into a file and checks what came, in parts at the same time where it is large."""

import hashlib
import os
import re
import zlib
from base64 import b64encode

from .. import limits
from .storage import StorageError

_MD5_ETAG = re.compile(r'"?([0-9a-f]{32})"?')
_BLOCK_BYTES = 1024 * 1024


class ObjectChanged(Exception):
    """The object is not the one that was listed, or what came is not what S3 says of it."""


def download_object(storage, found, path, pool=None, check=lambda: None):
    """Writes a listed object to the file. With a pool, and above the threshold, in ranges. `check` may end it.

    Each request names the ETag, so parts of two versions are never mixed. What came is compared with the size and with
    the checksum that S3 gives: its MD5, CRC-32, SHA-1 or SHA-256, whichever there is. Raises ObjectChanged, StorageError.
    """
    try:
        if pool is None or found.size_bytes <= limits.RANGE_THRESHOLD_BYTES:
            checksums = _download_whole(storage, found, path, check)
        else:
            checksums = _download_ranges(storage, found, path, pool, check)
    except StorageError as error:
        if error.status in (404, 412, 416):
            raise ObjectChanged("%s was changed or deleted while it was read" % found.key) from error
        raise
    size_bytes = os.path.getsize(path)
    if size_bytes != found.size_bytes:
        raise ObjectChanged("%s has %d bytes, not %d" % (found.key, size_bytes, found.size_bytes))
    for name, stated, computed in checksums:
        if stated != computed:
            raise ObjectChanged("what came of %s does not have its %s" % (found.key, name))


def _download_whole(storage, found, path, check):
    digests = {}

    def restart():
        digests.update(_new_digests(found.etag))
        file.seek(0)
        file.truncate()

    def sink(block):
        check()
        for digest in digests.values():
            digest.update(block)
        file.write(block)

    headers = {"If-Match": found.etag, "x-amz-checksum-mode": "ENABLED"}
    with open(path, "wb") as file:
        reply = storage.send("GET", found.key, headers=headers, sink=sink, before_try=restart)
    return _checksums(reply.headers, found.etag, digests)


def _download_ranges(storage, found, path, pool, check):
    step = limits.RANGE_BYTES
    with open(path, "wb") as file:

        def fetch(start):
            end = min(start + step, found.size_bytes)
            return _download_range(storage, found, file.fileno(), start, end, check)

        file.truncate(found.size_bytes)
        replies = list(pool.map(fetch, range(0, found.size_bytes, step)))
    headers = replies[0].headers
    if not _is_md5(headers, found.etag):
        # A range comes without the checksum of the whole object.
        asked = {"If-Match": found.etag, "x-amz-checksum-mode": "ENABLED"}
        headers = storage.send("HEAD", found.key, headers=asked).headers
    digests = {
        name: digest
        for name, digest in _new_digests(found.etag).items()
        if _stated(name, headers, found.etag) is not None
    }
    if digests:
        _read_into(digests.values(), path, check)
    return _checksums(headers, found.etag, digests)


def _read_into(digests, path, check):
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(_BLOCK_BYTES), b""):
            check()
            for digest in digests:
                digest.update(block)


def _download_range(storage, found, descriptor, start, end, check):
    position = start

    def restart():
        nonlocal position
        position = start

    def sink(block):
        nonlocal position
        check()
        view = memoryview(block)
        while view:
            written = os.pwrite(descriptor, view, position)
            position += written
            view = view[written:]

    headers = {"If-Match": found.etag, "Range": "bytes=%d-%d" % (start, end - 1)}
    reply = storage.send("GET", found.key, headers=headers, sink=sink, before_try=restart)
    if reply.status != 206 or position != end:
        raise StorageError(400, "RangeIgnored", "asked for bytes %d to %d of %s" % (start, end, found.key))
    return reply


def _checksums(headers, etag, digests):
    """(name, what S3 states, what came) of every checksum that covers the whole object."""
    return [
        (name.upper(), stated, digest.hexdigest() if name == "md5" else b64encode(digest.digest()).decode())
        for name, digest in digests.items()
        for stated in [_stated(name, headers, etag)]
        if stated is not None
    ]


def _stated(name, headers, etag):
    """What S3 says of the whole object by that name; None when it says nothing."""
    if name == "md5":
        return etag.strip('"') if _is_md5(headers, etag) else None
    # A checksum of checksums (of a multipart upload) says nothing about the bytes in one piece.
    is_whole = headers.get("x-amz-checksum-type", "FULL_OBJECT") != "COMPOSITE"
    stated = headers.get("x-amz-checksum-" + name)
    return stated if is_whole and stated and "-" not in stated else None


def _is_md5(headers, etag):
    """Whether the ETag is the MD5 of the bytes: not for multipart uploads, and not under a key of KMS or one's own.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    is_encrypted = headers.get("x-amz-server-side-encryption", "AES256") != "AES256"
    has_own_key = headers.get("x-amz-server-side-encryption-customer-algorithm") is not None
    return _MD5_ETAG.fullmatch(etag) is not None and not is_encrypted and not has_own_key


def _new_digests(etag):
    """Those that S3 may state: where it gives an MD5, there is no need to compute the slow ones beside it."""
    if _MD5_ETAG.fullmatch(etag):
        return {"md5": _md5(), "crc32": _Crc32()}
    return {"crc32": _Crc32(), "sha1": hashlib.sha1(usedforsecurity=False), "sha256": hashlib.sha256()}


def _md5():
    # Compares bytes, protects nothing; a Python in FIPS mode has to be told.
    return hashlib.md5(usedforsecurity=False)


class _Crc32:
    def __init__(self):
        self._value = 0

    def update(self, block):
        self._value = zlib.crc32(block, self._value)

    def digest(self):
        return self._value.to_bytes(4, "big")
