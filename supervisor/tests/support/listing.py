"""ListObjectsV2 of the tests' S3: sorted, in pages, with keys as S3 encodes them."""

from urllib.parse import quote_plus

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def list_page(objects, query, page_size, etag_of):
    """One page as XML; the token is the last key of the page before."""
    assert query["encoding-type"] == "url"
    prefix, after = query.get("prefix", ""), query.get("continuation-token", "")
    keys = sorted((key for key in objects if key.startswith(prefix)), key=lambda key: key.encode())
    rest = [key for key in keys if key.encode() > after.encode()]
    page = rest[:page_size]
    entries = "".join(
        "<Contents><Key>%s</Key><LastModified>2026-11-24T10:00:00.000Z</LastModified><ETag>%s</ETag>"
        "<Size>%d</Size></Contents>"
        % (quote_plus(key, safe="/"), etag_of(objects[key]).replace('"', "&quot;"), len(objects[key]))
        for key in page
    )
    is_more = len(rest) > page_size
    token = "<NextContinuationToken>%s</NextContinuationToken>" % page[-1] if is_more else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="%s"><IsTruncated>%s</IsTruncated>%s%s'
        "</ListBucketResult>" % (_NAMESPACE, str(is_more).lower(), token, entries)
    ).encode()
