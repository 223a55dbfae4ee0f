"""SHA-256 of files, block by block."""

import hashlib


def sha256_of(path, size_bytes=None):
    """The hex digest of a file, or of its first bytes; raises ValueError when it has fewer."""
    digest = hashlib.sha256()
    remaining = size_bytes
    with open(path, "rb") as file:
        while remaining is None or remaining > 0:
            block = file.read(1024 * 1024 if remaining is None else min(1024 * 1024, remaining))
            if not block:
                break
            digest.update(block)
            remaining = None if remaining is None else remaining - len(block)
    if remaining:
        raise ValueError("%s became shorter while it was read" % path)
    return digest.hexdigest()
