"""Whether a Python is one that `requires-python` asks for. https://peps.python.org/pep-0440/#version-specifiers"""

import operator
import re

_CLAUSE = re.compile(r"\s*(~=|===|==|!=|<=|>=|<|>)\s*v?([0-9]+(?:\.[0-9]+)*)(\.\*)?\s*")
_ORDER = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


def is_python_accepted(requires_python, version):
    """For a version such as (3, 11, 7). A clause that is not understood is left to the installer."""
    clauses = [_CLAUSE.fullmatch(text) for text in requires_python.split(",") if text.strip()]
    return all(_accepts(match.groups(), version) for match in clauses if match is not None)


def _accepts(clause, version):
    operation, text, is_prefix = clause
    wanted = tuple(int(part) for part in text.split("."))
    if operation in _ORDER:
        return _ORDER[operation](_padded(version), _padded(wanted))
    if operation == "~=":
        return _padded(version) >= _padded(wanted) and version[: len(wanted) - 1] == wanted[:-1]
    is_equal = version[: len(wanted)] == wanted if is_prefix else _padded(version) == _padded(wanted)
    return is_equal if operation in ("==", "===") else not is_equal


def _padded(version):
    return (*version, 0, 0, 0)[:4]
