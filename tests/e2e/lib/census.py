"""Resources that a loopprof process holds: memory, descriptors, links, entries of BPF maps."""

import json
import os
import re
import shutil
import subprocess

BPFTOOL = shutil.which("bpftool", path="/usr/sbin:" + os.environ.get("PATH", "/usr/bin"))
# Maps with an entry for each process, loop or callback.
COUNTED = ("processes", "loop_slots", "callback_slots", "sites")


def _fdinfo(pid):
    for descriptor in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{descriptor}", encoding="ascii") as file:
                yield dict(line.split(":", 1) for line in file if ":" in line)
        except OSError:
            continue  # the descriptor was closed meanwhile


def _bpftool(*arguments):
    answer = subprocess.run([BPFTOOL, "-j", *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=True)
    return json.loads(answer.stdout)


def links(pid):
    """The number of attached programs that have a link.

    Programs on perf events have a descriptor of the event instead.
    """
    return sum("link_type" in fields for fields in _fdinfo(pid))


def _attacher(pid):
    """The child process that holds the probes."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        for child in file.read().split():
            with open(f"/proc/{child}/comm", encoding="ascii") as comm:
                if comm.read().strip() == "loopprof-attach":
                    return child
    raise LookupError(f"process {pid} has no child that attaches probes")


def probes(pid):
    """The number of probes, each of which is a perf event of the child process."""
    directory = f"/proc/{_attacher(pid)}/fd"
    return sum("perf_event" in os.readlink(f"{directory}/{descriptor}")
               for descriptor in os.listdir(directory))


def workers(pid):
    """The number of processes that read targets, the one that forks them included.

    Each is forked when it is needed first: a second one for the same work once the first is busy.
    """
    count = 0
    for fields in _fdinfo(pid):
        try:
            with open(f"/proc/{fields['Pid'].strip()}/comm", encoding="ascii") as comm:
                count += comm.read().strip() == "loopprof-worker"
        except (KeyError, OSError):
            continue  # no descriptor of a process, or one of a process that has ended
    return count


def descriptors(pid):
    """The number of descriptors, without the two for each worker."""
    return len(os.listdir(f"/proc/{pid}/fd")) - 2 * workers(pid)


def resident(pid):
    """Anonymous memory in bytes, without mapped files and maps of the kernel."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return int(re.search(r"^RssAnon:\s+(\d+) kB", file.read(), re.MULTILINE)[1]) * 1024


def maps(pid):
    """{name: number of entries} of the maps in COUNTED."""
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
            "probes": probes(pid), "workers": workers(pid), **maps(pid)}
