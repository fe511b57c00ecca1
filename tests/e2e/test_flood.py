"""Slow callbacks in great number: a part is reported, all are counted, and the cost is bounded."""

import os
import time

from lib import schema
from lib.case import on_every_python, patient
from lib.checks import verify
from lib.processes import Failure

REPORTED_A_SECOND = 50
# In each second, callbacks slower than all before are reported in addition.
WORSE_ONES = 40
OWN_CPU_SHARE = 0.3


def cpu_s(pid):
    """The CPU time that a process has used so far; None if it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watch(target, profiler):
    """Waits for the target's end.  Returns its duration and the profiler's CPU time until then."""
    start, taken = time.monotonic(), 0
    while target.running:
        taken = cpu_s(profiler.pid) or taken
        time.sleep(0.05)
    return time.monotonic() - start, taken


def check_flood(case, *options):
    target = case.start_preferred("flood.py")
    profiler = case.attach(target, "-t", "1ms", *options)
    before = cpu_s(profiler.pid)
    target.go()
    lasted_s, cpu = watch(target, profiler)
    target.finish()
    records = profiler.finish().expect(0).records
    truth = case.truth(target)
    verify(schema.documented(records))
    return records, truth, lasted_s, cpu - before


def check_sums(records, case):
    """Each slow callback was reported, or counted as suppressed, or its event counted as lost."""
    reported, lost = len(records.slow()), records.one("footer")["lost_events"]
    loops = records.final("loop_summary")
    suppressed = sum(loop["untold"] for loop in loops)
    slow = sum(loop["slow_callbacks"] for loop in loops)
    case.note(f"{reported} reported, {suppressed} not, {lost} events lost")
    if not 0 <= slow - reported - suppressed <= lost:
        raise Failure(f"{reported} reported and {suppressed} not of {slow}, {lost} events lost")
    counted = sum(record["slow"] for record in records.final("callback_summary"))
    if counted != slow:
        raise Failure(f"by name there are {counted} of {slow}")
    return reported, suppressed


@on_every_python
@patient
def test_flood_traced(case):
    records, truth, lasted_s, cpu = check_flood(case)
    reported, suppressed = check_sums(records, case)
    case.note(f"{lasted_s:.1f} s, {cpu:.2f} s of CPU")
    # A callback whose name did not fit into the ring buffer counts as "other".
    slow = sum(record["slow"] for record in records.final("callback_summary")
               if record["name"].startswith("job_") or record["name"] == "other")
    if slow != truth.fact("jobs"):
        raise Failure(f"{slow} slow jobs of {truth.fact('jobs')}")
    names = [record["callback"]["name"] for record in records.slow()]
    first = [name for name in names if name.startswith("job_")][:REPORTED_A_SECOND // 2]
    if first != [f"job_{number}" for number in range(REPORTED_A_SECOND // 2)]:
        raise Failure(f"the first ones are missing: {first}")
    if truth.fact("worst") not in names:
        raise Failure(f"the worst, {truth.fact('worst')}, is missing")
    if not suppressed or reported > (lasted_s + 2) * (REPORTED_A_SECOND + WORSE_ONES):
        raise Failure(f"{reported} were reported in {lasted_s} s, {suppressed} were not")
    if cpu > lasted_s * OWN_CPU_SHARE:
        raise Failure(f"{cpu} s of CPU in {lasted_s} s")


@patient
def test_flood_sampled(case):
    """In sample mode too, reported and suppressed callbacks add up."""
    records, _, lasted_s, cpu = check_flood(case, "-m", "sample")
    check_sums(records, case)
    case.note(f"{lasted_s:.1f} s, {cpu:.2f} s of CPU")


@patient
def test_flood_summed_up(case):
    """The report for people says how many callbacks were left out."""
    target = case.start_preferred("flood.py", "500")
    profiler = case.profile("-p", str(target.pid), "-t", "1ms", "-v")
    profiler.wait_for_text("Ctrl-C ends")
    target.go()
    target.finish()
    out = profiler.finish().expect(0).out
    if "more slow callbacks were too many to list one by one" not in out:
        raise Failure(out[-2000:])
