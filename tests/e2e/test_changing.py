"""loopprof tasks: what is said of a process whose tasks change while they are read."""

import re

from lib import tasks
from lib.case import on_every_python
from lib.processes import Failure

LOOKS = 20
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600}
TIME = re.compile(r"(due in|overdue by|timeout in|timeout overdue by) ([\d.]+) (\w+)")
# The longest sleep, and uvloop's and loopprof's tolerance.
AHEAD_S = 0.008
# A loop that gets no CPU may be late, but not for so long.
LATE_S = 60


def times(task):
    """The times in what a task awaits: the words, and the duration in s."""
    detail = (task["awaits"] or {}).get("detail") or ""
    return [(words, float(value) * UNITS[unit]) for words, value, unit in TIME.findall(detail)]


def impossible(task):
    for words, seconds in times(task):
        if seconds > (LATE_S if "overdue" in words else AHEAD_S):
            yield f"{task['task']}, {task['name']}: {task['awaits']['detail']}"


@on_every_python
def test_times_are_those_of_the_wait(case):
    """Timers that end while they are read have no time rather than that of something else."""
    target = case.start("changing.py")
    counts = {"timers": 0, "timed": 0}
    for _ in range(LOOKS):
        for task in tasks.snapshot(case, target.pid).all:
            for complaint in impossible(task):
                raise Failure(complaint)
            if task["awaits"] and task["awaits"]["kind"] == "timer":
                counts["timers"] += 1
                counts["timed"] += len(times(task)) > 0
    case.note(f"{counts['timed']} of {counts['timers']} timers have a time")
    if counts["timed"] < counts["timers"] / 4:
        raise Failure(f"times are missing: {counts}")
    target.go()
    target.finish()


def test_a_clock_of_the_loops_own(case):
    """Instants of a loop with another clock are not compared with this one."""
    target = case.start("changing.py", "clock")
    for task in tasks.snapshot(case, target.pid).all:
        if times(task):
            raise Failure(f"{task['task']}: {task['awaits']['detail']}")
    target.go()
    target.finish()
