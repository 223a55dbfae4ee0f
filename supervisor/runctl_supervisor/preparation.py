"""Brings code and resume checkpoint onto the instance and verifies both, before a trainer may start."""

import json
import os
import stat
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from . import limits
from .files import remove
from .journal import log
from .storage import StorageError


class PreparationFailure(Exception):
    """The attempt cannot begin; becomes `preparationFailure` of the report."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class Preparation(threading.Thread):
    """Downloads beside the main loop, so that a notice is heard meanwhile.

    Once it has ended, `failure` says why the attempt cannot begin, or `resume_path` where to go on from.
    """

    def __init__(self, paths, request, storage, on_change):
        super().__init__(name="preparation", daemon=True)
        self._paths = paths
        self._request = request
        self._storage = storage
        self._on_change = on_change
        self.failure = None
        self.warning = None
        self.resume_path = None

    def run(self):
        try:
            with ThreadPoolExecutor(2) as pool:
                code = pool.submit(self._fetch_code)
                resume = pool.submit(self._fetch_resume_checkpoint)
                code.result()
                self.resume_path = resume.result()
        except PreparationFailure as failure:
            self.failure = failure
        except Exception as error:
            self.failure = PreparationFailure("preparation-failed", "%s: %s" % (type(error).__name__, error))
        self._on_change()

    def _fetch_code(self):
        request, paths = self._request, self._paths
        archive = os.path.join(paths.training, "code.tar.gz.part")
        sha256 = self._with_patience(
            lambda: self._storage.download(request.code_key, archive), "code-missing", "the code archive"
        )
        if sha256 != request.code_sha256:
            raise PreparationFailure(
                "code-mismatch", "%s has the sha256 %s, not %s" % (request.code_key, sha256, request.code_sha256)
            )
        remove(paths.code)
        try:
            _unpack(archive, paths.code)
        except (tarfile.TarError, EOFError, OSError) as error:
            raise PreparationFailure("code-unreadable", "the code archive: %s" % error) from error
        remove(archive)
        # A marker that came with the code was not written by this attempt.
        remove(os.path.join(paths.code, request.marker_name))
        if not os.path.isfile(_inside(paths.code, request.script)):
            raise PreparationFailure("script-missing", "there is no %s in the staged code" % request.script)

    def _fetch_resume_checkpoint(self):
        resume = self._request.resume_from
        if resume is None:
            return None
        remove(self._paths.resume)
        manifest = self._manifest(resume["prefix"])
        top = _inside(self._paths.resume, manifest["name"])
        folder = top if manifest["kind"] == "folder" else self._paths.resume
        os.makedirs(folder, exist_ok=True)
        with ThreadPoolExecutor(limits.TRANSFER_THREADS_COUNT) as pool:
            list(pool.map(lambda file: self._fetch_file(resume["prefix"], folder, file), manifest["files"]))
        return top

    def _manifest(self, prefix):
        content, _ = self._with_patience(
            lambda: self._storage.get(prefix + "manifest.json"), "resume-unverified", "the manifest"
        )
        try:
            manifest = json.loads(content or b"")
            if manifest["version"] == 1 and manifest["kind"] in ("file", "folder") and manifest["files"]:
                return manifest
        except (ValueError, KeyError, TypeError):
            pass
        raise PreparationFailure("resume-unverified", "%smanifest.json is missing or no manifest" % prefix)

    def _fetch_file(self, prefix, folder, file):
        path = _inside(folder, file["path"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        sha256 = self._with_patience(
            lambda: self._storage.download(prefix + file["path"], path), "resume-unverified", file["path"]
        )
        if sha256 != file["sha256"]:
            raise PreparationFailure(
                "resume-unverified", "%s of checkpoint %s is not what its manifest says" % (file["path"], prefix)
            )

    def _with_patience(self, fetch, missing_code, what):
        """Repeats while the storage is away: bounded by the lease, since giving up would end a run that can go on.

        A role that was attached a moment ago is refused for a while, so refusals get some minutes, too.
        """
        began = time.monotonic()
        while True:
            try:
                result = fetch()
                self.warning = None
                return result
            except StorageError as error:
                waited = time.monotonic() - began
                if error.status == 404:
                    raise PreparationFailure(missing_code, "%s is not in the bucket: %s" % (what, error)) from error
                if error.is_denied and waited > limits.PREPARATION_STORAGE_SECONDS:
                    raise PreparationFailure("storage-denied", "%s: %s" % (what, error)) from error
                if not (error.is_denied or error.is_transient):
                    raise PreparationFailure("storage-refused", "%s: %s" % (what, error)) from error
                self.warning = "Waiting for the storage (%s)." % error
                log("preparing: %s" % error)
                self._on_change()
                if waited > self._request.lease_seconds:
                    raise PreparationFailure("storage-unreachable", "%s: %s" % (what, error)) from error
                time.sleep(1.0)


def trainer_command(code_directory, request):
    """`python3` runs `*.py`; anything else is executed."""
    script = _inside(code_directory, request.script)
    if script.endswith(".py"):
        return ["python3", script, *request.script_args]
    mode = os.stat(script).st_mode
    os.chmod(script, mode | stat.S_IXUSR)
    return [script, *request.script_args]


def _inside(folder, relative_path):
    """The path below the folder; raises for one that leads out of it."""
    path = os.path.normpath(os.path.join(folder, relative_path))
    if path != folder and not path.startswith(folder + os.sep):
        raise PreparationFailure("path-outside", "%s leads out of its folder" % relative_path)
    return path


def _unpack(archive, folder):
    """Files, folders and links that stay inside; owned by us, whatever the archive says."""
    os.makedirs(folder)
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            path = _inside(folder, member.name)
            if member.isdir():
                os.makedirs(path, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            # Written through a link that an earlier member made, a file could land anywhere.
            _inside(os.path.realpath(folder), os.path.realpath(os.path.dirname(path)))
            if member.isfile():
                _write_member(tar, member, path)
            elif member.issym() and not os.path.isabs(member.linkname):
                _inside(folder, os.path.join(os.path.dirname(member.name), member.linkname))
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
