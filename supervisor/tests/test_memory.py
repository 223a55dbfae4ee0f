"""Out of memory: how it is counted, and whom the kernel should choose."""

import subprocess
import unittest

from runctl_supervisor.processes.memory import MemoryKills, _read_counter

from .support.instance import SupervisorTest


def _may_protect():
    shell = "echo -500 >/proc/self/oom_score_adj && cat /proc/self/oom_score_adj"
    return subprocess.run(["sh", "-c", shell], capture_output=True, check=False).stdout == b"-500\n"


class OutOfMemoryTest(unittest.TestCase):
    def test_the_kernel_tells_how_often_it_killed(self):
        self.assertEqual(MemoryKills().count(), 0)
        self.assertIsNone(_read_counter("/no/such/file"))
        self.assertIsNone(_read_counter("/proc/self/cgroup"))
        self.assertEqual(_read_counter("/proc/vmstat") is None, "oom_kill" not in _read("/proc/vmstat"))


class ProtectionTest(SupervisorTest):
    @unittest.skipUnless(_may_protect(), "needs CAP_SYS_RESOURCE")
    def test_the_supervisor_is_protected_and_its_trainer_is_not(self):
        self.start("import os, time; print(open('/proc/self/oom_score_adj').read(), flush=True); time.sleep(600)")
        self.wait_for_log("\n")
        self.assertEqual(self.instance.read("training.log").strip(), "0")
        supervisor = self.instance.report()["supervisor"]["pid"]
        self.assertEqual(_read("/proc/%d/oom_score_adj" % supervisor).strip(), "-500")


def _read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


if __name__ == "__main__":
    unittest.main()
