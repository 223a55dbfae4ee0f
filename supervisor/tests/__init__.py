"""Tests of the supervisor. Those with an instance of their own spend most of their time waiting, so they overlap."""

import os
import unittest
from concurrent.futures import ThreadPoolExecutor

_OVERLAPPING_TESTS = 3


class OverlappingSuite(unittest.TestSuite):
    """Runs its tests in a few threads; each has its own cloud, its own folder and its own processes."""

    def run(self, result, debug=False):
        with ThreadPoolExecutor(_OVERLAPPING_TESTS) as pool:
            list(pool.map(lambda test: test.run(result), self))
        return result


def load_tests(loader, _tests, pattern):
    """All tests of the folder: first, one by one, those that change their own process, then the others."""
    from .support.instance import SupervisorTest

    here = os.path.dirname(os.path.abspath(__file__))
    found = list(_flattened(loader.discover(here, pattern or "test*.py", os.path.dirname(here))))
    alone = [test for test in found if not isinstance(test, SupervisorTest)]
    overlapping = [test for test in found if isinstance(test, SupervisorTest)]
    return unittest.TestSuite([*alone, OverlappingSuite(overlapping)])


def _flattened(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from _flattened(each)
        else:
            yield each
