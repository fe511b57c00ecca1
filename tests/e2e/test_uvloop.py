"""uvloop, the second runtime: its loops have all that asyncio's have."""

import functools

import pytest

from lib import causes, checks, lost, schema, tasks
from lib.case import THRESHOLD_NS, each, patient
from lib.checks import verify
from lib.processes import Failure
from lib.uvloops import has_uvloop, is_host, with_uvloop
from test_causes import check_preempted
from test_queue import compare


def on_every_uvloop(test):
    """Selects Debian's package, and wheels of several versions."""
    return on(lambda interpreter: True)(test)


def on(select):
    """Runs a test with uvloop on those interpreters that have it."""
    def mark(test):
        @functools.wraps(test)
        def wrapper(case):
            case.interpreter = with_uvloop(case.interpreter)
            return test(case)

        return each(lambda interpreter: has_uvloop(interpreter) and select(interpreter))(wrapper)

    return mark


def newest(interpreter):
    return interpreter.version[:2] == (3, 13)


def on_host_and_newest(test):
    return on(lambda interpreter: is_host(interpreter) or newest(interpreter))(test)


def observe(case, script, *arguments, options=(), loop=True):
    return case.observe("onuvloop.py", script, *arguments, options=options, loop=loop)


def runtime(case, records):
    """Each loop is one of uvloop, on this Python."""
    version = ".".join(map(str, case.interpreter.version))
    if not records.of("loop"):
        yield "no loop"
    for loop in records.of("loop"):
        if (loop["runtime"], loop["runtime_version"]) != ("uvloop", version):
            yield f"{loop['runtime']} {loop['runtime_version']}, not uvloop {version}"


@on(lambda interpreter: is_host(interpreter) or interpreter.version[:2] in ((3, 8), (3, 12)))
@patient
def test_every_stall_is_found_and_named(case):
    records, truth = observe(case, "stalls.py")
    verify(schema.documented(records), checks.sums(records), checks.counts(records, truth),
           runtime(case, records))
    checks.stalls(records, truth, note=case.note)
    verify(checks.stalling_frames(records, truth))


@on(is_host)
@patient
def test_contexts_and_polls_in_callbacks(case):
    """Contexts and polls inside a callback neither split nor end it."""
    records, truth = observe(case, "nested.py")
    verify(schema.documented(records), checks.sums(records), checks.counts(records, truth),
           runtime(case, records))
    checks.stalls(records, truth, note=case.note)


@pytest.mark.alone
@on(is_host)
@patient
def test_callbacks_that_lose_their_cpu_have_a_stack(case):
    check_preempted(case, causes.TRACE, "onuvloop.py")
    check_preempted(case, causes.SAMPLE, "onuvloop.py")


@on_every_uvloop
@patient
def test_methods_of_protocols(case):
    """Methods of protocols have no handle; each call is counted and timed."""
    records, truth = observe(case, "protocols.py")
    verify(schema.documented(records), checks.sums(records), checks.counts(records, truth),
           runtime(case, records))
    checks.stalls(records, truth, note=case.note)
    verify(checks.stalling_frames(records, truth))


@on_host_and_newest
@patient
def test_queue_delays(case):
    records, truth = observe(case, "queued.py", options=["--queue"])
    verify(schema.documented(records), checks.sums(records), runtime(case, records))
    compare(records, truth, case.note)


@on(newest)
@patient
def test_every_cause_traced(case):
    records, truth = observe(case, "causes.py")
    verify(schema.documented(records), checks.sums(records), runtime(case, records))
    causes.every_cause(records, truth, causes.TRACE, case.note)


@on(is_host)
@patient
def test_every_cause_sampled(case):
    """Sample mode, without any probe in the target."""
    records, truth = observe(case, "causes.py", options=causes.SAMPLE.options, loop=False)
    verify(schema.documented(records), runtime(case, records))
    causes.every_cause(records, truth, causes.SAMPLE, case.note)


@on_host_and_newest
@patient
def test_both_kinds_in_one_process(case):
    """Each loop has its own runtime, even if one thread runs both kinds in turn."""
    records, truth = case.observe("bothkinds.py", loop=False)
    verify(schema.documented(records), checks.sums(records), kinds(records))
    checks.stalls(records, truth, note=case.note)


@on_host_and_newest
@patient
def test_both_kinds_sampled(case):
    """In sample mode a loop may stall before it is known; these loops run briefly."""
    records, truth = case.observe("bothkinds.py", options=["-m", "sample"], loop=False)
    verify(kinds(records))
    due = [stall for stall in truth.stalls if stall["duration_ns"] >= THRESHOLD_NS]
    found = [stall for stall in due
             if any(checks.covers(slow, stall) for slow in records.slow())]
    if len(found) < len(due) // 2:
        raise Failure(f"{len(found)} of {len(due)} stalls found")


def kinds(records):
    """Tasks have the name of their loop's kind."""
    names = {loop["loop_id"]: loop["runtime"] for loop in records.of("loop")}
    if set(names.values()) != {"asyncio", "uvloop"}:
        yield f"loops {names}"
    for slow in records.slow():
        if slow["callback"]["task"] not in (None, names[slow["loop_id"]]):
            yield f"{checks.shown(slow)} in a loop of {names[slow['loop_id']]}"


@on_host_and_newest
def test_every_loss_is_found(case):
    target = case.start("onuvloop.py", "lost.py")
    profiler = case.attach_all(target, "--find", "all")
    target.go()
    target.finish()
    records = profiler.finish().expect(0).records
    lost.check(case, records, case.truth(target), target.pid)


@on_host_and_newest
def test_nothing_is_found_where_nothing_is_lost(case):
    records, truth = observe(case, "clean.py", options=["--find", "all", "--lifetimes"])
    verify(schema.documented(records), checks.sums(records), lost.nothing(records))


@on_every_uvloop
def test_every_parked_task(case):
    target = case.start("onuvloop.py", "parked.py")
    found = tasks.snapshot(case, target.pid)
    truth = case.truth(target)
    verify(tasks.whole(found), tasks.parked(found, truth), tasks.deadlocks(found, truth))
    target.go()
    target.finish()
