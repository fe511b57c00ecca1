"""Garbage collections of which the interpreter has recorded the times (CPython 3.15)."""

from lib import schema
from lib.case import Late, each, patient
from lib.checks import verify
from lib.processes import Failure

COUNT = 8
# What the callbacks of module gc, which the truth is from, may add to a collection.
CALLBACKS_NS = 500_000


@each(lambda interpreter: interpreter.version >= (3, 15))
@patient
def test_collections_are_exact(case):
    """The time of collections is their own, with the generation, unless there were too many."""
    records, truth = case.observe("collects.py", str(COUNT))
    verify(schema.documented(records))
    collected, seen = truth.fact("collected"), 0
    for record in records.of("slow_callback"):
        own = [ns for name, _, ns in collected if name == record["callback"]["task"]]
        if not own or record["in_progress"]:
            continue
        time, total_ns = record["time"], sum(own)
        # none of them was sampled
        if "gc_exact" not in time:
            continue
        seen += 1
        if time["gc_generation"] != 2:
            raise Failure(f"{time} instead of generation 2")
        if time["gc_exact"] != (len(own) <= 3):
            raise Failure(f"{time}, but {len(own)} collections")
        if time["gc_exact"] and not 0 <= total_ns - time["gc_ns"] <= CALLBACKS_NS * len(own):
            raise Late(f"{time}, but {total_ns} ns in {own}")
    if seen < COUNT / 2:
        raise Late(f"collections of {seen} callbacks are recorded")
    case.note(f"{seen} callbacks with recorded collections")


@each(lambda interpreter: interpreter.version[:2] == (3, 14))
@patient
def test_older_versions_record_nothing(case):
    records, _ = case.observe("collects.py", "1")
    verify(schema.documented(records))
    if any("gc_exact" in record["time"] for record in records.of("slow_callback")):
        raise Failure("a version without records of collections has some")
