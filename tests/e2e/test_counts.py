"""Counts in the summary equal those of the program itself."""

import json
import subprocess
import time

from lib import checks, schema
from lib.case import THRESHOLD_NS, Late, each, patient
from lib.checks import verify
from lib.processes import Failure
from lib.uvloops import is_host


def utilization(loop, truth):
    """The utilization is that of the program's ground truth, within 5 points."""
    busy = truth.fact("busy_ns") + sum(stall["duration_ns"] for stall in truth.stalls)
    total = loop["busy_ns"] + loop["idle_ns"]
    if abs(busy / total - loop["utilization"]) > 0.05:
        yield f"utilization {loop['utilization']}, the program's own {busy / total:.3f}"
    if total < truth.fact("wall_ns"):
        yield f"covers {total} of {truth.fact('wall_ns')} ns"


def check_load(case, *arguments):
    records, truth = case.observe("load.py", *arguments)
    verify(schema.documented(records), checks.sums(records), checks.counts(records, truth),
           utilization(records.one("loop_summary"), truth))
    checks.stalls(records, truth, note=case.note)


@patient
def test_utilization_and_counts(case):
    check_load(case, "3")


@patient
def test_loop_that_polls_with_poll(case):
    check_load(case, "2", "PollSelector")


@patient
def test_loop_that_polls_with_select(case):
    check_load(case, "2", "SelectSelector")


def test_idle_loop(case):
    """The loop is in a poll when loopprof attaches.  It ticks, and is idle."""
    target = case.start("idle.py")
    records = case.run("-p", str(target.pid), "-d", "4.5", "-j").expect(0).records
    loop = records.one("loop_summary")
    verify(schema.documented(records), checks.sums(records))
    expected_tasks = {"waiting": 2, "deadlocked": 0, "waited_for": None, "most": 0}
    if loop.get("tasks") != expected_tasks:
        raise Failure(f"its tasks at the end are {loop.get('tasks')}, not {expected_tasks}")
    # Two iterations per tick: one sets the timer's future, one wakes the task.
    expected = 2 * loop["wall_ns"] / 1e9
    if not expected - 2 <= loop["iterations"] <= expected + 2 or loop["utilization"] > 0.02:
        raise Failure(f"{loop['iterations']} iterations, utilization {loop['utilization']}")
    target.go()
    target.finish()


def test_spinning_loop(case):
    """A loop that never rests: each of its callbacks is counted."""
    target = case.start("spin.py")
    profiler = case.attach(target)
    target.go()
    time.sleep(2)
    target.go()
    target.finish()
    records = profiler.finish().expect(0).records
    truth = case.truth(target)
    verify(checks.counts(records, truth), checks.sums(records))
    invented = [checks.shown(slow) for slow in records.slow()
                if checks.own_ns(slow) >= THRESHOLD_NS]
    if invented:
        raise Failure(f"invented: {invented}")


@patient
def test_more_names_than_fit(case):
    """Runs of names over the limit are counted as one; no name gets the runs of another one."""
    records, truth = case.observe("manynames.py")
    verify(schema.documented(records))
    expected = {row["name"]: row for row in truth.counts}
    found = total = 0
    lost = records.one("footer")["lost_events"]
    for record in records.final("callback_summary"):
        total += record["count"]
        row = expected.get(record["name"])
        if row is None:
            continue
        found += 1
        place = [record[key] for key in ("file", "line")]
        true = [row[key] for key in ("file", "line")]
        # A name that did not fit into the ring buffer is sent with the callback's next run.
        if place != true or not row["count"] - 1 <= record["count"] <= row["count"]:
            late = place == true and record["count"] <= row["count"] and lost
            raise (Late if late else Failure)(
                f"{record['name']}: {record['count']} {place}, not {row['count']} {true}")
    case.note(f"{found} of {len(expected)} names")
    if found < 3000:
        raise Failure(f"only {found} of {len(expected)} names")
    if total != records.one("loop_summary")["callbacks"]:
        raise Failure(f"{total} runs of {records.one('loop_summary')['callbacks']}")
    slow = [record for record in records.slow() if record["callback"]["task"] == "after all"]
    if len(slow) != 1:
        raise Failure(f"the stall after all of them: {records.slow()}")


