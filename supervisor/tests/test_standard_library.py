"""The supervisor runs on the Python of any machine image: 3.9 or later, with nothing installed beside it."""

import ast
import os
import sys
import unittest

from .support.instance import SupervisorTest

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PACKAGE = "runctl_supervisor"


def modules():
    """(name of the file, its syntax tree as Python 3.9 reads it)."""
    for name in sorted(os.listdir(os.path.join(_FOLDER, _PACKAGE))):
        if name.endswith(".py"):
            with open(os.path.join(_FOLDER, _PACKAGE, name), encoding="utf-8") as file:
                yield name, ast.parse(file.read(), name, feature_version=(3, 9))


class StandardLibraryTest(SupervisorTest):
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
