"""All loops of a host: labels, limits, and processes that begin and end.

Each test profiles a cgroup of its own, so that other processes of the machine do not count.
"""

import os
import time

from lib import census, checks, schema
from lib.cgroups import Cgroup
from lib.checks import verify
from lib.processes import Failure, wait_until

POD = "1e2f3a4b-5c6d-7e8f-9a0b-c1d2e3f4a5b6"
CONTAINER = "0123456789abcdef" * 4
PYTHON = "/usr/bin/python3"
# Seconds for which a probe stays after its last process has ended, and some to remove it.
LINGER_S = 7
LIMIT_S = 40
# Two that examine processes, two that search for loops, two that read, and the one that forks them.
WORKERS_MOST = 7
MAX_LOOPS = 1152
THREADS = 5000
# An eighth is reserved for processes that have less than half of what is free.
PART = MAX_LOOPS * 7 // 8


def follow(case, cgroup, *options):
    """Starts a loopprof that follows the processes of the cgroup."""
    profiler = case.profile("--cgroup", cgroup.path, "-j", *options)
    profiler.wait_for_text("following")
    return profiler


def finish(profiler):
    profiler.interrupt()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records), checks.sums(records))
    return records


def start(case, cgroup, *names, script="idle.py", arguments=()):
    return case.start(script, *arguments, prefix=cgroup.prefix(*names))


def test_loops_are_labelled_by_unit_pod_and_container(case):
    slice_name = "kubepods-burstable-pod" + POD.replace("-", "_") + ".slice"
    with Cgroup("loopprof-labels") as cgroup:
        service = start(case, cgroup, "system.slice", "api@7.service", "workers")
        pod = start(case, cgroup, "kubepods.slice", slice_name,
                    f"cri-containerd-{CONTAINER}.scope")
        outside = case.start("idle.py")
        profiler = follow(case, cgroup)
        for target in (service, pod):
            profiler.wait_for("loop", pid=target.pid)
        records = finish(profiler)
        case.stop_all()
    (loop,) = records.loops(pid=service.pid)
    if (loop["unit"], loop["pod"], loop["container"]) != ("api@7.service", None, None):
        raise Failure(f"the service's loop is {loop}")
    if loop["host"] != os.uname().nodename:
        raise Failure(f"the host is {loop['host']!r}")
    (loop,) = records.loops(pid=pod.pid)
    if (loop["unit"], loop["pod"], loop["container"]) != (None, POD, CONTAINER):
        raise Failure(f"the pod's loop is {loop}")
    if records.loops(pid=outside.pid):
        raise Failure("a process outside of the cgroup was profiled")


def test_fifty_processes_take_no_more_probes_than_one(case):
    with Cgroup("loopprof-links") as cgroup:
        targets = [start(case, cgroup)]
        profiler = follow(case, cgroup)
        profiler.wait_for("loop", pid=targets[0].pid)
        time.sleep(1)
        one, places = census.probes(profiler.pid), census.maps(profiler.pid)["sites"]
        targets += [start(case, cgroup) for _ in range(49)]
        begun = time.monotonic()
        for target in targets:
            profiler.wait_for("loop", pid=target.pid, limit_s=LIMIT_S)
        attached_s = time.monotonic() - begun
        wait_until(lambda: census.maps(profiler.pid)["processes"] == 50, "50 processes", LIMIT_S)
        time.sleep(1)
        fifty = census.probes(profiler.pid)
        case.note(f"{one} probes for one, {fifty} for fifty, {attached_s:.1f} s after the last")
        if fifty != one:
            raise Failure(f"{fifty} probes for fifty processes, {one} for one")
        # All processes run the same file, so each has the probes found for the first one.
        if census.maps(profiler.pid)["sites"] != 50 * places:
            raise Failure(f"{census.maps(profiler.pid)}: {places} places of one process")
        for target in targets:
            target.kill()
        wait_until(lambda: census.probes(profiler.pid) < one, "probes go with the last", LIMIT_S)
        left = census.maps(profiler.pid)
        if any(left.values()):
            raise Failure(f"entries of maps are left: {left}")
        finish(profiler)
        case.stop_all()


