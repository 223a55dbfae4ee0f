"""What the engine is asked to make for a trainer. Pure: test_container_choices.py shows it."""

import os

from ..processes.shells import is_shell

# Around a shell script. A shell dies of its SIGTERM at once, its container would end with it, and the training that it
# started would have no time to save. This one passes each signal to everything in its process group, once, and stays
# until all of it has ended. Process 1 is the engine's init.
_DRAINING_SHELL = """pass_on() { is_told=1; trap '' "$1"; kill -s "$1" 0; trap "pass_on $1" "$1"; }
others() { for each in /proc/[0-9]*; do case "${each#/proc/}" in 1|$$) ;; *) return 0 ;; esac; done; return 1; }
is_told=
for name in TERM USR1 USR2 HUP; do trap "pass_on $name" "$name"; done
"$@" &
child=$!
while :; do
  wait "$child"
  code=$?
  if [ "$code" -le 128 ] || ! kill -0 "$child" 2>/dev/null; then break; fi
done
while [ -n "$is_told" ] && others; do sleep 0.1 || sleep 1; done
exit "$code"
"""


def container_name(run_id, attempt_number):
    """Of letters that both a run id and an engine allow."""
    return "runctl-%s-%d" % (run_id, attempt_number)


def training_labels(paths, run_id, attempt_number):
    """By which an attempt's containers are found again, by us and by people; an engine may serve several folders."""
    return {
        "runctl.training": paths.training,
        "runctl.run-id": run_id,
        "runctl.attempt": str(attempt_number),
    }


def container_command(command):
    """The command of a process, made fit for a container: a shell script does not end before what it started."""
    if len(command) > 0 and _is_shell_script(command[0]):
        return ["/bin/sh", "-c", _DRAINING_SHELL, "trainer", *command]
    return list(command)


def container_body(paths, request, command, environment, data_path, network_mode, has_gpus):
    """The body of POST /containers/create.

    https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
    """
    devices = [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}] if has_gpus else []
    return {
        "Image": request.container["image"],
        # The image's own entry point is left out: what it would do with our command, nobody knows.
        "Entrypoint": command[:1],
        "Cmd": command[1:],
        "Env": ["%s=%s" % pair for pair in environment.items()],
        "WorkingDir": paths.code,
        # Who the trainer would be without a container, so that both may write and remove what lies in the folder.
        "User": "%d:%d" % (os.getuid(), os.getgid()),
        "Labels": training_labels(paths, request.run_id, request.attempt_number),
        # For a machine that shuts down: its engine ends containers by itself.
        "StopTimeout": int(request.save_timeout_seconds),
        "Tty": False,
        "OpenStdin": False,
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            # Process 1 gets no signal that it has no handler for; the engine's init passes it on to one that does.
            "Init": True,
            "NetworkMode": network_mode,
            # The same path inside and outside, so that all that is said in paths holds in both.
            "Mounts": [_mount(path) for path in (paths.training, data_path) if path is not None],
            "RestartPolicy": {"Name": "no"},
            "AutoRemove": False,
            # DataLoader workers share tensors there; the engine's 64 MiB end them. Linux gives half of the memory.
            "ShmSize": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2,
            "DeviceRequests": devices,
            # The whole output is read back from it, so it must never be rotated away.
            "LogConfig": {
                "Type": "json-file",
                "Config": {"max-size": "1000t", "max-file": "1", "compress": "false", "mode": "blocking"},
            },
        },
    }


def _mount(path):
    return {"Type": "bind", "Source": path, "Target": path}


def decide_gpus(has_gpus, runtimes, has_hook):
    """(whether the container gets them, a warning or None)."""
    if not has_gpus:
        return False, None
    if "nvidia" in runtimes or has_hook:
        return True, None
    return False, (
        "The instance has GPUs, but its container engine cannot give them to a container: the NVIDIA Container Toolkit"
        " is not installed."
    )


def _is_shell_script(path):
    try:
        with open(path, "rb") as file:
            head = file.read(256)
    except OSError:
        # A program of the image.
        return False
    if not head.startswith(b"#!"):
        # Without a first line that names an interpreter, it is a shell that runs a text.
        return not head.startswith(b"\x7fELF")
    words = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-")]
    return bool(words) and is_shell(words[0])
