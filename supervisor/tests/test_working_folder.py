"""Scripts that know nothing of RUNCTL_CHECKPOINT_DIR: they save to ./checkpoints, and look there for the newest."""

import json
import unittest

from .support.instance import SupervisorTest, attempt, wait_until

# As the earlier runctl's users wrote them: a bare relative folder, `.pt` files written in place, the newest one loaded.
EARLIER_SCRIPT = '''
import glob, json, os, sys, time
os.makedirs("checkpoints", exist_ok=True)
found = sorted(glob.glob("checkpoints/*.pt"), key=os.path.getmtime)
step = json.load(open(found[-1]))["step"] if found else 0
print("loaded", step, flush=True)
while step < int(sys.argv[1]):
    step += 1
    print("step %d/%s" % (step, sys.argv[1]), flush=True)
    with open("checkpoints/step_%d.pt" % step, "w") as file:
        json.dump({"step": step}, file)
    time.sleep(float(sys.argv[2]))
open("training_complete.txt", "w").write("done")
'''


class WorkingFolderTest(SupervisorTest):
    def test_an_earlier_script_loses_nothing_to_an_interruption_without_being_changed(self):
        self.start(EARLIER_SCRIPT, scriptArgs=["1000", "0.2"])
        wait_until(lambda: (self.latest() or {}).get("checkpoint"), "a first checkpoint")
        stopped = self.instance.verb("save-and-stop", attempt(timeoutSeconds=10, cause="interruption"))
        step = stopped["checkpoint"]["step"]
        self.instance.verb("clean-up", attempt())

        resume = {"step": step, "prefix": stopped["checkpoint"]["prefix"]}
        self.start(EARLIER_SCRIPT, scriptArgs=[str(step + 2), "0"], attempt_number=2, resumeFrom=resume)
        report = self.wait_for_state("ended")
        self.assertIn("loaded %d\n" % step, self.instance.read("training.log"))
        self.assertEqual((report["result"]["exitCode"], report["firstStep"]), (0, step + 1))
        self.assertEqual(self.latest()["checkpoint"]["step"], step + 2)
        again = list(self.cloud.keys("runs/r1/checkpoints/%d-a2-" % step))
        self.assertEqual(again, [], "what it resumed from is not published a second time")
        self.assertEqual(report["warnings"], [])

    def test_a_resume_checkpoint_that_the_script_saves_over_is_published(self):
        save = 'import os\nopen(os.path.join(os.environ["RUNCTL_CHECKPOINT_DIR"], "last.pt"), "w").write(%r)\nprint("step %s")'
        self.start(save % ("first", 5))
        first = self.wait_for_state("ended")["checkpoint"]
        self.instance.verb("clean-up", attempt())
        resume = {"step": first["step"], "prefix": first["prefix"]}
        self.start(save % ("second", 6), attempt_number=2, resumeFrom=resume)
        newer = self.wait_for_state("ended")["checkpoint"]
        self.assertEqual(newer["attemptNumber"], 2)
        self.assertEqual(self.cloud.objects[newer["prefix"] + "last.pt"], b"second")

    def test_a_resume_folder_lies_where_the_script_saves_with_all_its_files(self):
        made = 'import os\nos.makedirs("checkpoints/checkpoint-7/deep")\n'
        made += 'for name in ("a", "deep/b"): open("checkpoints/checkpoint-7/" + name, "w").write(name)\n'
        self.start(made)
        first = self.wait_for_state("ended")["checkpoint"]
        self.instance.verb("clean-up", attempt())
        look = 'import os, json\nprint(json.dumps(sorted(f for _, _, fs in os.walk("checkpoints/checkpoint-7") for f in fs)))'
        resume = {"step": first["step"], "prefix": first["prefix"]}
        self.start(look, attempt_number=2, resumeFrom=resume)
        self.assertIsNone(self.wait_for_state("ended")["checkpoint"])
        self.assertEqual(json.loads(self.instance.read("training.log")), ["a", "b"])

    def test_an_empty_folder_that_git_keeps_leads_to_the_checkpoints_too(self):
        script = 'open("checkpoints/step_1.pt", "w").write("x")'
        self.start({"train.py": script, "checkpoints/.gitkeep": ""})
        self.assertEqual(self.wait_for_state("ended")["checkpoint"]["step"], 1)

    def test_a_folder_that_came_with_the_code_stays_and_a_script_that_saves_there_is_told(self):
        script = 'import time\nassert open("checkpoints/base.pt").read() == "weights"\n'
        script += 'open("checkpoints/step_1.pt", "w").write("x")\ntime.sleep(600)'
        self.start({"train.py": script, "checkpoints/base.pt": "weights"})
        wait_until(lambda: (self.instance.written_report() or {}).get("warnings"), "a warning", seconds=30.0)
        [warning] = self.instance.written_report()["warnings"]
        self.assertIn("saves to ./checkpoints, which came with the code", warning)
        self.assertIsNone(self.latest())

    def test_reading_what_came_with_the_code_is_no_reason_to_warn(self):
        script = 'import os, time\nassert not os.path.islink("checkpoints")\nopen("checkpoints/base.pt").read()\n'
        script += 'save = os.environ["RUNCTL_CHECKPOINT_DIR"] + "/step_1.pt"\nopen(save, "w").write("x")'
        self.start({"train.py": script, "checkpoints/base.pt": "weights"})
        report = self.wait_for_state("ended")
        self.assertEqual((report["warnings"], report["checkpoint"]["step"]), ([], 1))

    def test_the_names_of_the_earlier_runctl_are_set_unless_the_user_says_otherwise(self):
        script = 'import os\nprint(os.environ["TRAINCTL_CHECKPOINT_DIR"], os.environ["TRAINCTL_DEVICE"])'
        self.start(script)
        self.wait_for_state("ended")
        self.assertEqual(self.instance.read("training.log").split(), [self.instance.path("checkpoints"), "auto"])
        self.instance.verb("clean-up", attempt())
        self.start(script, attempt_number=2, environment={"TRAINCTL_DEVICE": "cuda:1"})
        self.wait_for_state("ended")
        self.assertEqual(self.instance.read("training.log").split()[1], "cuda:1")


if __name__ == "__main__":
    unittest.main()