def of_each_layout(interpreter):
    """The host's Python, one whose frames are objects, and one whose references have tags."""
    return is_host(interpreter) or interpreter.version[:2] in ((3, 9), (3, 14))


def of_each_instance(interpreter):
    """Those above, and one more place of an object's attributes."""
    return of_each_layout(interpreter) or interpreter.version[:2] == (3, 12)


@each(of_each_instance)
def test_steps_of_tasks_that_are_written_in_python(case):
    """The rows are those of the coroutines, not of the method that steps each of them."""
    target = case.start("wrapped.py", "written")
    profiler = case.profile("-p", str(target.pid), "-j")
    profiler.wait_for_text("Ctrl-C ends")
    target.go()
    target.finish()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records), checks.sums(records))
    summaries = records.final("callback_summary")
    rows = {row["name"]: row["count"] for row in summaries
            if row["kind"] == "task" and row["name"] != "main"
            and row["file"].endswith("wrapped.py")}
    others = [row["name"] for row in summaries if "__step" in row["name"]
              or "__wakeup" in row["name"]]
    steps = case.truth(target).fact("steps")
    if rows != steps or others:
        raise Failure(f"steps {rows}, of methods {others}; expected {steps}")


@each(of_each_layout)
@patient
def test_slow_steps_by_the_innermost_coroutine_between_bursts(case):
    """With a small budget the short steps use it up, so that samples find the slow ones."""
    target = case.start("wrapped.py", "slow")
    profiler = case.profile("-p", str(target.pid), "--inner", "--budget", "0.01%", "-j")
    profiler.wait_for_text("Ctrl-C ends")
    target.go()
    target.finish()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records))
    tasks = [row for row in records.final("callback_summary") if row["kind"] == "task"]
    slow = {row["name"]: row["slow"] for row in tasks if row["name"] == "get_report"}
    others = [row["name"] for row in tasks if row["file"].endswith("framework.py")]
    loop = records.one("loop_summary")
    case.note(f"traced {loop['traced_ns'] / loop['wall_ns']:.1%} of the time")
    if slow != case.truth(target).fact("slow") or others:
        raise Failure(f"slow steps {slow}, of the framework {others}")


@each(of_each_layout)
def test_steps_by_the_innermost_coroutine(case):
    """Counted by the handlers of the program, not by the framework's coroutine in their task."""
    steps_by_the_innermost_coroutine(case, case.start("wrapped.py"))


@each(of_each_layout)
def test_steps_of_tasks_in_python_by_the_innermost_coroutine(case):
    """The same for tasks that are written in Python."""
    steps_by_the_innermost_coroutine(case, case.start("wrapped.py", "both"))


def steps_by_the_innermost_coroutine(case, target):
    capture = case.path("capture")
    recorder = case.profile("record", "-o", capture, "-p", str(target.pid), "--inner")
    recorder.wait_for_text("Ctrl-C ends")
    target.go()
    target.finish()
    recorder.finish().expect(0)
    records = case.run("report", capture, "-j").expect(0).records
    verify(schema.documented(records), checks.sums(records))
    steps = case.truth(target).fact("steps")
    tasks = [row for row in records.final("callback_summary") if row["kind"] == "task"]
    rows = {row["name"]: row["count"] for row in tasks
            if row["name"] != "main" and row["file"].endswith("wrapped.py")}
    others = [row["name"] for row in tasks if row["file"].endswith("framework.py")]
    if rows != steps or others or not records.one("header").get("inner"):
        raise Failure(f"steps {rows}, of the framework {others}; expected {steps}")


def tracepoints_of_calls(profiler):
    """The tracepoints of system calls that a run has attached, itself or by a process of its own."""
    with open(f"/proc/{profiler.pid}/task/{profiler.pid}/children", encoding="ascii") as file:
        own = {profiler.pid, *map(int, file.read().split())}
    shown = subprocess.run(["bpftool", "-j", "perf", "show"], stdout=subprocess.PIPE, check=True)
    return [one["tracepoint"] for one in json.loads(shown.stdout or "[]")
            if one["pid"] in own and one.get("tracepoint", "").startswith("sys_")]


def test_sample_mode_attaches_nothing_to_system_calls(case):
    target = case.start("idle.py")
    profiler = case.attach(target, "-m", "sample")
    attached = tracepoints_of_calls(profiler)
    if attached:
        raise Failure(f"attached to {attached}")
