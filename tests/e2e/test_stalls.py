"""Slow callbacks: all are reported, no others are, and times and names are right."""

import os

from lib import checks, schema
from lib.case import on_every_python, patient
from lib.checks import verify


def check_run(case, records, truth):
    verify(schema.documented(records), checks.sums(records), checks.counts(records, truth),
           target_exited(records), loop_record(case, records))
    checks.stalls(records, truth, note=case.note)


def target_exited(records):
    reason = records.one("footer")["reason"]
    if reason != "target_exited":
        yield f"the reason of the end is {reason}"


def loop_record(case, records):
    version = ".".join(map(str, case.interpreter.version))
    for loop in records.of("loop"):
        if (loop["runtime"], loop["runtime_version"]) != ("asyncio", version):
            yield f"{loop['runtime']} {loop['runtime_version']}, not asyncio {version}"
        if "python" not in os.path.basename(loop["exe"]):
            yield f"exe {loop['exe']}"


@on_every_python
@patient
def test_every_stall_is_found_and_named(case):
    records, truth = case.observe("stalls.py")
    check_run(case, records, truth)
    verify(checks.stalling_frames(records, truth))


@on_every_python
@patient
def test_contexts_and_polls_in_callbacks(case):
    """Contexts and polls inside a callback neither split nor end it."""
    records, truth = case.observe("nested.py")
    check_run(case, records, truth)
    if len({loop["tid"] for loop in records.of("loop")}) != 2:
        verify([f"two threads ran loops, not {records.of('loop')}"])


@on_every_python
@patient
def test_work_between_loops_is_no_callback(case):
    records, truth = case.observe("twice.py", loop=False)
    check_run(case, records, truth)
