"""Loops that never wait: what keeps them awake, in trace and in sample mode."""

import signal

from lib.case import Late, on_every_python
from lib.processes import Failure
from lib.uvloops import with_uvloop

CAUSES = {
    "end": (" at its end", "on_ready"),
    "tcp": (" at its end", "on_ready"),
    "pipe": (" at its end", "on_ready"),
    "writer": (" writable", "on_ready"),
    "task": (None, "dispatch"),
    "timer": (None, "on_ready_again"),
}


def observe(case, how, loop, *options, duration):
    target = case.start("awake.py", how, loop)
    profiler = case.attach(target, "-d", duration, *options)
    target.go()
    records = profiler.finish().expect(0).records
    target.signal(signal.SIGKILL)
    return records


def check(case, how, loop, *options, duration="3.5"):
    state, name = CAUSES[how]
    records = observe(case, how, loop, *options, duration=duration)
    summary = records.one("loop_summary")
    if "awake" not in summary:
        # with a part of a CPU a loop needs longer until it is known that it never sleeps
        records = observe(case, how, loop, *options, duration="9")
        summary = records.one("loop_summary")
    if "awake" not in summary:
        raise Failure(f"the loop is not said to be always busy: {summary}")
    if (summary["awake"] is None) != (state is None) or \
            not (summary["awake"] or "").endswith(state or ""):
        raise Failure(f"{summary['awake']!r} is not{state}")
    ran = max(records.of("callback_summary"), key=lambda one: one["count"])
    if ran["name"].split(".")[-1] != name:
        raise Failure(f"mostly {ran} ran, not {name}")


def check_busy_part(case, *options):
    records = observe(case, "spell", "asyncio", *options, duration="12")
    summary = records.one("loop_summary")
    if "awake_ns" not in summary:
        raise Failure(f"the loop is not said to have been always busy for a part of it: {summary}")
    # The first and the last second may be busy in part only; a busy machine makes some doubtful.
    if summary["awake_ns"] > 5.5e9:
        raise Late(f"3 s are said to be {summary['awake_ns'] / 1e9} s")
    if summary.get("awake_iterations", 0) > summary["iterations"]:
        raise Failure(f"more iterations in a part of the time than in all: {summary}")


def test_a_busy_part_of_a_longer_run(case):
    check_busy_part(case)


def test_a_busy_part_of_a_longer_run_in_sample_mode(case):
    check_busy_part(case, "-m", "sample")


@on_every_python
def test_a_socket_at_its_end(case):
    check(case, "end", "asyncio")


@on_every_python
def test_a_task_that_sleeps_for_no_time_in_sample_mode(case):
    check(case, "task", "asyncio", "-m", "sample")


def test_a_tcp_socket_at_its_end_in_sample_mode(case):
    check(case, "tcp", "asyncio", "-m", "sample")


def test_a_writer_of_nothing(case):
    check(case, "writer", "asyncio")


def test_a_timer_that_is_always_due(case):
    check(case, "timer", "asyncio")


def test_a_pipe_that_its_writer_has_closed_on_uvloop(case):
    case.interpreter = with_uvloop(case.interpreter)
    # The callback is a 250th of an iteration, and so of the samples.
    check(case, "pipe", "uvloop", "-m", "sample", duration="7")


def test_a_loop_that_waits_between_long_steps_is_not_always_busy(case):
    records = observe(case, "steps", "asyncio", duration="6")
    summary = records.one("loop_summary")
    if "awake" in summary:
        raise Failure(f"the loop is said to be always busy: {summary}")
