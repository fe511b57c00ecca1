"""What a loopprof holds: memory, descriptors, links, and entries of its BPF maps."""

import json
import os
import re
import shutil
import subprocess

BPFTOOL = shutil.which("bpftool", path="/usr/sbin:" + os.environ.get("PATH", "/usr/bin"))
# Maps that hold something of each process, loop or callback.
COUNTED = ("processes", "loop_slots", "callback_slots", "sites")


def _fdinfo(pid):
    for descriptor in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{descriptor}", encoding="ascii") as file:
                yield dict(line.split(":", 1) for line in file if ":" in line)
        except OSError:
            continue  # closed meanwhile


def _bpftool(*arguments):
    answer = subprocess.run([BPFTOOL, "-j", *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=True)
    return json.loads(answer.stdout)


def links(pid):
    """Attached programs: each has a link, or, for perf events, a descriptor of the event."""
    return sum("link_type" in fields for fields in _fdinfo(pid))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid):
    """Bytes of its own, without what it has mapped of files and of the kernel."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return int(re.search(r"^RssAnon:\s+(\d+) kB", file.read(), re.MULTILINE)[1]) * 1024


def maps(pid):
    """{name: entries} of the maps that are counted."""
    counts = {}
    for fields in _fdinfo(pid):
        if "map_id" not in fields:
            continue
        number = fields["map_id"].strip()
        name = _bpftool("map", "show", "id", number).get("name")
        if name in COUNTED and name not in counts:
            counts[name] = len(_bpftool("map", "dump", "id", number))
    return counts


def take(pid):
    return {"resident": resident(pid), "descriptors": descriptors(pid), "links": links(pid),
            **maps(pid)}
