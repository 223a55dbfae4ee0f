"""What the machine is busy with: processors, memory, disks, graphics cards. Reads only, and what cannot be read is null."""

import os
import subprocess

from .. import limits

_GPU_FIELDS = ("index", "name", "utilization.gpu", "memory.used", "memory.total", "temperature.gpu", "power.draw")


def processor_ticks():
    """(busy, all) clock ticks of all processors together since boot. https://man7.org/linux/man-pages/man5/proc_stat.5.html"""
    with open("/proc/stat", encoding="ascii") as file:
        # user nice system idle iowait irq softirq steal; guests are counted within user already.
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def processor_usage(before, after):
    """Count, percent of all processors together between two readings of `processor_ticks`, and the load."""
    elapsed = after[1] - before[1]
    percent = 100.0 * (after[0] - before[0]) / elapsed if elapsed > 0 else 0.0
    return {
        "count": os.cpu_count() or 1,
        "percent": round(min(100.0, max(0.0, percent)), 1),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def memory_usage():
    with open("/proc/meminfo", encoding="ascii") as file:
        sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in file)}
    total = sizes["MemTotal"]
    # What the page cache could give back is not used.
    available = sizes.get("MemAvailable", sizes["MemFree"])
    swap = sizes.get("SwapTotal", 0) - sizes.get("SwapFree", 0)
    return {"totalBytes": total, "usedBytes": total - available, "swapUsedBytes": swap}


def disk_usages(folders):
    """The file systems of these folders, each once."""
    usages, devices = [], set()
    for folder in folders:
        try:
            device, found = os.stat(folder).st_dev, os.statvfs(folder)
        except OSError:
            continue
        if device in devices:
            continue
        devices.add(device)
        total, free = found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize
        # Blocks that only root may use are neither used nor free to the script.
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        usages.append({"path": folder, "totalBytes": total, "usedBytes": used, "freeBytes": free})
    return usages


def gpu_usages():
    """The graphics cards as nvidia-smi sees them; none where there is no such program, or it does not answer."""
    command = ["nvidia-smi", "--query-gpu=" + ",".join(_GPU_FIELDS), "--format=csv,noheader,nounits"]
    try:
        output = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limits.GPU_QUERY_SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    cards = [_card(line) for line in output.decode("utf-8", "replace").splitlines()]
    return [card for card in cards if card is not None][: limits.GPUS_MAX_COUNT]


def _card(line):
    """`0, NVIDIA A10G, 87, 10240, 23028, 61, 210.35`; a card that does not know a value says `[N/A]`."""
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != len(_GPU_FIELDS) or not fields[0].isdigit():
        return None
    mebibytes = 1024 * 1024
    used, total = _number(fields[3]), _number(fields[4])
    return {
        "index": int(fields[0]),
        "name": fields[1][: limits.GPU_NAME_MAX_CHARACTERS],
        "percent": _number(fields[2]),
        "memoryUsedBytes": None if used is None else int(used * mebibytes),
        "memoryTotalBytes": None if total is None else int(total * mebibytes),
        "celsius": _number(fields[5]),
        "watts": _number(fields[6]),
    }


def _number(text):
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else value if value == value and abs(value) < 1e12 else None
