"""What the supervisor imports: nothing but the Python of any machine image, 3.9 or later, and its own folders downwards."""

import ast
import os
import sys
import unittest

from .support.instance import SupervisorTest

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PACKAGE = "runctl_supervisor"
# Each imports from those behind it only.
_DOWNWARDS = ["verbs", "attempt", "trainer", "container", "preparing", "publishing", "processes", "aws"]


def modules():
    """(path of the file in the package, its syntax tree as Python 3.9 reads it)."""
    root = os.path.join(_FOLDER, _PACKAGE)
    for folder, _, names in os.walk(root):
        for path in (os.path.join(folder, name) for name in names if name.endswith(".py")):
            with open(path, encoding="utf-8") as file:
                yield os.path.relpath(path, root), ast.parse(file.read(), path, feature_version=(3, 9))


def folders_imported(path, tree):
    """The folders of the package that a file imports from, beside its own."""
    own = os.path.dirname(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == (2 if own else 1):
            # `from ..aws import storage`, `from ..aws.storage import Storage`; a single name is a file that lies above all folders.
            folder = (node.module or "").split(".")[0]
            if os.path.isdir(os.path.join(_FOLDER, _PACKAGE, folder)) and folder:
                yield folder


class ImportsTest(SupervisorTest):
    def test_the_folders_import_in_one_direction(self):
        for path, tree in modules():
            own = os.path.dirname(path)
            if own:
                above = _DOWNWARDS[: _DOWNWARDS.index(own) + 1]
                self.assertEqual([folder for folder in folders_imported(path, tree) if folder in above], [], path)

    @unittest.skipIf(sys.version_info < (3, 10), "this Python does not know the names of its own library")
    def test_nothing_is_imported_but_the_standard_library_and_its_own_modules(self):
        for name, tree in modules():
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    found = {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    found = {node.module.split(".")[0]}
                else:
                    continue
                self.assertLessEqual(found, set(sys.stdlib_module_names), name)

    def test_it_runs_where_no_package_can_be_seen(self):
        self.instance.runner = [sys.executable, "-c", RUNS_ISOLATED]
        self.start("print('trained')")
        result = self.wait_for_state("ended")["result"]
        self.assertEqual((result["exitCode"], result["lastLogLines"]), (0, "trained"))


# Stands before `python3 supervisor.pyz …`: the same, but without any folder of installed packages.
RUNS_ISOLATED = """
import os, sys
os.execv(sys.argv[1], [sys.argv[1], "-I", "-S", *sys.argv[2:]])
"""


if __name__ == "__main__":
    unittest.main()
