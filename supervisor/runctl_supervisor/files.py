"""Small files that are either whole or not there."""

import json
import os


def write_json(path, value, durable=False):
    """Replaces the file in one step; with `durable` it also survives a crash of the machine."""
    temporary = "%s.%d.tmp" % (path, os.getpid())
    try:
        with open(temporary, "w", encoding="utf-8", errors="replace") as file:
            json.dump(value, file, ensure_ascii=False)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        # What a full disk had room for.
        remove(temporary)
        raise


def read_json(path):
    """The parsed object, or None when the file is missing or is no JSON object."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def remove(path):
    """Removes a file or a whole folder; True when there was one."""
    if os.path.isdir(path) and not os.path.islink(path):
        import shutil

        shutil.rmtree(path, ignore_errors=True)
        return True
    try:
        os.unlink(path)
        return True
    except FileNotFoundError:
        return False
