"""The reasons why a loop stood still, compared with those that the target wrote down."""

import pytest

from lib import causes, checks, schema
from lib.case import Late, on_every_python, patient
from lib.checks import verify
from lib.processes import Failure

# The number of callbacks of each kind that lose their CPU.
PREEMPTED = 2
# The number of callbacks that wait for a CPU which three threads have in turn.
TAKEN = 4


def check_causes(case, mode):
    # In sample mode a loop that polls all the time may be unknown until it is late.
    records, truth = case.observe("causes.py", options=mode.options, loop=mode.knows_callbacks)
    verify(schema.documented(records))
    if mode.knows_callbacks:
        verify(checks.sums(records))
    causes.every_cause(records, truth, mode, case.note)


@on_every_python
@patient
def test_every_cause_traced(case):
    check_causes(case, causes.TRACE)


@on_every_python
@patient
def test_every_cause_sampled(case):
    """Sample mode, without any probe in the target."""
    check_causes(case, causes.SAMPLE)


def run_queue_stacks(record):
    return [[frame["function"] for frame in entry["stack"]]
            for entry in record["samples"] if entry["cause"] == "run_queue"]


def check_preempted(case, mode, *script):
    """Callbacks that wait for a CPU have the stacks of their waits, also while they last."""
    records, truth = case.observe(*script, "losescpu.py", str(PREEMPTED), options=mode.options,
                                  loop=mode.knows_callbacks)
    verify(schema.documented(records))
    lost = truth.fact("lost")
    for kind, expected in truth.fact("stacks").items():
        waits = [record for record in records.of("slow_callback")
                 if record["callback"]["task"] == kind
                 and record["time"]["run_queue_ns"] > record["duration_ns"] / 2]
        ended = [record for record in waits if not record["in_progress"]]
        if not ended or len(ended) < lost[kind]:
            raise Late(f"{kind}: {len(ended)} callbacks waited for a CPU, not {lost[kind]}")
        # after a call others may have had the CPU first and last
        for record in ended if kind != "after_a_call" else []:
            if "shortage" not in record:
                raise Failure(f"{kind}: {record['time']} is not explained: {record}")
            taken_ns = sum(one["duration_ns"] for one in record["shortage"]["neighbours"]
                           if one["comm"] == "takes-the-cpu" and not one["own"])
            if taken_ns < record["time"]["run_queue_ns"] / 2:
                raise Failure(f"{kind}: {record['time']} is explained by {record['shortage']}")
        for record in waits:
            stacks = run_queue_stacks(record) or [[""]]
            # of several waits the longest one comes first; another program may have caused it
            if not record["in_progress"] and stacks[0][0] != expected[-1]:
                raise Late(f"{kind}: {expected[-1]} is not the first of {stacks}")
            # A callback in progress may have had the first of its waits only, or one before them.
            for functions in ([[*expected, kind]] if record["in_progress"]
                              else [[one] for one in expected]):
                if not any(stack[0] in functions and "call" in stack for stack in stacks):
                    raise Failure(f"{kind}, in progress: {record['in_progress']}: "
                                  f"none of {functions} is in {stacks}")


@pytest.mark.alone
@patient
def test_callbacks_that_lose_their_cpu_have_a_stack_traced(case):
    check_preempted(case, causes.TRACE)


@pytest.mark.alone
@patient
def test_callbacks_that_lose_their_cpu_have_a_stack_sampled(case):
    check_preempted(case, causes.SAMPLE)


@pytest.mark.alone
@patient
def test_each_thread_that_had_the_cpu_during_a_wait_is_named(case):
    """Also one that had it between others."""
    records, truth = case.observe("takers.py", str(TAKEN), options=causes.TRACE.options)
    verify(schema.documented(records))
    waits = [record for record in records.slow() if record["callback"]["name"] == "lose_the_cpu"]
    if len(waits) < TAKEN:
        raise Late(f"{len(waits)} callbacks were slow")
    for record in waits:
        neighbours = record.get("shortage", {}).get("neighbours", [])
        named = {one["comm"]: one["duration_ns"] / 1e6 for one in neighbours}
        for name, milliseconds in truth.fact("takers").items():
            if name not in named:
                raise Failure(f"{name} is not among {named}")
            if not 0.8 < named[name] / milliseconds < 1.3:
                raise Late(f"{name} had the CPU for {milliseconds} ms: {named}")
        # The time is that on the CPU of the loop during the wait, not on other CPUs before.
        if sum(named.values()) > record["time"]["run_queue_ns"] / 1e6 + 0.1:
            raise Failure(f"{named} exceed {record['time']}")


@pytest.mark.alone
@patient
def test_threads_that_had_the_cpu_in_an_iteration_are_named(case):
    """None of its callbacks is slow by itself: the waits of all of them are added up."""
    records, truth = case.observe("takers.py", "1", str(TAKEN),
                                  options=["-m", "trace", "-t", "400ms"])
    verify(schema.documented(records))
    iterations = [record for record in records.of("slow_iteration") if not record["in_progress"]]
    if not iterations or records.slow():
        raise Late(f"{len(iterations)} slow iterations, {len(records.slow())} slow callbacks")
    for record in iterations:
        neighbours = record.get("shortage", {}).get("neighbours", [])
        named = {one["comm"]: one["duration_ns"] / 1e6 for one in neighbours}
        for name, milliseconds in truth.fact("takers").items():
            if name not in named:
                raise Failure(f"{name} is not among {named}")
            if not 0.8 < named[name] / milliseconds / TAKEN < 1.3:
                raise Late(f"{name} had the CPU {TAKEN} times for {milliseconds} ms: {named}")


@patient
def test_holder_of_the_lock_of_sqlite_in_each_of_repeated_stalls(case):
    """Each of them has the file and the process, also one that begins soon after another."""
    records, truth = case.observe("sqlitewaits.py", case.path("things.db"))
    stalls = records.slow()
    if len(stalls) < 4:
        raise Late(f"{len(stalls)} stalls")
    ends = [stall.get("stands_in") for stall in stalls]
    unknown = [end for end in ends if not end]
    if unknown:
        raise Late(f"{len(unknown)} of {len(ends)} stalls have no holder")
    for end in ends:
        found = end["kind"], [process["pid"] for process in end["processes"]]
        if found != ("sqlite", [truth.fact("child")]):
            raise Failure(f"held by {end}")


@on_every_python
@patient
def test_waits_for_the_end_and_for_the_result_of_a_thread_differ(case):
    """A join() waits for the end of a thread, and result() for a job of a thread."""
    records, _ = case.observe("joins.py")
    found = {}
    for record in records.slow():
        if record["in_progress"]:
            continue
        if "held_by" not in record:
            raise Late(f"it is not known what {record['callback']['name']} waited for")
        holder = record["held_by"]
        found[record["callback"]["name"]] = [holder["thread"], holder["result"],
                                             holder.get("end", False)]
    expected = {"joins": ["exporter", True, True], "shuts_down": ["pdf_0", True, True],
                "asks": ["mail_0", True, False]}
    if found != expected:
        raise Failure(f"{found}")
