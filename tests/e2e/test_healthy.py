"""Programs without faults, or with declared ones: nothing else is reported of them."""

import os

from lib import checks, schema
from lib.case import THRESHOLD_NS, Late, each, on_every_python, patient
from lib.checks import verify
from lib.interpreters import HOST_PYTHON
from lib.processes import Failure, wait_until

WATCH_S = 0.7


def children_of(pid):
    """The direct children, in the order in which they were forked."""
    found = []
    for tid in sorted(int(name) for name in os.listdir(f"/proc/{pid}/task")):
        with open(f"/proc/{pid}/task/{tid}/children", encoding="ascii") as file:
            found += [int(word) for word in file.read().split()]
    return found


def of_pids(records, pids):
    """The records of loops of these processes."""
    loops = {loop["loop_id"] for loop in records.of("loop") if loop["pid"] in pids}
    return [record for record in records.all if record.get("loop_id") in loops]


# ---- copies of loops ----


def copies_of_loops_are_none(results, copied, owners):
    """Loops that a fork copied are not reported, and those that run are."""
    for options, result in results.items():
        wrong = of_pids(result.records, copied)
        if wrong:
            raise Failure(f"{options}: a process that runs no loop has {wrong[:2]}")
        for pid in owners:
            if not result.records.loops(pid=pid):
                raise Failure(f"{options}: the loop of {pid} was not found: {result.err}")


def check_copied_tasks(case, pid, parent):
    result = case.run("tasks", "-p", str(pid), "-j").expect(0)
    tasks = result.records.of("task")
    if not tasks or not all(task.get("copied") for task in tasks):
        raise Failure(f"tasks of a forked child: {tasks}")
    if any(task["state"] == "running" for task in tasks):
        raise Failure(f"tasks of a forked child run: {tasks}")
    (loop,) = result.records.of("loop")
    if loop["tid"] is not None or not loop["copied"] or loop["copied_from"] != parent:
        raise Failure(f"the loop of a forked child of {parent}: {loop}")
    text = case.run("tasks", "-p", str(pid)).expect(0).out
    if "ready to run" in text or "running" in text or f"process {parent}" not in text:
        raise Failure(f"tasks of a forked child of {parent}: {text}")


@on_every_python
def test_forked_children_run_no_loop(case):
    """Of the children only one starts a loop of its own; with -p and -a, and in both modes."""
    target = case.start("forked.py")
    worker, sleeper, looper = children_of(target.pid)
    pids = f"{worker},{sleeper},{looper}"
    asked = {("-p", pids): (looper,), ("-a",): (target.pid, looper)}
    if not case.interpreter.root and case.interpreter.executable == HOST_PYTHON:
        asked["-p", pids, "-m", "sample"] = (looper,)
        asked["-p", str(target.pid), "-s"] = (target.pid, looper)
    running = {options: case.profile(*options, "-j", "-d", str(WATCH_S)) for options in asked}
    results = {options: profiler.finish().expect(0) for options, profiler in running.items()}
    for options, owners in asked.items():
        copies_of_loops_are_none({options: results[options]}, (worker, sleeper), owners)
    if f"forked by process {target.pid}" not in results["-p", pids].err:
        raise Failure(f"nothing is said of the parent: {results['-p', pids].err}")
    check_copied_tasks(case, worker, target.pid)
    target.kill()


# ---- a master and its workers ----


def test_children_that_exist_are_followed(case):
    """Workers and their children are followed with -s; without it, a message names them."""
    target = case.start("prefork.py")
    first, supervisor = children_of(target.pid)
    (second,) = children_of(supervisor)
    for options in ((), ("-m", "sample")):
        result = case.run("-p", str(target.pid), "-s", "-j", "-d", str(WATCH_S), *options)
        records = result.expect(0).records
        for pid in (first, second):
            (loop,) = records.loops(pid=pid)
            if not [record for record in records.slow() if record["loop_id"] == loop["loop_id"]]:
                raise Failure(f"{options}: no stall of the worker {pid}: {result.err}")
    alone = case.run("-p", str(target.pid), "-d", "0.2").expect(0)
    if "2 of its child processes" not in alone.err or "-s" not in alone.err:
        raise Failure(f"nothing is said of the children: {alone.err}")
    if f"no event loop ran in process {target.pid}, but 2 of its" not in alone.err:
        raise Failure(f"nothing is said at the end: {alone.err}")
    target.go()
    target.wait()


