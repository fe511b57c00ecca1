"""A loop that is stuck is reported before it goes on."""

import math
import re
import time

from lib import causes, checks, schema
from lib.case import THRESHOLD_NS, Late, on_every_python, patient
from lib.cgroups import Cgroup
from lib.checks import verify
from lib.processes import Failure
from lib.uvloops import has_uvloop, with_uvloop

# Limits on the delay of a report; loops are checked at intervals.
LATE_NS, LATE_SHARE = 80_000_000, 0.2
REPORTED_S = 0.5
FROZEN_S = 0.5


def start_stuck(case, how, mode, *options):
    """Starts a target that gets stuck, and its profiler."""
    target = case.start_preferred("stuck.py", how)
    profiler = case.attach(target, *mode.options, *options, loop=mode.knows_callbacks)
    stuck = case.truth(target).fact("stuck")
    target.go()
    return target, profiler, stuck


def in_progress(records):
    return [record for record in records.of("slow_callback") if record["in_progress"]]


def reported_meanwhile(profiler):
    """The first report is written without delay."""
    first = profiler.wait_for("slow_callback", limit_s=10, in_progress=True)[0]
    # Both clocks are CLOCK_MONOTONIC.
    late = (time.monotonic_ns() - first["start_ns"] - first["duration_ns"]) / 1e9
    if late > REPORTED_S:
        raise Late(f"reported {late:.1f} s late")


def doubling(reports, least, mode):
    """The first report is due at the threshold, later ones each time the duration has doubled."""
    starts = [report["start_ns"] for report in reports]
    if max(starts) - min(starts) > mode.worst_ns:
        raise Failure(f"reports of several starts: {starts}")
    due = THRESHOLD_NS
    took = [report["duration_ns"] for report in reports]
    for duration in took:
        if not due - mode.worst_ns <= duration <= due * (1 + LATE_SHARE) + LATE_NS:
            raise Late(f"reports after {took} ns")
        due *= 2
    # If a report is missing, the next one is too late for its turn.
    if len(reports) < least:
        raise Failure(f"{len(reports)} reports, expected {least}")


def explained(reports, stuck):
    """Each report has the line where the loop is stuck, and the cause."""
    for report in reports:
        what = f"after {checks.milliseconds(report['duration_ns'])}"
        callback = report["callback"]
        for key in ("kind", "name", "file", "line", "task"):
            if callback[key] != stuck[key]:
                yield f"{what}: {key} {callback[key]!r}, not {stuck[key]!r}"
        yield from causes.parts(what, report)
        yield from causes.dominant(what, report, "blocked")
        yield from causes.blocked_on(what, report, {
            "syscall": stuck["syscall"], "innermost": stuck["at"], "calls": [1, 1],
            "target": None})
        if len(report["await_chain"]) != 1:
            yield f"{what}: await chain {causes.places(report['await_chain'])}"


def check_sleeping(case, mode):
    """There are five reports in progress, and one at the end."""
    target, profiler, stuck = start_stuck(case, "sleeps", mode)
    reported_meanwhile(profiler)
    if not target.running:
        raise Failure("reported only after the end of the target")
    target.finish()
    records = profiler.finish().expect(0).records
    truth = case.truth(target)
    reports = in_progress(records)
    verify(schema.documented(records), explained(reports, stuck))
    if mode.knows_callbacks:
        verify(checks.sums(records))
    errors = causes.Errors()
    verify(causes.slow_callbacks(records, truth, mode, errors))
    doubling(reports, 5, mode)
    (last,) = records.slow()
    errors.add("its start", last["start_ns"] - reports[0]["start_ns"], mode.worst_ns)
    errors.verify(case.note)


@patient
def test_long_callback_traced(case):
    check_sleeping(case, causes.TRACE)


@patient
def test_long_callback_sampled(case):
    check_sleeping(case, causes.SAMPLE)


def check_never_ending(case, mode):
    """No code of the target runs any more, but reports go on."""
    target, profiler, stuck = start_stuck(case, "holds_gil", mode, "-d", "3")
    reported_meanwhile(profiler)
    records = profiler.finish(20).expect(0).records
    if not target.running:
        raise Failure("the target did not live on")
    reports = in_progress(records)
    verify(schema.documented(records), explained(reports, stuck))
    if records.slow():
        raise Failure(f"said to have ended: {checks.shown(records.slow()[0])}")
    if records.one("footer")["reason"] != "duration":
        raise Failure(f"the reason of the end is {records.one('footer')['reason']}")
    # The last report has the duration at the end of the run, whenever that was.
    if reports[-1]["duration_ns"] <= reports[-2]["duration_ns"]:
        raise Failure(f"the end reports {reports[-1]['duration_ns']} ns")
    # The end of the run may come before a report at 1.6 s: the four up to 0.8 s are certain.
    doubling(reports[:-1], 4, mode)


