"""How processes end: by which signal of whom, with which exit code, and during what."""

import os
import signal
import time

from lib.case import each, on_every_python
from lib.interpreters import HOST_PYTHON
from lib.processes import Failure, wait_until

PROCESS = os.getpid()


def begin(case, how, *options):
    target = case.start("ends.py", how)
    profiler = case.attach(target, *options)
    target.go()
    return target, profiler


def is_waiting(target, profiler):
    """Waits until the program has begun its work, and no byte of `go` is unread."""
    profiler.wait_for("loop", pid=target.pid)
    time.sleep(0.5)


def ended(profiler, target, **expected):
    records = profiler.finish().expect(0).records
    end = records.one("process_end")
    if end["pid"] != target.pid:
        raise Failure(f"the end is that of pid {end['pid']}")
    for field, value in expected.items():
        if end[field] != value:
            raise Failure(f"{field} is {end[field]!r}, not {value!r}: {end}")
    return end, records


def check_kill(case, *options):
    target, profiler = begin(case, "block", *options)
    profiler.wait_for("slow_callback")
    target.signal(signal.SIGKILL)
    end, records = ended(profiler, target, kind="killed", signal=9, exit_code=None,
                         activity="busy", request=None)
    if (end["sent"]["origin"], end["sent"]["pid"]) != ("process", PROCESS):
        raise Failure(f"this test (pid {PROCESS}) sent the signal, not {end['sent']}")
    stall = records.of("slow_callback")[-1]
    if stall["in_progress"] or not stall["blocked"][0]["stack"][0]["function"] == "fetch":
        raise Failure(f"the last stall is not the one that was cut off: {stall}")
    if not end["callback"] or end["callback"]["task"] != "to-block":
        raise Failure(f"cut off was the task 'to-block', not {end['callback']}")
    if abs(end["activity_ns"] - stall["duration_ns"]) > 1_000_000:
        raise Failure(f"the stall took {stall['duration_ns']}, not {end['activity_ns']}")


@on_every_python
def test_killed_during_a_blocking_call(case):
    check_kill(case)


def test_killed_during_a_blocking_call_in_sample_mode(case):
    check_kill(case, "-m", "sample")


def test_exit_code_during_a_stall(case):
    target, profiler = begin(case, "exit")
    end, _ = ended(profiler, target, kind="failed", exit_code=7, signal=None, sent=None)
    if not end["callback"] or end["callback"]["task"] != "to-exit":
        raise Failure(f"the end cut off the task 'to-exit', not {end['callback']}")


def test_uncaught_exception(case):
    target, profiler = begin(case, "raise")
    ended(profiler, target, kind="failed", exit_code=1, activity="none", callback=None)


def test_request_that_is_handled(case):
    target, profiler = begin(case, "handle")
    is_waiting(target, profiler)
    target.signal(signal.SIGTERM)
    end, _ = ended(profiler, target, kind="failed", exit_code=3, signal=None)
    if (end["request"]["name"], end["request"]["pid"]) != ("SIGTERM", PROCESS):
        raise Failure(f"SIGTERM of this test is not the request: {end['request']}")


def test_killed_while_it_waits(case):
    target, profiler = begin(case, "wait", "-m", "sample")
    is_waiting(target, profiler)
    target.signal(signal.SIGTERM)
    ended(profiler, target, kind="killed", signal=15, activity="idle", callback=None)


def test_loop_of_a_thread_that_ended_before(case):
    target, profiler = begin(case, "thread", "-m", "sample", "--find", "none")
    profiler.wait_for("loop", count=2)
    time.sleep(1.5)
    target.signal(signal.SIGKILL)
    end, records = ended(profiler, target, kind="killed", activity="idle")
    (loop,) = records.loops(tid=target.pid)
    if end["loop_id"] != loop["loop_id"]:
        raise Failure(f"the end is that of another loop: {end}")


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 13), (3, 14))
      or interpreter.executable == HOST_PYTHON)
def test_loop_that_ends_alone(case):
    target, profiler = begin(case, "lone")
    (end,) = profiler.wait_for("loop_end")
    if end["reason"] != "thread" or end["tid"] == target.pid or end["pid"] != target.pid:
        raise Failure(f"the loop of a thread has ended, and not: {end}")
    if not end["callback"] or end["callback"]["name"] != "stops" or end["stall_ns"] < 300_000_000:
        raise Failure(f"it ended in a stall of stops(), not {end}")
    target.signal(signal.SIGKILL)
    _, records = ended(profiler, target, kind="killed", activity="idle")
    if len(records.of("loop_end")) != 1:
        raise Failure(f"more than one loop ended alone: {records.of('loop_end')}")


def test_end_in_a_capture(case):
    target = case.start("ends.py", "block")
    capture = case.path("capture.lpc")
    profiler = case.profile("record", "-o", capture, "-v", "-p", str(target.pid))
    profiler.wait_for_text("Ctrl-C ends")
    target.go()
    with open(f"/proc/{target.pid}/syscall", encoding="ascii") as calls:
        # time.sleep() of the standard library, of any version
        wait_until(lambda: calls.seek(0) == 0 and calls.read().split()[0] in ("230", "23"),
                   "the program sleeps")
    time.sleep(0.3)
    target.signal(signal.SIGKILL)
    profiler.finish().expect(0)
    text = case.run("report", capture).expect(0).out
    if "SIGKILL from" not in text or f"(pid {PROCESS})" not in text:
        raise Failure(f"the report has no end: {text}")
