"""What a training and its machine use: the verb `processes`, and the loss curve of a report."""

import os
import unittest

from runctl_supervisor.trainer.losses import LossCurve

from .scripts import TRAINER
from .support.instance import SupervisorTest

_BUSY_WITH_CHILDREN = """
import os, subprocess, sys
children = [subprocess.Popen(["sleep", "600"]) for _ in range(60)]
print("ready", flush=True)
while True:
    pass
"""


class LossCurveTest(unittest.TestCase):
    def curve(self, pairs):
        curve = LossCurve()
        for step, loss in pairs:
            curve.add(step, loss)
        return curve.points()

    def test_a_short_curve_is_kept_as_it_is(self):
        self.assertEqual(self.curve([(1, 4.0), (2, None), (3, 2.00004)]), [[1, 4.0], [3, 2.0]])

    def test_a_long_curve_keeps_its_first_and_its_newest_step_in_bounded_room(self):
        for count in (25, 100, 1_000, 54_321):
            points = self.curve((step, 1000.0 / step) for step in range(1, count + 1))
            self.assertEqual((points[0][0], points[-1][0]), (1, count))
            self.assertTrue(12 <= len(points) <= 24, (count, len(points)))
            self.assertEqual(points, sorted(points, key=lambda point: -point[1]))

    def test_points_in_between_are_means(self):
        noisy = self.curve((step, 1.0 + step % 2) for step in range(100_000))
        for _, loss in noisy[1:-1]:
            self.assertAlmostEqual(loss, 1.5, delta=0.01)

    def test_steps_that_are_trained_again_replace_what_was_there(self):
        points = self.curve([*((step, 9.0) for step in range(1, 1_000)), *((step, 1.0) for step in range(500, 600))])
        self.assertEqual(points[-1], [599, 1.0])
        self.assertEqual([step for step, _ in points], sorted({step for step, _ in points}))
        self.assertTrue(all(loss == (9.0 if step < 500 else 1.0) for step, loss in points))

    def test_losses_beyond_all_measure_stay_numbers(self):
        self.assertEqual(self.curve([(0, 1e300)] * 3 + [(1, -1e300)]), [[0, 1e30], [1, -1e30]])


class ProcessesTest(SupervisorTest):
    def usage(self, **request):
        answer = self.instance.verb("processes", request)
        self.assertTrue(answer["ok"], answer)
        return answer["usage"]

    def test_trainer_and_supervisor_are_told_with_what_they_and_the_machine_use(self):
        self.start(_BUSY_WITH_CHILDREN)
        self.wait_for_log("ready")
        report = self.instance.report()
        usage = self.usage()
        self.assertEqual((usage["runId"], usage["attemptNumber"], usage["state"]), ("r1", 1, "training"))
        trainer, supervisor, *children = usage["processes"]
        self.assertEqual((trainer["role"], trainer["pid"]), ("trainer", report["trainer"]["pid"]))
        self.assertEqual((supervisor["role"], supervisor["pid"]), ("supervisor", report["supervisor"]["pid"]))
        self.assertGreater(trainer["cpuPercent"], supervisor["cpuPercent"])
        self.assertGreater(trainer["memoryBytes"], 1_000_000)
        self.assertTrue(0 <= trainer["ageSeconds"] < 120, trainer)
        self.assertTrue(0 < usage["cpu"]["percent"] <= 100 and len(usage["cpu"]["load"]) == 3, usage["cpu"])
        self.assertTrue(0 < usage["memory"]["usedBytes"] < usage["memory"]["totalBytes"], usage["memory"])
        self.assertEqual(usage["disks"][0]["path"], self.instance.path())
        self.assertGreater(usage["disks"][0]["freeBytes"], 0)
        # More than one answer holds: the rest is counted.
        self.assertEqual(usage["processCount"], 62)
        self.assertTrue(0 < len(children) < 60)
        self.assertTrue(all(child["role"] == "child" and child["command"] == "sleep" for child in children))
        detailed = self.usage(detailed=True)["processes"]
        self.assertIn("train.py", detailed[0]["command"])
        self.assertEqual((detailed[2]["command"], detailed[2]["threads"]), ("sleep 600", 1))

    def test_graphics_cards_are_what_nvidia_smi_says(self):
        self.start(TRAINER, scriptArgs=["1000", "100", "0.05"])
        self.wait_for_state("training")
        self.assertEqual(self.usage()["gpus"], [])
        self.put_program("nvidia-smi", "0, NVIDIA A10G, 87, 1024, 23028, 61, 210.5\\n1, NVIDIA A10G, [N/A], 0, 23028, [N/A], x")
        first, second = self.usage()["gpus"]
        self.assertEqual((first["index"], first["name"], first["percent"]), (0, "NVIDIA A10G", 87))
        self.assertEqual((first["memoryUsedBytes"], first["celsius"], first["watts"]), (1024**3, 61, 210.5))
        self.assertEqual((second["percent"], second["memoryUsedBytes"], second["watts"]), (None, 0, None))
        self.put_program("nvidia-smi", "NVIDIA-SMI has failed, it could not communicate")
        self.assertEqual(self.usage()["gpus"], [])

    def test_where_nothing_was_started_the_machine_is_told_all_the_same(self):
        usage = self.usage()
        self.assertEqual((usage["runId"], usage["processes"], usage["processCount"]), (None, [], 0))
        self.assertGreater(usage["cpu"]["count"], 0)

    def test_the_report_has_the_curve_of_the_losses(self):
        self.start(TRAINER, scriptArgs=["60", "50", "0"])
        report = self.wait_for_state("ended")
        self.assertEqual((report["losses"][0], report["losses"][-1][0]), ([1, 1.0], 60))
        self.assertLessEqual(len(report["losses"]), 24)

    def put_program(self, name, output):
        path = os.path.join(self.instance.root, "bin", name)
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nprintf '%%b\\n' '%s'\n" % output)
        os.chmod(path, 0o755)


if __name__ == "__main__":
    unittest.main()
