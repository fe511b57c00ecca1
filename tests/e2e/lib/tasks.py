"""Compares the output of `loopprof tasks` with the truth, and with other readers of tasks.

targets/parkedtruth.py describes the truth.  Each function yields complaints.
"""

import os
import re
import subprocess
import sys
import unicodedata

from . import schema
from .causes import is_at, places, wanted
from .checks import verify
from .processes import Failure

# Independent of loopprof: a script beside the checkout that reads /proc/PID/mem.
PROBE = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "shared",
                                     "reference", "pyprobe.py"))
# The script opens files of the target in its root, but by the names that they have outside.
RUN_PROBE = """
import builtins, runpy, sys
opens, root = builtins.open, "/proc/%s/root/" % sys.argv[1]
builtins.open = lambda path, *rest: opens(path.replace(root, "/"), *rest)
runpy.run_path({!r}, run_name="__main__")
"""
PROBE_TASK = re.compile(r"^TASK '(.*)' type=\S+ name-obj=\S+ (\w+) waiter=(.*)\n +(.*)$", re.M)
PROBE_FRAME = re.compile(r"^(\S+)\[(\w+) @(.*):(\d+)\]$")
PROBE_TARGET = re.compile(r"^-> \S+Task@\w+\((.*)\)$")


class Snapshot:
    """The tasks of one snapshot, by name."""

    def __init__(self, records):
        self.records = records
        self.all = records.of("task")
        self.names = {task["task_id"]: task["task"] for task in self.all}
        self.tasks = {task["task"]: task for task in self.all}

    def named(self, identities):
        return sorted(self.names.get(identity, identity) for identity in identities)


def snapshot(case, pid, *options):
    """Takes a snapshot of a process, which has to succeed."""
    records = case.run("tasks", "-p", str(pid), "-j", *options).expect(0).records
    verify(schema.documented(records, "tasks"))
    found = Snapshot(records)
    if len(found.names) != len(found.all):
        raise Failure(f"{len(found.all)} tasks have {len(found.names)} addresses")
    return found


def whole(found):
    """No task is partial or cut, and the footer says that the snapshot is complete."""
    footer = found.records.one("footer")
    if footer["reason"] != "done" or footer["partial"]:
        yield f"footer {footer}"
    for task in found.all:
        if task["partial"] or task["cut"]:
            yield f"{task['task']}: partial {task['partial']}, cut {task['cut']}"


# ---- the ground truth ----


def expected(truth):
    return {fact["parked"]["task"]: fact["parked"] for fact in truth.facts if "parked" in fact}


def identity(task, true):
    if task["state"] not in true["states"]:
        yield f"{true['task']}: {task['state']}, not {true['states']}"
    for key in ("name", "file", "line"):
        if task[key] != true[key]:
            yield f"{true['task']}: {key} {task[key]!r}, not {true[key]!r}"
    if task["exception"] != true["exception"]:
        yield f"{true['task']}: exception {task['exception']}, not {true['exception']}"


def chain(task, true):
    """The program's own frames, outermost first, and the line where the innermost one is parked."""
    if not true["frames"]:
        return
    own = [frame for frame in task["await_chain"] if frame["file"] == true["file"]]
    if len(own) != len(true["frames"]) or not all(map(is_at, own, true["frames"])):
        yield (f"{true['task']}: await chain {places(task['await_chain'])}, "
               f"not {[wanted(place) for place in true['frames'][:4]]}")
    elif task["parked"] != task["await_chain"][-1]:
        yield f"{true['task']}: parked at {task['parked']}, chain {places(task['await_chain'])}"


def awaits(task, true):
    """The object that the task awaits."""
    found = task["awaits"]
    if true["kinds"] is None:
        if found is not None:
            yield f"{true['task']} is said to await {found}"
        return
    if found is None or found["kind"] not in true["kinds"]:
        yield f"{true['task']}: awaits {found}, not {true['kinds']}"
        return
    if true["class"] and not re.fullmatch(true["class"], found["class"].rpartition(".")[2]):
        yield f"{true['task']}: awaits {found}, not a {true['class']}"
    if true["detail"] and not re.search(true["detail"], found["detail"] or ""):
        yield f"{true['task']}: awaits {found}, not {true['detail']!r}"


def waiters(found, true):
    """The tasks that await its end, and the tasks that hold what it awaits."""
    for key in ("awaited_by", "holds"):
        said = found.named(found.tasks[true["task"]][key])
        if said != sorted(true[key]):
            yield f"{true['task']}: {key} {said}, not {sorted(true[key])}"


def deadlocks(found, truth):
    true = truth.fact("deadlocks")
    for record in found.records.of("deadlock"):
        if found.named(record["tasks"]) != sorted(record["names"]):
            yield f"deadlock of {record['names']}, of the tasks {found.named(record['tasks'])}"
        if sorted(record["names"]) not in true:
            yield f"invented: deadlock of {record['names']}"
    said = [sorted(record["names"]) for record in found.records.of("deadlock")]
    for names in true:
        if said.count(names) != 1:
            yield f"deadlock of {names} reported {said.count(names)} times"


