"""Slow callbacks: all are reported, no others are, and times and names are right."""

import os

from lib import checks, schema
from lib.case import each, on_every_python, patient
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


def woken_complaints(slow, truth, releaser):
    """Complaints about the thread that woke the loop in a stall, and the call that it ended."""
    task = slow["callback"]["task"]
    ended = [call for call in slow["blocked"] if "woken_by" in call]
    if len(ended) != 1:
        yield f"{len(ended)} calls of {task} were ended by a thread: {slow['blocked']}"
        return
    lines = [frame["line"] for frame in ended[0]["stack"] if frame["function"] == task]
    if lines != [truth.fact(task)]:
        yield f"the call that a thread ended is at {lines}, not line {truth.fact(task)}"
    woken = ended[0]["woken_by"]
    tid, line = truth.fact(releaser)
    inner = woken["stack"][0] if woken["stack"] else {}
    if (woken["thread"], woken["tid"]) != (releaser, tid):
        yield f"the loop was woken by {woken['thread']!r} {woken['tid']}, not {releaser} {tid}"
    if not inner.get("function", "").endswith("_let_go") or inner.get("line") != line:
        yield f"the thread that woke the loop was at {inner}, not line {line}"


@each(lambda interpreter: interpreter.version[:2] in ((3, 9), (3, 14)))
def test_the_thread_that_releases_a_lock_of_another_one_is_reported(case):
    """It is reported for the wait that it ended, not for a longer or later one of the callback."""
    for mode in ("trace", "sample"):
        target = case.start("woken.py")
        profiler = case.attach(target, "-v", "-m", mode)
        target.go()
        profiler.wait_for_text("watching the host's wakeups")
        target.go()
        target.finish()
        records, truth = profiler.finish().expect(0).records, case.truth(target)
        slow = {record["callback"]["task"]: record for record in records.of("slow_callback")
                if not record["in_progress"]}
        if set(slow) != {"in_turn", "gives_up"}:
            verify([f"{mode}: the stalls are of {sorted(map(str, slow))}"])
        verify(schema.documented(records),
               woken_complaints(slow["in_turn"], truth, "releaser-B"),
               woken_complaints(slow["gives_up"], truth, "releaser-C"))


def frames_of(record):
    """All stacks of a record: lists of frames."""
    if isinstance(record, dict):
        record = list(record.values())
    if not isinstance(record, list):
        return
    if record and all(isinstance(item, dict) and "function" in item for item in record):
        yield record
    for item in record:
        yield from frames_of(item)


def constructor_complaints(records, kind, stack):
    """Complaints about stacks of the constructors that are not those of a traceback."""
    found = 0
    for record in records.of(kind):
        for frames in frames_of(record):
            functions = [frame["function"].rpartition(".")[2] for frame in frames]
            # other stalls, of a busy host, may be anywhere
            if "__init__" in functions and "construct" in functions:
                found += 1
                # the await chain of a task is outermost first
                inner = functions[::-1] if kind == "task" else functions
                # a busy host may stop it in the outer one, or in what the inner one calls
                outer = inner.index("construct")
                first = max(outer - stack.index("construct"), 0)
                known = min(outer + 2, len(stack))
                if inner[first:first + known] != stack[-known:]:
                    yield f"{kind}: {functions}, not {stack}"
    if not found:
        yield f"no {kind} has a constructor"


@on_every_python
def test_a_stack_has_the_frames_of_a_traceback_only(case):
    """The interpreter has a frame of its own between a class's caller and its constructor."""
    for mode, options in (("trace", ["--find", "never_awaited"]), ("sample", [])):
        target = case.start("constructs.py")
        profiler = case.attach_all(target, "-m", mode, *options)
        target.go()
        target.wait_ready()
        listed = case.run("tasks", "-p", str(target.pid), "-j").expect(0).records
        target.go()
        target.finish()
        records = profiler.finish().expect(0).records
        stack = case.truth(target).fact("stack")
        verify(schema.documented(records), constructor_complaints(listed, "task", stack),
               constructor_complaints(records, "lost", stack) if options else [],
               constructor_complaints(records, "slow_callback", stack))
