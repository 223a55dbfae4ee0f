"""container.json: what a training has come to own in the container engine, noted before it is asked for.

With it the container is found again by whoever comes next, after a kill -9 of the supervisor or in `clean-up`.
"""

from ..files import read_json, write_json
from ..processes.identity import boot_id


class ContainerRecord:
    """The note of one training."""

    def __init__(self, path):
        self._path = path
        self._content = read_json(path) or {}

    @property
    def is_there(self):
        """Whether anything was ever noted."""
        return bool(self._content)

    @property
    def name(self):
        """Of the container that was made; None before."""
        return self._content.get("name")

    @property
    def has_downloaded(self):
        """Whether the image is ours to remove: one that was there before is the user's."""
        return self._content.get("hasDownloaded", False)

    @property
    def is_unfinished(self):
        """Whether there may be a container whose end nobody has noted: of this boot, since its engine ends with it."""
        return self.name is not None and not self._content.get("isOver") and self._content.get("bootId") == boot_id()

    def note_download(self):
        self._note(hasDownloaded=True)

    def note_container(self, name):
        self._note(name=name, bootId=boot_id(), isOver=False)

    def note_over(self):
        self._note(isOver=True)

    def _note(self, **changes):
        self._content.update(changes)
        write_json(self._path, self._content, durable=True)