def run_all(prefix, command, count, at_once=8):
    """Runs short-lived processes, a few at the same time."""
    running = []
    for _ in range(count):
        running.append(os.posix_spawn("/bin/sh", [*prefix, *command], os.environ))
        if len(running) == at_once:
            os.waitpid(running.pop(0), 0)
    for pid in running:
        os.waitpid(pid, 0)


def test_short_lived_processes_leave_nothing_behind(case):
    run = "import asyncio\nasync def main(): await asyncio.sleep(0.1)\nasyncio.run(main())"
    with Cgroup("loopprof-churn") as cgroup:
        profiler = follow(case, cgroup)

        def churn(scale):
            run_all(cgroup.prefix(), ["/bin/true"], 100 * scale)
            run_all(cgroup.prefix(), [PYTHON, "-c", "pass"], 10 * scale)
            run_all(cgroup.prefix(), [PYTHON, "-c", run], 8 * scale)
            time.sleep(LINGER_S)

        churn(1)
        before = census.take(profiler.pid)
        churn(3)
        after = census.take(profiler.pid)
        case.note(f"before {before}, after {after}")
        finish(profiler)
        case.stop_all()
    for what, count in after.items():
        most = before[what] + (1 << 20) if what == "resident" else before[what]
        if what == "workers":
            most = WORKERS_MOST
        if count > most:
            raise Failure(f"{what}: {before[what]} before, {count} after; {after}")


def test_loops_over_a_process_part_are_counted_and_slots_are_given_back(case):
    with Cgroup("loopprof-many") as cgroup:
        prom = case.path("many.prom")
        # The threshold avoids stalls: of a thousand threads that start at once, all are late.
        profiler = follow(case, cgroup, "--export", f"prom={prom}", "-t", "1000s")
        first = start(case, cgroup, script="manyloops.py", arguments=("1100",))
        profiler.wait_for("loop", count=PART, limit_s=LIMIT_S, pid=first.pid)
        # The first process gets no more than its part, so that another one's loops have slots.
        second = start(case, cgroup, script="manyloops.py", arguments=("40",))
        profiler.wait_for("loop", count=40, limit_s=LIMIT_S, pid=second.pid)
        first.kill()
        second.kill()
        wait_until(lambda: not census.maps(profiler.pid)["loop_slots"], "slots are free", LIMIT_S)
        third = start(case, cgroup, script="manyloops.py", arguments=("500",))
        profiler.wait_for("loop", count=500, limit_s=LIMIT_S, pid=third.pid)
        records = finish(profiler)
        case.stop_all()
    if len(records.loops(pid=first.pid)) != PART:
        raise Failure(f"{len(records.loops(pid=first.pid))} loops at once")
    with open(prom, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for metric in ("loopprof_lost_total", "loopprof_limited_total"):
        counts = [float(line.split()[-1]) for line in lines
                  if line.startswith(metric) and '"loops"' in line]
        # Each loop that got no slot counts once.
        if sum(counts) != 1100 - PART:
            raise Failure(f"{metric}: {counts}")
    (limited,) = records.of("limited")
    if (limited["pid"], limited["loops"]) != (first.pid, 1100 - PART):
        raise Failure(f"{limited}")


def test_a_loop_beside_thousands_of_threads_is_found(case):
    """CPython lists its threads from the youngest on, and the loop runs in the oldest one."""
    target = case.start("manythreads.py", str(THREADS))
    profiler = case.attach(target, "-m", "sample")
    profiler.interrupt()
    profiler.finish().expect(0)
    result = case.run("tasks", "-p", str(target.pid), "-j").expect(0)
    (task,) = [task for task in result.records.of("task") if task["task"] == "ticking"]
    if task["state"] != "waiting":
        raise Failure(f"the task does not wait: {task}")
