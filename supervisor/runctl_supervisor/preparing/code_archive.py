"""Brings the staged code onto the instance: checked by its sha256, unpacked into `code/`."""

import os
import tarfile

from ..files import remove
from ..inside import path_inside
from ..journal import log
from ..patience import Refusals
from ..preparation_failure import PreparationFailure


def fetch_code(paths, request, storage, patience):
    """Downloads and unpacks; raises PreparationFailure. The script is there afterwards."""
    archive = paths.code_archive
    sha256 = patience.ask(
        lambda: storage.download(request.code_key, archive), "the code archive", Refusals("code-missing")
    )
    if sha256 != request.code_sha256:
        message = "%s has the sha256 %s, not %s" % (request.code_key, sha256, request.code_sha256)
        raise PreparationFailure("code-mismatch", message)
    remove(paths.code)
    try:
        _unpack(archive, paths.code)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise PreparationFailure("code-unreadable", "the code archive: %s" % error) from error
    remove(archive)
    # A marker that came with the code was not written by this attempt.
    remove(os.path.join(paths.code, request.marker_name))
    if not os.path.isfile(path_inside(paths.code, request.script)):
        raise PreparationFailure("script-missing", "there is no %s in the staged code" % request.script)


def _unpack(archive, folder):
    """Files, folders and links that stay inside; owned by us, whatever the archive says."""
    os.makedirs(folder)
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            path = path_inside(folder, member.name)
            if member.isdir():
                os.makedirs(path, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            # Written through a link that an earlier member made, a file could land anywhere.
            path_inside(os.path.realpath(folder), os.path.realpath(os.path.dirname(path)))
            if member.isfile():
                _write_member(tar, member, path)
            elif member.issym() and not os.path.isabs(member.linkname):
                path_inside(folder, os.path.join(os.path.dirname(member.name), member.linkname))
                os.symlink(member.linkname, path)
            else:
                log("the code archive's %s is no file, folder or inner link; left out" % member.name)


def _write_member(tar, member, path):
    remove(path)
    with tar.extractfile(member) as source, open(path, "wb") as target:
        for block in iter(lambda: source.read(1024 * 1024), b""):
            target.write(block)
    os.chmod(path, member.mode & 0o755 | 0o600)
    os.utime(path, (member.mtime, member.mtime))
