"""A folder of a bucket, `s3://bucket/prefix`: what lies in it, page by page."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from urllib.parse import unquote_plus

from .. import limits
from ..instants import instant_seconds
from .storage import StorageError

_URI = re.compile(r"s3://([^/]+)(?:/(.*))?", re.DOTALL)


@dataclass(frozen=True)
class ListedObject:
    key: str
    size_bytes: int
    etag: str
    modified_at_seconds: float


def split_uri(uri):
    """(bucket, prefix); the prefix is empty or ends in `/`, since `s3://bucket/data` does not mean `database`."""
    bucket, prefix = _URI.fullmatch(uri).groups()
    prefix = prefix or ""
    return bucket, prefix if prefix == "" or prefix.endswith("/") else prefix + "/"


def list_objects(storage, prefix, ask=lambda request: request()):
    """All objects below a prefix in the order of their keys, a page of 1,000 at a time; `ask` makes each request."""
    token = None
    for _ in range(limits.LIST_PAGES_MAX_COUNT):
        page, token = ask(lambda after=token: _page(storage, prefix, after))
        yield from page
        if token is None:
            return
    raise StorageError(400, "TooManyObjects", "more than %d pages of objects" % limits.LIST_PAGES_MAX_COUNT)


def _page(storage, prefix, token):
    # Keys may hold characters that no XML can.
    query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
    if token is not None:
        query["continuation-token"] = token
    reply = storage.send("GET", "", query=query)
    try:
        root = ElementTree.fromstring(reply.body)
    except ElementTree.ParseError as error:
        raise StorageError(0, "ListingNotUnderstood", str(error)) from error
    objects = [_listed(entry) for entry in _children(root, "Contents")]
    return objects, _text(root, "NextContinuationToken") if _text(root, "IsTruncated") == "true" else None


def _listed(entry):
    return ListedObject(
        unquote_plus(_text(entry, "Key")),
        int(_text(entry, "Size") or 0),
        _text(entry, "ETag"),
        instant_seconds(_text(entry, "LastModified")) or 0.0,
    )


def _children(element, name):
    # S3 gives its elements a namespace; its stand-ins do not always.
    return [child for child in element if child.tag.rsplit("}", 1)[-1] == name]


def _text(element, name):
    found = _children(element, name)
    return (found[0].text or "") if found else ""
