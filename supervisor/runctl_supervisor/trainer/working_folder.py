"""`./checkpoints` in the working directory: for scripts that know nothing of RUNCTL_CHECKPOINT_DIR."""

import os
import time

from .. import limits
from ..files import remove
from ..journal import log

_NAME = "checkpoints"


def offer_checkpoint_folder(paths):
    """Makes `./checkpoints` lead to RUNCTL_CHECKPOINT_DIR, unless the code brings something of that name."""
    folder = os.path.join(paths.code, _NAME)
    if os.path.isdir(folder) and not os.path.islink(folder) and _holds_hidden_files_only(folder):
        # A `.gitkeep` only says that the folder has to be there.
        remove(folder)
    if not os.path.lexists(folder):
        # Relative, so that it leads there also where the whole folder is mounted elsewhere.
        os.symlink(os.path.relpath(paths.checkpoints, paths.code), folder)


def offer_resume_checkpoint(paths, resume_path):
    """Puts what the attempt resumes from into RUNCTL_CHECKPOINT_DIR too, under its own name, which is returned.

    A script that looks for its newest checkpoint where it saves them then finds it. Links, not copies: a checkpoint may
    be as large as the disk. No symbolic ones, since what is saved through such a link would never be published.
    """
    name = os.path.basename(resume_path)
    target = os.path.join(paths.checkpoints, name)
    try:
        if not os.path.isdir(resume_path):
            os.link(resume_path, target)
            return name
        for folder, _, files in os.walk(resume_path):
            inside = os.path.join(target, os.path.relpath(folder, resume_path))
            os.makedirs(inside, exist_ok=True)
            for file in files:
                os.link(os.path.join(folder, file), os.path.join(inside, file))
        return name
    except OSError as error:
        # A file system without links: RUNCTL_RESUME_FROM says where it is all the same.
        log("%s is not offered in the checkpoint folder: %s" % (name, error))
        remove(target)
        return None


class SavedElsewhere:
    """Tells a script that saves to a `./checkpoints` of its own, from which nothing is published."""

    def __init__(self, paths):
        self._folder = os.path.join(paths.code, _NAME)
        # Written just before the trainer's first instruction.
        self._trainer_pid = paths.trainer_pid
        self._look_at = 0.0
        self.warning = None

    def look(self, has_published):
        """Looks now and then; once something is published, whatever else the script writes is its own business."""
        if has_published:
            self.warning = None
        elif time.monotonic() >= self._look_at and os.path.exists(self._trainer_pid):
            self._look_at = time.monotonic() + limits.SAVED_ELSEWHERE_LOOK_SECONDS
            if not os.path.islink(self._folder) and _is_any_file_newer(self._folder, self._trainer_pid):
                self.warning = (
                    "The script saves to ./checkpoints, which came with the code: nothing of it is published. Save to"
                    " RUNCTL_CHECKPOINT_DIR, or leave checkpoints/ out of the code."
                )


def _holds_hidden_files_only(folder):
    with os.scandir(folder) as entries:
        return all(entry.name.startswith(".") and entry.is_file(follow_symlinks=False) for entry in entries)


def _is_any_file_newer(top, than):
    # When a file's content or name changed last. Its modification time came with the code and may say anything.
    limit_ns = os.stat(than).st_ctime_ns
    looked_at = 0
    for folder, _, files in os.walk(top):
        for file in files:
            looked_at += 1
            if looked_at > limits.SAVED_ELSEWHERE_FILES_MAX_COUNT:
                return False
            try:
                if os.stat(os.path.join(folder, file)).st_ctime_ns > limit_ns:
                    return True
            except OSError:
                # Removed while we look.
                continue
    return False
