"""Small files that are whole or absent, also when a process is killed in the middle of writing."""

import json
import os


def write_json(path, value):
    draft = "%s.%d.draft" % (path, os.getpid())
    with open(draft, "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(draft, path)


def read_json(path):
    """Returns the value, or None when there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None
