"""loopprof tasks: reports about a process whose tasks change while they are read."""

import re

from lib import tasks
from lib.case import on_every_python
from lib.processes import Failure

SNAPSHOTS = 20
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600}
TIME = re.compile(r"(due in|overdue by|timeout in|timeout overdue by) ([\d.]+) (\w+)")
# The longest sleep, and uvloop's and loopprof's tolerance.
AHEAD_S = 0.008
# A loop that gets no CPU may be late, but not for this time.
LATE_S = 60


def times(task):
    """The times in what a task awaits: the words, and the duration in s."""
    detail = (task["awaits"] or {}).get("detail") or ""
    return [(words, float(value) * UNITS[unit]) for words, value, unit in TIME.findall(detail)]


def impossible(task):
    for words, seconds in times(task):
        if seconds > (LATE_S if "overdue" in words else AHEAD_S):
            yield f"{task['task']}, {task['name']}: {task['awaits']['detail']}"


def snapshots(case, *options, arguments=()):
    target = case.start("changing.py", *arguments)
    for _ in range(SNAPSHOTS):
        yield tasks.snapshot(case, target.pid, *options)
    target.go()
    target.finish()


@on_every_python
def test_times_of_a_running_process_are_possible(case):
    """A timer that ends while it is read has no time, rather than that of another object."""
    counts = {"timers": 0, "timed": 0}
    for found in snapshots(case):
        for task in found.all:
            for complaint in impossible(task):
                raise Failure(complaint)
            if task["awaits"] and task["awaits"]["kind"] == "timer":
                counts["timers"] += 1
                counts["timed"] += len(times(task)) > 0
    case.note(f"{counts['timed']} of {counts['timers']} timers have a time")
    if counts["timed"] < counts["timers"] / 4:
        raise Failure(f"times are missing: {counts}")


def test_times_of_a_stopped_process_are_possible(case):
    """A stopped process has times, and none that is impossible."""
    timed = 0
    for found in snapshots(case, "--consistent"):
        for task in found.all:
            for complaint in impossible(task):
                raise Failure(complaint)
            timed += len(times(task)) > 0
    if not timed:
        raise Failure("no time at all")


@on_every_python
def test_what_takes_the_memory_of_a_future_is_not_awaited(case):
    """A future that is set and freed while it is read is not shown as what has its place."""
    counts = {"futures": 0}
    for found in snapshots(case, arguments=["futures"]):
        for task in found.all:
            name = (task["awaits"] or {}).get("class")
            # An object that was freed while it was read is not described at all.
            if name and name not in ("_asyncio.Future", "asyncio.events.TimerHandle"):
                counts[name] = counts.get(name, 0) + 1
            counts["futures"] += name == "_asyncio.Future"
    case.note(f"{counts}")
    if len(counts) > 1 or not counts["futures"]:
        raise Failure(f"awaited: {counts}")


def held_by_nobody(found):
    for task in found.all:
        if "no task is known" in ((task["awaits"] or {}).get("detail") or ""):
            yield f"{task['task']}, {task['name']}: {task['awaits']['detail']}"


@on_every_python
def test_locks_that_change_hands_have_holders(case):
    """A lock that is released while it is read is not reported as one without a holder."""
    for options in [], ["--consistent"]:
        for found in snapshots(case, *options):
            for complaint in held_by_nobody(found):
                raise Failure(complaint)


@on_every_python
def test_a_lock_that_is_never_released_is_reported(case):
    """The task that locked it has ended; the other tasks of the process run on."""
    for options in [], ["--consistent"]:
        reported = [set(held_by_nobody(found))
                    for found in snapshots(case, *options, arguments=["lost"])]
        wrong = [text for texts in reported for text in texts if "lost lock" not in text]
        if wrong or not any(len(texts) == 2 for texts in reported):
            raise Failure(f"{options}: {reported}")
        case.note(f"{options}: in {sum(map(bool, reported))} of {SNAPSHOTS}")


def test_a_loop_with_its_own_clock_has_no_times(case):
    """Instants of a loop with another clock are not compared with CLOCK_MONOTONIC."""
    target = case.start("changing.py", "clock")
    for task in tasks.snapshot(case, target.pid).all:
        if times(task):
            raise Failure(f"{task['task']}: {task['awaits']['detail']}")
    target.go()
    target.finish()
