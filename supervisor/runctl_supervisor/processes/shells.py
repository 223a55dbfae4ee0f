"""Which programs are shells: those do not pass on a signal to what they run."""

import os

_NAMES = {"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"}


def is_shell(path):
    """Whether the program at the path is one, by its name."""
    return os.path.basename(path) in _NAMES
