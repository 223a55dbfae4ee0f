"""A trainer that hangs is ended, and what it was doing is in its log before anything is done to it."""

import re
import unittest

from .support.instance import SupervisorTest

# Longer than Python takes to start on a loaded machine: a script that has not begun yet is quiet, too.
STARTED_SECONDS = 4

# A thread and a child of its own, all stuck; says when it is asked to end, which must come after the stacks.
STUCK = '''
import os, signal, subprocess, sys, threading, time
def asked(*_):
    print("asked to end", flush=True)
    os._exit(7)
CHILD = """
import time
def stuck_child():
    open("stuck", "w").close()
    time.sleep(600)
stuck_child()
"""
def stuck_thread():
    time.sleep(600)
def stuck_main():
    child = subprocess.Popen([sys.executable, "-c", CHILD])
    # The child is the last to begin, however loaded the machine is: from then on everybody is quiet.
    while not os.path.exists("stuck"):
        print("waits for its child", flush=True)
        time.sleep(0.1)
    child.wait()
signal.signal(signal.SIGTERM, asked)
threading.Thread(target=stuck_thread, daemon=True).start()
stuck_main()
'''

# Many processes, each of them deep inside.
DEEP = """
import os, time
def deep(depth):
    if depth > 0:
        deep(depth - 1)
    else:
        time.sleep(600)
for _ in range(4):
    if os.fork() == 0:
        deep(50)
print("stuck", flush=True)
deep(50)
"""

# Waits for a byte that never comes, in a call that goes on after a signal.
STUCK_IN_C = """
import ctypes, os
def in_c():
    print("stuck", flush=True)
    ctypes.%s(None).read(os.pipe()[0], b".", 1)
in_c()
"""

# Longer than it may be quiet it only logs, then it only reports.
HALF_SILENT = """
import os, time
for _ in range(30):
    print(".", flush=True)
    time.sleep(0.05)
for step in range(30):
    with open(os.environ["RUNCTL_PROGRESS_FILE"], "a") as file:
        file.write('{"step": %d}\\n' % step)
    time.sleep(0.05)
"""


class HangTest(SupervisorTest):
    def hung(self, files, **changes):
        self.start(files, **{"hangTimeoutSeconds": 1, **changes})
        return self.wait_for_state("ended")["result"]

    def test_the_stacks_of_all_its_python_processes_are_in_the_log_before_it_is_asked_to_end(self):
        result = self.hung(STUCK, hangTimeoutSeconds=STARTED_SECONDS)
        self.assertEqual((result["stopCause"], result["quietSeconds"], result["exitCode"]), ("hung", STARTED_SECONDS, 7))
        log = self.instance.read("training.log")
        asked_at = log.index("asked to end")
        for function in ("stuck_main", "stuck_thread", "stuck_child"):
            self.assertLess(log.index("in %s\n" % function), asked_at)
        self.assertLess(log.index("runctl: hung: no progress and no log for %d s" % STARTED_SECONDS), log.index("in stuck_main\n"))

    def test_the_stacks_of_several_processes_do_not_run_into_each_other(self):
        self.hung(DEEP)
        frames = re.findall(r'^  File ".*/train\.py", line \d+ in deep$', self.instance.read("training.log"), re.MULTILINE)
        self.assertEqual(len(frames), 5 * 51)

    def test_a_program_without_python_is_told_by_what_the_kernel_knows_and_is_not_harmed(self):
        script = "#!/bin/sh\ntrap 'echo asked to end; exit 8' TERM\nsleep 600 & wait\n"
        result = self.hung({"run.sh": script}, hangTimeoutSeconds=0.3)
        self.assertEqual((result["stopCause"], result["exitCode"], result["signal"]), ("hung", 8, None))
        log = self.instance.read("training.log")
        for line in ("sleep 600", "/run.sh", "S (sleeping)"):
            self.assertLess(log.index(line), log.index("asked to end"))

    def test_one_that_ignores_the_signal_is_killed(self):
        script = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"
        result = self.hung(script, saveTimeoutSeconds=0.2, hangTimeoutSeconds=0.5)
        self.assertEqual((result["stopCause"], result["signal"]), ("hung", "SIGKILL"))

    def test_one_that_waits_inside_of_C_code_shows_its_stack_all_the_same(self):
        # With and without Python's lock: its own handlers would never run again in the second case.
        for number, library in enumerate(("CDLL", "PyDLL")):
            with self.subTest(library=library):
                script = STUCK_IN_C % library
                result = self.hung(script, attempt_number=number + 1, hangTimeoutSeconds=STARTED_SECONDS)
                self.assertEqual((result["stopCause"], result["signal"]), ("hung", "SIGTERM"))
                self.assertIn("in in_c\n", self.instance.read("training.log"))

    def test_one_that_is_stopped_is_told_to_be_and_is_ended(self):
        script = "import os, signal\nprint('stops', flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)\n"
        result = self.hung(script, saveTimeoutSeconds=0.5)
        self.assertEqual((result["stopCause"], result["signal"]), ("hung", "SIGKILL"))
        self.assertRegex(self.instance.read("training.log"), r"thread \d+ python3[^:]*: T \(stopped\)")

    def test_a_log_without_progress_is_a_sign_of_life_and_so_is_progress_without_a_log(self):
        self.assertEqual(self.hung(HALF_SILENT)["stopCause"], "own-accord")

    def test_a_script_that_said_it_is_done_is_not_hung(self):
        script = "print('all done', flush=True); import time; time.sleep(600)"
        result = self.hung(script, logPattern="all done", completionGraceSeconds=1.5)
        self.assertEqual((result["stopCause"], result["hasLogMatch"]), ("hung-after-completion", True))

    def test_the_sitecustomize_of_the_user_runs_as_without_us(self):
        files = {"train.py": "import sitecustomize; print(sitecustomize.WHOSE)", "sitecustomize.py": "WHOSE = 'mine'"}
        path = self.instance.path("code")
        self.assertEqual(self.hung(files, environment={"PYTHONPATH": path})["exitCode"], 0)
        self.assertIn("mine", self.instance.read("training.log"))


if __name__ == "__main__":
    unittest.main()
