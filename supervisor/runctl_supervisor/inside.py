"""Paths that somebody else has chosen, kept inside their folder."""

import os

from .preparation_failure import PreparationFailure


def path_inside(folder, relative_path):
    """The path below the folder; raises for one that leads out of it."""
    path = os.path.normpath(os.path.join(folder, relative_path))
    if path != folder and not path.startswith(folder + os.sep):
        raise PreparationFailure("path-outside", "%s leads out of its folder" % relative_path)
    return path