@on_every_python
@patient
def test_c_call_that_never_returns_traced(case):
    check_never_ending(case, causes.TRACE)


@on_every_python
@patient
def test_c_call_that_never_returns_sampled(case):
    check_never_ending(case, causes.SAMPLE)


def check_cut_off(case, mode):
    """A stall that is short so far when the run ends is printed then."""
    target = case.start_preferred("stuck.py", "sleeps", "20")
    stuck = case.truth(target).fact("stuck")
    profiler = case.profile("-p", str(target.pid), "-t", "100ms", *mode.options)
    profiler.wait_for_text("Ctrl-C ends")
    target.go()
    time.sleep(0.6)
    profiler.interrupt()
    text = profiler.finish().expect(0).out
    block = re.search(r"  still running after \d+ ms  (\S+)  task '(\w+)'.*\n"
                      r"    blocked +\d+ ms  .*\n +(\S+) ", text)
    if not block:
        raise Late(f"no block of the stall: {text}")
    if block.groups() != (stuck["name"], stuck["task"], stuck["name"]):
        raise Failure(f"its block is {block.group()!r}")
    if "began before" in text:
        raise Failure(text)


@patient
def test_stall_that_the_end_of_the_run_cuts_off_traced(case):
    check_cut_off(case, causes.TRACE)


@patient
def test_stall_that_the_end_of_the_run_cuts_off_sampled(case):
    check_cut_off(case, causes.SAMPLE)


def check_ends_after_attach(case, mode):
    """How long a stall has lasted that began before the attach is a least time."""
    target = case.start_preferred("stuck.py", "sleeps", "3")
    target.go()
    time.sleep(0.5)
    profiler = case.profile("-p", str(target.pid), "-t", "100ms", "-j", *mode.options)
    profiler.wait_for_text("Ctrl-C ends")
    target.finish()
    records = profiler.finish(20).expect(0).records
    verify(schema.documented(records))
    stalls = records.of("slow_callback")
    if not stalls or not all(stall.get("began_before") for stall in stalls):
        raise Failure(f"began_before: {[stall.get('began_before') for stall in stalls]}")
    if len(records.slow()) != 1:
        raise Failure(f"{len(records.slow())} stalls have ended")


@patient
def test_stall_that_began_before_the_attach_traced(case):
    check_ends_after_attach(case, causes.TRACE)


@patient
def test_stall_that_began_before_the_attach_sampled(case):
    check_ends_after_attach(case, causes.SAMPLE)


def named(what, report, stuck):
    """A task has its name, the place of its coroutine's definition, and its await chain."""
    callback = report["callback"]
    for key in ("name", "kind", "file", "line", "task"):
        if callback[key] != stuck[key]:
            yield f"{what}: {key} {callback[key]!r}, not {stuck[key]!r}"
    chain = [frame["function"] for frame in report["await_chain"]]
    if chain != ([stuck["name"]] if stuck["task"] else []):
        yield f"{what}: awaits {chain}"


def only_row(records, name):
    """The run time counts for the callback, and for nothing else."""
    rows = [(row["name"], row["loop_id"] != 0, row["count"], row["slow"])
            for row in records.final("callback_summary")]
    if rows != [(name, True, 1, 1)]:
        yield f"counted: {rows}"


def check_stuck_before(case, mode):
    """loopprof attaches after the loop got stuck: no probe is hit any more."""
    target = case.start("stuck.py", "holds_gil")
    stuck = case.truth(target).fact("stuck")
    target.go()
    time.sleep(0.5)
    profiler = case.profile("-p", str(target.pid), "-t", "100ms", "-j", *mode.options, "-d", "2")
    records = profiler.finish(20).expect(0).records
    reports = in_progress(records)
    verify(schema.documented(records))
    # the first one, one each time the duration has doubled, and one at the end
    # A report that was due just before the end may be the one at the end.
    lasted = records.one("footer")["end_ns"] - reports[0]["start_ns"] - LATE_NS
    doubled = (int(math.log2(lasted / THRESHOLD_NS))
               - int(math.log2(reports[0]["duration_ns"] / THRESHOLD_NS)))
    if len(reports) < 2 + doubled:
        raise Failure(f"{len(reports)} reports, expected {2 + doubled} in {lasted} ns")
    for report in reports:
        what = f"after {checks.milliseconds(report['duration_ns'])}"
        verify(named(what, report, stuck),
               causes.parts(what, report), causes.dominant(what, report, "blocked"),
               causes.blocked_on(what, report, {"syscall": stuck["syscall"], "calls": [1, 1],
                                                "innermost": stuck["at"], "target": None}))
    rows = [row for row in records.final("cause_summary") if row["cause"] == "blocked"]
    if not any(row["syscall"] in stuck["syscall"] for row in rows):
        raise Failure(f"what lasted to the end is no cause: {rows}")
    verify(only_row(records, stuck["name"]))


@on_every_python
@patient
def test_loop_that_was_stuck_before_traced(case):
    check_stuck_before(case, causes.TRACE)


