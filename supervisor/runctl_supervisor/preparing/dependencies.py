"""Finds what a script says that it needs: its PEP 723 header, else requirements.txt, else pyproject.toml.

The header is the script's own word and decides alone. Otherwise the folder of the script is looked at, then each one
above it, up to the root of the code: the nearest file counts.
"""

import os
import re
from dataclasses import dataclass
from typing import Optional, Tuple

from ..limits import DECLARATION_MAX_BYTES, INCLUDED_REQUIREMENTS_MAX_COUNT
from ..preparation_failure import PreparationFailure
from .toml_text import TomlUnreadable, parse_toml

# https://packaging.python.org/en/latest/specifications/inline-script-metadata/
_HEADER = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
_INCLUDE = re.compile(r"\s*(?:-r|-c|--requirement|--constraint)[\s=]*(\S.*?)\s*$")
_LOCAL_LINE = re.compile(r"\s*(?:[./]|-e\b|--editable\b|-f\b|--find-links\b|file:)|.*@\s*(?:file:|\.|/)|[^:]*\.(?:whl|zip|tar\.gz)\s*$")


@dataclass(frozen=True)
class Declaration:
    """What is to be installed. `texts` decide it; equal texts ask for the same, unless they point into the code."""

    kind: str
    # For people: the file's path in the code.
    source: str
    # Absolute; relative references start here.
    folder: str
    texts: Tuple[str, ...]
    requirements: Tuple[str, ...] = ()
    requires_python: Optional[str] = None
    # pyproject.toml has a build system, so that the project itself is to be importable.
    installs_project: bool = False
    # Its dependencies are known only once it is built.
    is_dynamic: bool = False
    has_lock: bool = False
    # Settings that only uv understands.
    has_uv_settings: bool = False
    points_into_code: bool = False


def find_declaration(code_directory, script):
    """What the script's code declares; None when there is nothing to install."""
    script_path = os.path.join(code_directory, script)
    header = _from_header(code_directory, script_path)
    if header is not None:
        return header if header.requirements or header.requires_python else None
    folder = os.path.dirname(script_path)
    while True:
        found = _from_requirements(code_directory, folder) or _from_project(code_directory, folder)
        if found is not None or folder == code_directory:
            return found
        folder = os.path.dirname(folder)


def _from_header(code_directory, script_path):
    text = _read(script_path) or ""
    blocks = [match for match in _HEADER.finditer(text) if match.group("type") == "script"]
    if not blocks:
        return None
    source = os.path.relpath(script_path, code_directory)
    if len(blocks) > 1:
        raise PreparationFailure("dependencies-failed", "%s has two `# /// script` blocks" % source)
    lines = blocks[0].group("content").splitlines()
    content = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    table = _toml(content, "the header of " + source)
    requirements = _strings(table.get("dependencies"), "dependencies", source)
    return Declaration(
        kind="script",
        source=source,
        folder=os.path.dirname(script_path),
        texts=(content,),
        requirements=requirements,
        requires_python=_requires_python(table, source),
        has_uv_settings=script_path.endswith(".py") and "uv" in (table.get("tool") or {}),
        points_into_code=_points_into_code(requirements) or "tool" in table,
    )


def _from_requirements(code_directory, folder):
    path = os.path.join(folder, "requirements.txt")
    text = _read(path)
    if text is None or not any(_is_effective(line) for line in text.splitlines()):
        return None
    texts = _with_included(path, text)
    return Declaration(
        kind="requirements",
        source=os.path.relpath(path, code_directory),
        folder=folder,
        texts=texts,
        points_into_code=_points_into_code(line for each in texts for line in each.splitlines()),
    )


def _from_project(code_directory, folder):
    path = os.path.join(folder, "pyproject.toml")
    text = _read(path)
    if text is None:
        return None
    source = os.path.relpath(path, code_directory)
    table = _toml(text, source)
    project = table.get("project") if isinstance(table.get("project"), dict) else {}
    tools = table.get("tool") if isinstance(table.get("tool"), dict) else {}
    requirements = _strings(project.get("dependencies"), "project.dependencies", source)
    has_build_system = isinstance(table.get("build-system"), dict)
    poetry = tools.get("poetry") if isinstance(tools.get("poetry"), dict) else {}
    is_dynamic = has_build_system and (
        "dependencies" in (project.get("dynamic") or []) or (not project and bool(poetry.get("dependencies")))
    )
    if not requirements and not is_dynamic:
        return None
    lock = _read(os.path.join(folder, "uv.lock"))
    return Declaration(
        kind="project",
        source=source,
        folder=folder,
        texts=(text,) if lock is None else (text, lock),
        requirements=requirements,
        requires_python=_requires_python(project, source),
        installs_project=has_build_system,
        is_dynamic=is_dynamic,
        has_lock=lock is not None,
        has_uv_settings="uv" in tools,
        # A build may read any file of the code.
        points_into_code=is_dynamic or "uv" in tools or _points_into_code(requirements),
    )


def _with_included(path, text):
    """The text and those of the files that it includes; a file that is missing is the installer's to report."""
    texts, waiting, seen = [text], [(os.path.dirname(path), text)], {path}
    while waiting and len(texts) < INCLUDED_REQUIREMENTS_MAX_COUNT:
        folder, content = waiting.pop()
        for line in content.splitlines():
            match = _INCLUDE.match(line)
            included = os.path.normpath(os.path.join(folder, match.group(1))) if match else None
            if included is None or included in seen:
                continue
            seen.add(included)
            found = _read(included)
            if found is not None:
                texts.append(found)
                waiting.append((os.path.dirname(included), found))
    return tuple(texts)


def _is_effective(line):
    return line.strip() != "" and not line.lstrip().startswith("#")


def _points_into_code(lines):
    """Whether something is named by a path: then equal words may stand for other code."""
    return any(_LOCAL_LINE.match(line) for line in lines if _is_effective(line))


def _requires_python(table, source):
    value = table.get("requires-python")
    if value is not None and not isinstance(value, str):
        raise PreparationFailure("dependencies-failed", "%s: requires-python is no text" % source)
    return value


def _strings(value, name, source):
    if value is None:
        return ()
    if not isinstance(value, list) or any(not isinstance(each, str) for each in value):
        raise PreparationFailure("dependencies-failed", "%s: %s is no list of texts" % (source, name))
    return tuple(value)


def _toml(text, what):
    try:
        return parse_toml(text)
    except TomlUnreadable as error:
        raise PreparationFailure("dependencies-failed", "%s cannot be read: %s" % (what, error)) from error


def _read(path):
    """The text of a file; None when there is none, or none of a size that a person would write."""
    try:
        if os.path.getsize(path) > DECLARATION_MAX_BYTES:
            return None
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return file.read().replace("\r\n", "\n")
    except OSError:
        return None
