"""Removes from a folder what a listing does not name, in memory that does not grow with the listing.

A listing is in the order of its keys, so all that lies below one folder comes in one piece. When the listing leaves a
folder, everything that may be in it has been named.
"""

import os

from ..files import remove


class ExpectedNames:
    """`expect` each name of the listing in its order, then `finish`."""

    def __init__(self, directory):
        self._directory = directory
        # The folders that lead to where the listing is now, each with the names that it may hold.
        self._open = [("", set())]

    def expect(self, relative_path, is_folder=False):
        """Notes one file or folder of the listing; what is in its place, or can hold no more of it, is cleared."""
        *folders, name = relative_path.split("/")
        self._leave_all_but(folders)
        for folder in folders[len(self._open) - 1 :]:
            self._clear_place(folder, True)
            self._open[-1][1].add(folder)
            self._open.append((folder, set()))
        self._clear_place(name, is_folder)
        self._open[-1][1].add(name)

    def finish(self):
        self._leave_all_but([])
        self._clear(self._directory, self._open.pop()[1])

    def _leave_all_but(self, folders):
        names = [name for name, _ in self._open[1:]]
        common = 0
        while common < min(len(names), len(folders)) and names[common] == folders[common]:
            common += 1
        while len(self._open) - 1 > common:
            path = self._path()
            self._clear(path, self._open.pop()[1])

    def _path(self, *more):
        return os.path.join(self._directory, *[name for name, _ in self._open[1:]], *more)

    def _clear_place(self, name, is_folder):
        """A folder where a file was before, or the other way round; never what this listing named itself."""
        path = self._path(name)
        is_folder_now = os.path.isdir(path) and not os.path.islink(path)
        if name not in self._open[-1][1] and os.path.lexists(path) and is_folder_now != is_folder:
            remove(path)

    @staticmethod
    def _clear(path, expected):
        # Not there yet, when the downloads of this folder still wait for a thread.
        for name in os.listdir(path) if os.path.isdir(path) else []:
            if name not in expected:
                remove(os.path.join(path, name))
