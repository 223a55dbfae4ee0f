"""The report as verbs tell it: corrected by which processes live, since a supervisor that was killed cannot."""

from ..files import read_json
from ..processes.identity import identity_from_json, is_alive


def read_true_report(paths):
    """(report, whether its supervisor lives, whether a trainer needs one); the report is corrected by what lives."""
    report = read_json(paths.report)
    if report is None:
        return None, False, False
    supervisor = is_alive(identity_from_json(report.get("supervisor")))
    trainer = is_alive(identity_from_json(report.get("trainer")))
    if not supervisor and not trainer and report["state"] != "ended":
        # A container's end is known to its engine, whoever was there to see it. Seldom needed, so imported late.
        from ..trainer.trainers import is_to_be_taken_up

        trainer = is_to_be_taken_up(paths)
    if not supervisor:
        # It may have written its last word between the two looks.
        report = read_json(paths.report) or report
    if report["state"] != "ended" and not supervisor:
        _correct(paths, report, trainer)
    return report, supervisor, trainer


def _correct(paths, report, is_trainer_alive):
    result = read_json(paths.result)
    if result is not None:
        # Killed between its result and its last report.
        report.update(state="ended", result=result)
    elif not is_trainer_alive:
        report["state"] = "gone"