def parked(found, truth):
    """Each task of the ground truth is there, in its true state, and no other one."""
    true = expected(truth)
    for name in sorted(true.keys() ^ found.tasks.keys()):
        yield f"{name} is {'missing' if name in true else 'invented'}"
    for name in true.keys() & found.tasks.keys():
        task = found.tasks[name]
        yield from identity(task, true[name])
        yield from chain(task, true[name])
        yield from awaits(task, true[name])
        yield from waiters(found, true[name])


def in_their_loops(found, truth):
    """The loop of each task is run by the right thread, or by none."""
    tids = {loop["loop_id"]: loop["tid"] for loop in found.records.of("loop")}
    for name, tid in truth.fact("loops").items():
        if name not in found.tasks:
            yield f"{name} is missing"
        elif tids.get(found.tasks[name]["loop_id"], 0) != tid:
            yield f"{name}: in loop {found.tasks[name]['loop_id']} of {tids}, not thread {tid}"


def harmless(found, text):
    """No name contains a character that a terminal would interpret."""
    for name in found.tasks:
        if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in name):
            yield f"name {name!r}"
    odd = {letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs")}
    if odd - {"\n"}:
        yield f"in the text: {sorted(odd)}"


# ---- other readers ----


def probed(pid):
    """State, frames and awaited tasks of each task, as pyprobe.py reads them."""
    text = subprocess.run([sys.executable, "-c", RUN_PROBE.format(PROBE), str(pid)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          timeout=30).stdout
    for name, state, _, steps in PROBE_TASK.findall(text):
        steps = steps.split(" / ")
        frames = [PROBE_FRAME.match(step) for step in steps]
        targets = [PROBE_TARGET.match(step) for step in steps]
        yield (name, state,
               [(frame.group(1), frame.group(3), int(frame.group(4))) for frame in frames if frame],
               [target.group(1) for target in targets if target])


def same_as_probe(found, pid):
    """Each task that pyprobe.py finds is at the same place."""
    others = list(probed(pid))
    if len(others) < len(found.all):
        yield f"pyprobe.py finds {len(others)} tasks, loopprof {len(found.all)}"
    for name, state, frames, targets in others:
        task = found.tasks.get(name)
        if task is None:
            # Finished tasks without an exception are not listed.
            if state == "PENDING":
                yield f"pyprobe.py finds {name}"
            continue
        if (task["state"] == "done") != (state != "PENDING"):
            yield f"{name}: {task['state']}, pyprobe.py says {state}"
        yield from same_frames(name, task, frames)
        for target in targets:
            if name not in found.named(found.tasks[target]["awaited_by"]):
                yield f"{name} awaits {target}, which does not know it"


def same_frames(name, task, frames):
    # A running task goes on meanwhile, and a task that has not begun is in no line.
    if task["state"] not in ("waiting", "cancelling") or not task["await_chain"]:
        return
    mine = [(frame["file"], frame["line"]) for frame in task["await_chain"]
            if not frame["function"].endswith(">")]
    theirs = [(file, line) for _, file, line in frames]
    # pyprobe.py does not follow asynchronous generators, but stops there.
    if mine[:len(theirs)] != theirs:
        yield f"{name}: at {mine}, pyprobe.py says {theirs}"


def start_with_proc(case, script):
    """Starts a target in a root in which /proc is mounted, as Python's own tools need it."""
    root = case.interpreter.root
    mount = 'mkdir -p "$0/proc" && mount -t proc proc "$0/proc" && exec "$@"'
    return case.start(script, prefix=["unshare", "-m", "sh", "-c", mount, root])


def edges_by_asyncio(case, pid):
    """(task, waiter) for each edge that `python -m asyncio ps` prints; 3.14 and later."""
    command = ["nsenter", "-t", str(pid), "-m",
               *case.interpreter.command("-m", "asyncio", "ps", str(pid))]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         check=False, timeout=30)
    lines = ran.stdout.splitlines()
    if ran.returncode != 0 or len(lines) < 3:
        raise Failure(f"asyncio ps: status {ran.returncode}: {ran.stdout[-2000:]}")
    names, edges = {}, set()
    begin, end = lines[0].index("task name"), lines[0].index("coroutine stack")
    for line in lines[2:]:
        words = line.split()
        names[int(words[1], 16)] = line[begin:end].strip()
        if int(words[-1], 16):
            edges.add((int(words[1], 16), int(words[-1], 16)))
    return names, {(names[task], names[waiter]) for task, waiter in edges}


def same_as_asyncio(found, names, edges):
    mine = {int(identity, 16): name for identity, name in found.names.items()}
    if mine != names:
        yield f"tasks {sorted(set(mine.items()) ^ set(names.items()))} differ"
    said = {(task["task"], waiter) for task in found.all
            for waiter in found.named(task["awaited_by"])}
    # asyncio itself does not record the holder of a lock.
    for task, waiter in sorted(edges - said):
        yield f"asyncio says that {waiter} awaits {task}"
    for task, waiter in sorted(said - edges):
        yield f"asyncio does not say that {waiter} awaits {task}"
