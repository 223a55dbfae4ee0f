"""One machine: `python3 guard.py FOLDER`. Parent of the init process, as the hardware is of an operating system.

The guard does one thing: when init ends, by whatever cause, it ends everything that was ever started on this machine
and says so in `ended.json`. Should the guard itself be killed, init notices and does the same from below.
"""

import fcntl
import os
import signal
import sys

import files
import init
import process_tree

CAUSES = {init.EXIT_POWER_OFF: "power-off", init.EXIT_REBOOT: "reboot", init.EXIT_ASKED: "asked"}


def start_time(pid):
    """Returns field 22 of /proc/PID/stat: with the pid it names one process for ever."""
    with open("/proc/%d/stat" % pid, "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[19].decode()


def main(folder):
    os.chdir(folder)
    lock = open("lock", "w")  # noqa: SIM115 - held as long as the machine runs
    # After a reboot the guard of the boot before may still be at work; it ends for certain.
    fcntl.flock(lock, fcntl.LOCK_EX)
    machine = files.read_json("machine.json")
    if machine is not None and machine["bootId"] == os.environ["RUNCTL_LOCAL_BOOT"]:
        return  # this boot was started twice
    if not os.path.exists("wake"):
        os.mkfifo("wake", 0o600)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    process_tree.become_subreaper()
    guard_reads, guard_holds = os.pipe()
    init_pid = os.fork()
    if init_pid == 0:
        lock.close()
        os.close(guard_holds)
        init.main(folder, guard_reads)
    os.close(guard_reads)
    files.write_json(
        "machine.json",
        {
            "bootId": os.environ["RUNCTL_LOCAL_BOOT"],
            "guard": {"pid": os.getpid(), "startTime": start_time(os.getpid())},
            "init": {"pid": init_pid, "startTime": start_time(init_pid)},
        },
    )
    status = None
    while status is None:
        pid, ended = os.waitpid(-1, 0)
        if pid == init_pid:
            status = ended
    process_tree.end_all(os.getpid())
    cause = CAUSES.get(os.WEXITSTATUS(status), "init-failed") if os.WIFEXITED(status) else "killed"
    files.write_json("ended.json", {"bootId": os.environ["RUNCTL_LOCAL_BOOT"], "cause": cause})


if __name__ == "__main__":
    main(sys.argv[1])
