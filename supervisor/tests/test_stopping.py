"""When a trainer has to end, as a table: no clock, no process."""

import dataclasses
import unittest

from runctl_supervisor.attempt.stopping import Situation, StopCommand, StopOrder, decide_stop

QUIET = Situation(
    now=1000.0,
    save_timeout_seconds=90,
    command=None,
    notice_seconds_left=None,
    is_machine_going_down=False,
    is_lease_expired=False,
    completed_at=None,
    completion_grace_seconds=30,
    quiet_seconds=None,
)


def decide(order=None, **changes):
    return decide_stop(order, dataclasses.replace(QUIET, **changes))


class StopDecisionTest(unittest.TestCase):
    def test_a_quiet_training_goes_on(self):
        self.assertIsNone(decide())

    def test_a_notice_leaves_time_to_save_and_a_reserve_to_publish(self):
        for left, saving in ((120, 90), (110, 82.5), (60, 45), (8, 6), (2, 1.5), (0.5, 0.2), (0, 0)):
            order = decide(notice_seconds_left=left)
            self.assertEqual(order.cause, "interruption")
            self.assertAlmostEqual(order.kill_at - 1000, saving, msg="with %s s left" % left)

    def test_the_time_to_save_never_grows_while_a_notice_runs_out(self):
        order = decide(notice_seconds_left=60)
        later = decide(order, now=1030.0, notice_seconds_left=30)
        self.assertEqual(later, order)

    def test_a_notice_shortens_a_stop_under_way_and_keeps_its_cause(self):
        order = decide(command=StopCommand("stop", 600, 1000.0))
        self.assertEqual(order, StopOrder("stop", 1600.0))
        self.assertEqual(decide(order, notice_seconds_left=40), StopOrder("stop", 1030.0))

    def test_asking_again_joins_what_is_under_way(self):
        order = StopOrder("interruption", 1050.0)
        self.assertEqual(decide(order, command=StopCommand("stop", 600, 1010.0)), order)

    def test_force_is_at_once_and_names_the_cause(self):
        order = StopOrder("stop", 1600.0)
        self.assertEqual(decide(order, command=StopCommand("force-stop", 0, 1000.0)), StopOrder("force-stop", 1000.0))

    def test_an_expired_lease_lets_the_trainer_save(self):
        self.assertEqual(decide(is_lease_expired=True), StopOrder("lease-expired", 1090.0))

    def test_a_trainer_that_is_done_gets_its_grace_and_then_a_short_time(self):
        self.assertIsNone(decide(completed_at=971.0))
        self.assertEqual(decide(completed_at=970.0), StopOrder("hung-after-completion", 1010.0))

    def test_a_trainer_that_hangs_gets_a_short_time(self):
        self.assertEqual(decide(quiet_seconds=60), StopOrder("hung", 1010.0))
        self.assertEqual(decide(quiet_seconds=60, save_timeout_seconds=3), StopOrder("hung", 1003.0))

    def test_a_notice_weighs_more_than_what_comes_at_the_same_time(self):
        together = decide(
            notice_seconds_left=120,
            is_lease_expired=True,
            is_machine_going_down=True,
            completed_at=0.0,
            quiet_seconds=60,
            command=StopCommand("stop", 5, 1000.0),
        )
        self.assertEqual(together, StopOrder("interruption", 1005.0))


if __name__ == "__main__":
    unittest.main()
