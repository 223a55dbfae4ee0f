"""The init process of a machine: reaps orphans, runs the SSM agent and the user data, shuts down on request."""

import os
import selectors
import signal
import time
import traceback

import process_tree
from agent import Agent

EXIT_POWER_OFF = 10
EXIT_REBOOT = 11
EXIT_ASKED = 12
EXIT_FAILED = 13

# What a program gets between SIGTERM and SIGKILL when its machine is shut down. An operating system gives it longer
# (systemd: 90 s), but a person who rehearses an interruption does not want to wait for a program that ignores SIGTERM.
SHUTDOWN_GRACE_SECONDS = 2.0
SHUTDOWN_POLL_SECONDS = 0.02

# One byte each, written into the fifo `wake`.
EXITS = {b"p": EXIT_POWER_OFF, b"r": EXIT_REBOOT, b"e": EXIT_ASKED}


def main(folder, guard_pipe):
    """Never returns. The exit code tells the guard why the machine went down."""
    code = EXIT_FAILED
    try:
        code = run(folder, guard_pipe)
    except BaseException:  # noqa: BLE001 - an init that fails takes its machine down, and says why
        with open(os.path.join(folder, "init.log"), "a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
    finally:
        process_tree.end_all(os.getpid())
        os._exit(code)


def run(folder, guard_pipe):
    process_tree.become_subreaper()
    signal_pipe, signal_holds = os.pipe()
    for end in (signal_pipe, signal_holds):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(signal_holds, warn_on_full_buffer=False)
    asked_by_signal = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: asked_by_signal.append(EXIT_ASKED))
    # Read and write, so that the fifo never ends when a writer closes it.
    wake = os.open("wake", os.O_RDWR | os.O_NONBLOCK)
    selector = selectors.DefaultSelector()
    for descriptor in (signal_pipe, wake, guard_pipe):
        selector.register(descriptor, selectors.EVENT_READ)

    start_user_data(folder)
    agent = Agent(folder, selector)
    agent.recover()
    while True:
        if agent.wants_reboot:
            return shut_down(EXIT_REBOOT)
        if asked_by_signal:
            return shut_down(asked_by_signal[0])
        for key, _ in selector.select(agent.seconds_to_next_deadline()):
            if key.fd == guard_pipe:
                return EXIT_FAILED  # the guard was killed: everything below ends at once
            if key.fd == signal_pipe:
                drain(signal_pipe)
            elif key.fd == wake:
                for byte in drain(wake):
                    if byte in EXITS:
                        return shut_down(EXITS[byte])
                agent.look_at_inbox()
            else:
                agent.copy_output(key.fd)
        agent.note_exits(process_tree.reap())
        agent.enforce_deadlines()
        agent.start_queued()


def drain(descriptor):
    try:
        read = os.read(descriptor, 4096)
    except BlockingIOError:
        return []
    return [read[index : index + 1] for index in range(len(read))]


def shut_down(code):
    """SIGTERM to all, a short grace; the caller kills what is left."""
    for pid in process_tree.descendants(os.getpid()):
        process_tree.send(pid, signal.SIGTERM)
        process_tree.send(pid, signal.SIGCONT)
    deadline = time.monotonic() + SHUTDOWN_GRACE_SECONDS
    while time.monotonic() < deadline:
        process_tree.reap()
        if not process_tree.descendants(os.getpid()):
            break
        time.sleep(SHUTDOWN_POLL_SECONDS)
    return code


def start_user_data(folder):
    """Runs a user data script once in the instance's life, as cloud-init does, and only if it begins with `#!`."""
    script, done = os.path.join(folder, "user-data"), os.path.join(folder, "user-data.started")
    if not os.path.exists(script) or os.path.exists(done):
        return
    open(done, "w").close()
    with open(script, "rb") as file:
        if file.read(2) != b"#!":
            return
    os.chmod(script, 0o700)
    if os.fork() > 0:
        return
    try:
        os.setsid()
        os.chdir(os.environ["HOME"])
        log = os.open("cloud-init-output.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
        null = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, null), (1, log), (2, log)):
            os.dup2(source, target)
        process_tree.reset_signals()
        os.execv(script, [script])
    finally:
        os._exit(127)