@on_every_python
@patient
def test_loop_that_was_stuck_before_sampled(case):
    check_stuck_before(case, causes.SAMPLE)


@patient
def test_loop_that_was_stuck_before_in_other_ways(case):
    """In a function of C, with uvloop, which has no frame of its own on the stack, and in bursts."""
    budget = ("--budget", "1%")
    ways = [((), "calls_c", ()), ((), "sleeps", budget)]
    if has_uvloop(case.interpreter):
        case.interpreter = with_uvloop(case.interpreter)
        ways += [(("onuvloop.py",), "calls_c", ()), (("onuvloop.py",), "sleeps", budget)]
    for prefix, way, options in ways:
        # longer than an attach to it may take
        target = case.start(*prefix, "stuck.py", way, "20")
        stuck = case.truth(target).fact("stuck")
        if way == "calls_c":
            stuck = {"name": "sleep", "kind": "callback", "file": "", "line": 0, "task": None}
        target.go()
        time.sleep(0.2)
        profiler = case.profile("-p", str(target.pid), "-t", "100ms", "-j", "-d", "0.5", *options)
        records = profiler.finish(20).expect(0).records
        reports = in_progress(records)
        if not reports:
            raise Late(f"no report of {way}")
        verify(schema.documented(records), only_row(records, stuck["name"]),
               *(named(f"{prefix} {way}", report, stuck) for report in reports))


def check_step_of_many_waits(case, mode):
    """The callback that runs at the attach is the same one after each of its waits."""
    target = case.start("waitsinstep.py")
    profiler = case.profile("-p", str(target.pid), "-t", "100ms", "-j", *mode.options, "-d", "2")
    records = profiler.finish(20).expect(0).records
    verify(schema.documented(records))
    if records.slow():
        raise Failure(f"it has not ended: {records.slow()}")
    reports = in_progress(records)
    if not reports or len({report["start_ns"] for report in reports}) != 1:
        raise Failure(f"began at {[report['start_ns'] for report in reports]}")


@patient
def test_step_of_many_waits_traced(case):
    check_step_of_many_waits(case, causes.TRACE)


@patient
def test_step_of_many_waits_sampled(case):
    check_step_of_many_waits(case, causes.SAMPLE)


def check_stopped(case, mode):
    records, truth = case.observe("stuck.py", "stops", options=mode.options,
                                  loop=mode.knows_callbacks)
    errors = causes.Errors()
    verify(schema.documented(records), causes.slow_callbacks(records, truth, mode, errors))
    errors.verify(case.note)


@patient
def test_stopped_process_traced(case):
    """A signal stops all threads in the middle of a callback."""
    check_stopped(case, causes.TRACE)


@patient
def test_stopped_process_sampled(case):
    check_stopped(case, causes.SAMPLE)


def check_frozen(case, mode):
    with Cgroup("loopprof-frozen") as cgroup:
        target = case.start("freezes.py", prefix=cgroup.prefix())
        profiler = case.attach(target, *mode.options)
        target.go()
        time.sleep(0.3)
        cgroup.freeze(True)
        time.sleep(FROZEN_S)
        cgroup.freeze(False)
        target.finish()
        records = profiler.finish().expect(0).records
    stall = [record for record in records.of("slow_callback") if not record["in_progress"]][-1]
    longest = max(stall["blocked"], key=lambda wait: wait["duration_ns"], default=None)
    if not longest or longest["syscall"] != "frozen":
        raise Failure(f"it was frozen, and not blocked in {longest}")
    if longest["stack"][0]["function"] != "computes":
        raise Failure(f"it was frozen in computes(), not at {longest['stack']}")
    if abs(longest["duration_ns"] / 1e9 - FROZEN_S) > 0.1:
        raise Late(f"it was frozen for {FROZEN_S} s, not for {longest['duration_ns']} ns")


@patient
def test_frozen_process_traced(case):
    """The freezer of its cgroup stops a process in the middle of a callback (docker pause)."""
    check_frozen(case, causes.TRACE)


@patient
def test_frozen_process_sampled(case):
    check_frozen(case, causes.SAMPLE)


@on_every_python
def test_a_coroutine_of_another_class_is_named_by_it(case):
    """Its step runs already at the attach; its class has a name that ends as CPython's own."""
    target = case.start("otherclass.py")
    target.go()
    target.wait_ready()
    (task,) = [task for task in case.run("tasks", "-p", str(target.pid), "-j").expect(0)
               .records.of("task") if task["task"] == "other"]
    records = case.run("-p", str(target.pid), "-t", "100ms", "-j", "-d", "1").expect(0).records
    target.go()
    target.finish()
    found = [task["name"], *(report["callback"]["name"] for report in in_progress(records))]
    if len(found) < 2 or set(found) != {"Other_coroutine"}:
        raise Failure(f"the task and the callback are {found}")