def test_children_of_a_process_without_tasks(case):
    """`loopprof tasks` on a master names the children that have tasks."""
    target = case.start("prefork.py")
    result = case.run("tasks", "-p", str(target.pid)).expect(0)
    if f"no event loop runs in process {target.pid}, but in 2 of its child" not in result.err:
        raise Failure(f"nothing is said of the children: {result.err}")
    target.go()
    target.wait()


def test_children_of_a_master_with_a_loop(case):
    """The control socket of a supervisor may have a loop: those of the workers are named, too."""
    target = case.start("prefork.py", "loop")
    alone = case.run("-p", str(target.pid), "-d", "0.2").expect(0)
    if "1 loop, and others in 2 of its child processes: -s follows them" not in alone.err:
        raise Failure(f"nothing is said of the children: {alone.err}")
    first, supervisor = children_of(target.pid)
    workers = ",".join(str(pid) for pid in sorted((first, *children_of(supervisor))))
    last = f"event loops run in 2 of the child processes of process {target.pid} as well"
    if last not in alone.err or f"`loopprof tasks -p {workers}`" not in alone.err:
        raise Failure(f"nothing is said of the children at the end: {alone.err}")
    tasks = case.run("tasks", "-p", str(target.pid)).expect(0)
    if last not in tasks.err or f"`loopprof tasks -p {workers}`" not in tasks.err:
        raise Failure(f"nothing is said of the children: {tasks.err}")
    named = case.run("tasks", "-p", f"{target.pid},{workers}").expect(0)
    if "child processes" in named.err:
        raise Failure(f"processes that were named are reported as children: {named.err}")
    target.go()
    target.wait()


def test_children_of_what_is_no_python(case):
    """A shell that has started the program."""
    target = case.start("prefork.py", prefix=("sh", "-c", '"$@"; exit', "sh"))
    (master,) = children_of(target.pid)
    first, supervisor = children_of(master)
    refused = case.run("-p", str(target.pid), "-d", "0.2").expect(1)
    if "-s" not in refused.err or "2 of its child processes" not in refused.err:
        raise Failure(f"nothing is said of the children: {refused.err}")
    records = case.run("-p", str(target.pid), "-s", "-j", "-d", str(WATCH_S)).expect(0).records
    for pid in (first, *children_of(supervisor)):
        if not records.loops(pid=pid):
            raise Failure(f"the loop of {pid} was not found: {records.of('loop')}")
    target.go()
    target.wait()


def test_loops_of_another_library(case):
    """With -p it is refused, as no loop will be found; its children may have some, with -s."""
    for how in ("loads", "runs"):
        target = case.start("other_loops.py", how)
        refused = case.run("-p", str(target.pid), "-d", "5").expect(1)
        if "runs a loop of trio" not in refused.err or refused.out:
            raise Failure(f"refused for another reason: {refused.err}")
    case.run("-p", str(target.pid), "-s", "-d", "0.2").expect(0)
    everything = case.run("-a", "-d", "0.2").expect(0)
    if "trio" in everything.err:
        raise Failure(f"-a speaks of it: {everything.err}")
    target.go()
    target.wait()


def test_library_of_other_loops_that_is_only_imported(case):
    """The program may start a loop that is profiled, for which the run waits."""
    target = case.start("other_loops.py", "imports")
    profiler = case.profile("-p", str(target.pid), "-j")
    profiler.wait_for_text("waiting for one to start")
    target.go()
    target.wait()
    if not profiler.finish().expect(0).records.of("loop"):
        raise Failure("its loop was not found")


# ---- questions whether a loop runs ----


@on_every_python
def test_who_asks_for_a_loop_loses_nothing(case):
    """Code that expects to be called without a loop too is no finding; mistakes beside it are."""
    target = case.start("asks.py")
    profiler = case.attach_all(target)
    target.go()
    wait_until(lambda: os.path.exists(target.truth_path), "the target has asked")
    made = sorted(case.truth(target).fact("mistakes"))
    profiler.wait_for("lost", count=len(made))
    target.go()
    target.finish()
    records = profiler.finish().expect(0).records
    found = sorted(record["name"].rpartition(".")[2] for record in records.of("lost"))
    if found != made:
        raise Failure(f"found {found}, and not the mistakes {made}")
    if records.one("footer")["lost_events"]:
        raise Failure("questions made events get lost")


# ---- loops that asyncio does not run itself ----


