"""Uploads of large files in parts, several at a time.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor, wait
from xml.sax.saxutils import escape, unescape

from .. import limits
from .http_exchange import FileSlice
from .storage import StorageError


def upload_each(items, size_of, upload):
    """Calls `upload(item, pool)` for each: small ones at the same time, then large ones, of which the parts are.

    Only a large one gets the pool, since an upload that waits for its parts must not hold a thread of theirs. What
    `upload` raises ends it.
    """
    with ThreadPoolExecutor(limits.TRANSFER_THREADS_COUNT) as pool:
        large = [item for item in items if size_of(item) > limits.MULTIPART_THRESHOLD_BYTES]
        small = [item for item in items if size_of(item) <= limits.MULTIPART_THRESHOLD_BYTES]
        list(pool.map(lambda item: upload(item, None), small))
        for item in large:
            upload(item, pool)


def upload_file(storage, pool, key, path, size_bytes, sha256, on_progress=lambda: None):
    """Uploads one file of any size, in parts above the threshold; returns its ETag. Tells each part that is there."""
    if size_bytes <= limits.MULTIPART_THRESHOLD_BYTES:
        return storage.put_file(key, path, size_bytes, sha256)
    upload_id = _begin(storage, key)
    try:
        parts = _upload_parts(storage, pool, key, upload_id, path, size_bytes, on_progress)
        return _complete(storage, key, upload_id, parts)
    except BaseException:
        _abort(storage, key, upload_id)
        raise


def probe_upload(storage, key):
    """Finds out whether an object of that key may be written, without writing one: begins an upload and takes it back."""
    _abort(storage, key, _begin(storage, key))


def _begin(storage, key):
    headers = {"x-amz-checksum-algorithm": "SHA256"}
    created = storage.send("POST", key, query={"uploads": ""}, headers=headers)
    match = re.search(rb"<UploadId>(.*?)</UploadId>", created.body, re.DOTALL)
    if match is None:
        raise StorageError(0, "NoUploadId", "the multipart upload did not begin")
    return match.group(1).decode()


def _upload_parts(storage, pool, key, upload_id, path, size_bytes, on_progress):
    """(number, ETag, checksum) of each. Returns or raises only when no part is under way any more.

    One that arrives after the upload was aborted would stay in the bucket, unseen and paid for.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
    """
    jobs = [pool.submit(_upload_part, storage, key, upload_id, *part) for part in _parts(path, size_bytes)]
    try:
        parts = []
        for job in jobs:
            parts.append(job.result())
            on_progress()
        return parts
    finally:
        for job in jobs:
            job.cancel()
        wait(jobs)


def _parts(path, size_bytes):
    part_bytes = max(limits.MULTIPART_PART_BYTES, -(-size_bytes // limits.MULTIPART_PARTS_MAX_COUNT))
    for index, offset in enumerate(range(0, size_bytes, part_bytes)):
        yield index + 1, FileSlice(path, offset, min(part_bytes, size_bytes - offset))


def _upload_part(storage, key, upload_id, number, part):
    digest = hashlib.sha256()
    for block in part.blocks():
        digest.update(block)
    checksum = base64.b64encode(digest.digest()).decode()
    reply = storage.send(
        "PUT",
        key,
        query={"partNumber": str(number), "uploadId": upload_id},
        headers={"x-amz-checksum-sha256": checksum},
        body=part,
        body_sha256=digest.hexdigest(),
    )
    return number, reply.headers.get("ETag") or "", checksum


def _complete(storage, key, upload_id, parts):
    listed = "".join(
        "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag><ChecksumSHA256>%s</ChecksumSHA256></Part>"
        % (number, escape(etag), checksum)
        for number, etag, checksum in parts
    )
    body = ("<CompleteMultipartUpload>%s</CompleteMultipartUpload>" % listed).encode()
    sha256 = hashlib.sha256(body).hexdigest()
    reply = storage.send("POST", key, query={"uploadId": upload_id}, body=body, body_sha256=sha256)
    # This call can fail inside a 200: the status is sent before the parts are joined.
    if b"<Error>" in reply.body:
        raise StorageError(0, "CompleteFailed", reply.body[:300].decode("utf-8", "replace"))
    match = re.search(rb"<ETag>(.*?)</ETag>", reply.body, re.DOTALL)
    return unescape(match.group(1).decode(), {"&quot;": '"', "&#34;": '"'}) if match else ""


def _abort(storage, key, upload_id):
    try:
        storage.send("DELETE", key, query={"uploadId": upload_id})
    except StorageError:
        # The bucket's lifecycle rule for incomplete uploads removes it.
        pass
