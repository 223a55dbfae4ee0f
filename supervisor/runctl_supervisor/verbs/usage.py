"""The verb `processes`: what the training and its machine use now. Reads only, and keeps within one answer."""

import json
import time

from .. import limits
from ..instants import instant
from ..processes.machine_usage import disk_usages, gpu_usages, memory_usage, processor_ticks, processor_usage
from ..processes.process_usage import describe, describe_details, find_roles, read_usage
from .true_report import read_true_report


def processes(paths, request):
    """Looks twice, a short while apart: a percentage is of something that lasts."""
    report, _, _ = read_true_report(paths)
    roles = find_roles(paths, report)
    began, machine_before = time.monotonic(), processor_ticks()
    before = {pid: read_usage(pid) for pid in roles}
    time.sleep(limits.USAGE_WINDOW_SECONDS)
    after = {pid: read_usage(pid) for pid in roles}
    window_seconds, machine_after = time.monotonic() - began, processor_ticks()
    seen = {pid: role for pid, role in roles.items() if _is_same(before[pid], after[pid])}
    described = [describe(pid, role, before[pid], after[pid], window_seconds) for pid, role in seen.items()]
    if request.get("detailed") is True:
        for process in described:
            process.update(describe_details(paths, process["pid"], after[process["pid"]]))
    usage = {
        "at": instant(),
        "runId": report["runId"] if report else None,
        "attemptNumber": report["attemptNumber"] if report else None,
        "state": report["state"] if report else None,
        "cpu": processor_usage(machine_before, machine_after),
        "memory": memory_usage(),
        "disks": disk_usages([paths.training, "/"]),
        "gpus": gpu_usages(),
        "processes": sorted(described, key=_rank),
        "processCount": len(described),
    }
    _drop_what_does_not_fit(usage)
    return {"usage": usage}


def _is_same(before, after):
    """Whether both looks saw one process: its number may have changed hands in between."""
    return before is not None and after is not None and before["startTime"] == after["startTime"]


def _rank(process):
    """The trainer and the supervisor first, then who uses most."""
    return (
        ("trainer", "supervisor", "child").index(process["role"]),
        -process["cpuPercent"],
        -process["memoryBytes"],
    )


def _drop_what_does_not_fit(usage):
    """Leaves out the processes that use least; `processCount` tells that there are more."""
    room_bytes = limits.ANSWER_MAX_BYTES - limits.ANSWER_FRAME_BYTES
    while usage["processes"] and len(json.dumps(usage, ensure_ascii=False, separators=(",", ":")).encode()) > room_bytes:
        usage["processes"].pop()