def check_other_loop(case, kind, mode):
    records, truth = case.observe("otherloops.py", kind, options=("-m", mode))
    verify(schema.documented(records), checks.sums(records))
    checks.stalls(records, truth, note=case.note)
    for record in records.of("slow_iteration"):
        # On a busy machine the program's own end may be slow.
        if record["time"]["blocked_ns"] > record["duration_ns"] / 2:
            raise Failure(f"{mode}: waiting is taken for work: {record}")


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 9), (3, 12), (3, 14)))
@patient
def test_loop_within_a_loop(case):
    """A callback runs its own loop: waiting in it is idle time, blocking in it is reported."""
    for mode in ("trace", "sample"):
        check_other_loop(case, "nested", mode)


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 9), (3, 12), (3, 14)))
@patient
def test_loop_of_something_else(case):
    """Another poller waits for the loop's events and for others, and calls the loop's callbacks."""
    for mode in ("trace", "sample"):
        check_other_loop(case, "foreign", mode)


def is_poll(record):
    return [call["syscall"] for call in record["blocked"]] == ["poll"]


def check_idle(name, records):
    """Waits of an idle loop are not reported as blocking, whether attached early or late."""
    # The first poll may come before the calls of a loop under -- are watched, and on a busy machine
    # more than the first one.
    late = name == "--"
    polls = sum(cause["count"] for cause in records.of("cause_summary")
                if cause["syscall"] == "poll")
    # On a busy machine the loop may wait for a CPU once it is ready to run.
    held = [record for record in records.of("slow_callback") + records.of("slow_iteration")
            if checks.own_ns(record) >= THRESHOLD_NS and not (late and is_poll(record))]
    if held or not records.of("loop_summary"):
        raise Failure(f"{name}: an idle loop is held up: {held[:2]}")
    if polls > (1 if late else 0):
        raise (Late if late else Failure)(
            f"{name}: {polls} polls of an idle loop are taken for blocking")


@patient
def test_idle_loop_of_something_else(case):
    """The process has an epoll descriptor too, but waits by poll()."""
    target = case.start_preferred("foreignidle.py")
    running = {"trace": case.attach(target, "-m", "trace"),
               "sample": case.attach(target, "-m", "sample")}
    running["--"] = case.profile("-m", "trace", "-j", "--", *case.python("foreignidle.py")[0])
    target.go()
    target.finish()
    for name, profiler in running.items():
        check_idle(name, profiler.finish().expect(0).records)


# ---- others that use its CPU ----


def test_preempted_loop_asks_for_nothing(case):
    """A loop whose CPU others take thousands of times a second is not said to ask for too much."""
    for mode in ("trace", "sample"):
        target = case.start("preempted.py")
        profiler = case.attach(target, "-m", mode)
        target.go()
        target.finish()
        result = profiler.finish().expect(0)
        preempted = case.truth(target).fact("preempted")
        if max(preempted) < 300:
            raise Failure(f"the loop was preempted {preempted} times: too few for this test")
        if result.records.of("limited") or "share" in result.err:
            raise Failure(f"{mode}: {result.records.of('limited')} {result.err}")
        slow = [record for record in result.records.of("slow_callback")
                if not record["in_progress"] and record["time"]["run_queue_ns"] > 0]
        if len(slow) < len(preempted):
            raise Failure(f"{mode}: {len(slow)} stalls that waited for a CPU, and not "
                          f"{len(preempted)}")


# ---- after the loop ----


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 11), (3, 12), (3, 14)))
def test_end_of_the_interpreter_is_not_of_the_loop(case):
    """What a process does after its last loop, without Python code, is no stall of that loop."""
    for mode in ("trace", "sample"):
        target = case.start("slowexit.py")
        profiler = case.attach(target, "-m", mode)
        target.go()
        target.finish()
        records = profiler.finish().expect(0).records
        (summary,) = records.of("loop_summary")
        held = [record for record in records.of("slow_callback") + records.of("slow_iteration")
                if record["duration_ns"] >= 300_000_000]
        if held or summary["busy_ns"] > summary["wall_ns"] / 2:
            raise Failure(f"{mode}: {held[:1]}, busy {summary['busy_ns']} of "
                          f"{summary['wall_ns']} ns")


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 11), (3, 12), (3, 14)))
@patient
def test_loop_that_ends_long_before_the_end_of_the_interpreter(case):
    """Its last callback belongs to its busy time, and what follows does not."""
    for mode in ("trace", "sample"):
        records, truth = case.observe("lastcallback.py", options=("-m", mode))
        checks.stalls(records, truth, note=case.note)
        (summary,) = records.of("loop_summary")
        slow = sum(record["duration_ns"] for record in records.of("slow_callback")
                   if not record["in_progress"])
        if not slow <= summary["busy_ns"] < slow + 150_000_000:
            raise Failure(f"{mode}: busy {summary['busy_ns']} ns, of it {slow} in slow callbacks")
