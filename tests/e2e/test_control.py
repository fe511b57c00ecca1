"""The end of a run, and output during the run."""

import os
import socket
import time

from lib import checks, schema
from lib.case import Late, patient
from lib.checks import verify
from lib.processes import Failure


# How often a run may be longer than it should, as a busy machine delays its beginning and its end.
TRIES = 5


def expect_reason(records, reason):
    verify(schema.documented(records), checks.sums(records))
    if records.one("footer")["reason"] != reason:
        raise Failure(f"the reason of the end is {records.one('footer')['reason']}")


def took_s(case, target, text, seconds):
    """How long a run takes from its header to its footer; it observes for the given time."""
    records = case.run("-p", str(target.pid), "-d", text, "-j").expect(0).records
    expect_reason(records, "duration")
    observed = records.one("loop_summary")["wall_ns"] / 1e9
    took = (records.one("footer")["end_ns"] - records.one("header")["start_ns"]) / 1e9
    if not seconds - 0.05 <= observed <= took:
        raise Failure(f"-d {text} observed {observed:.2f} s of {took:.2f} s")
    return took


def test_duration(case):
    """Of what is observed.  Attaching comes before it, and takes long on a busy machine."""
    target = case.start("idle.py")
    for text, seconds in (("1", 1), ("1.5", 1.5), ("700ms", 0.7), ("2s", 2)):
        all_took = []
        while not all_took or all_took[-1] > seconds + 2:
            if len(all_took) == TRIES:
                raise Late(f"-d {text} took {all_took} s")
            all_took.append(took_s(case, target, text, seconds))
    if not target.running:
        raise Failure("the target did not live on")


@patient
def test_interrupt_prints_the_summary(case):
    """The interrupt comes in the middle of the target's work, which it does not disturb."""
    target = case.start("load.py", "2")
    profiler = case.attach(target)
    target.go()
    time.sleep(1)
    profiler.interrupt()
    start = time.monotonic()
    records = profiler.finish(5).expect(0).records
    if time.monotonic() - start > 3:
        raise Failure(f"took {time.monotonic() - start:.1f} s to end")
    expect_reason(records, "interrupt")
    if not records.callbacks("worker"):
        raise Failure("the summary has no worker")
    target.finish()


def test_attached_again_and_again(case):
    """A run leaves nothing behind that affects the next run or the target."""
    target = case.start("spin.py")
    target.go()
    for _ in range(5):
        records = case.run("-p", str(target.pid), "-d", "0.5", "-j").expect(0).records
        (spin,) = records.callbacks("spin")
        if spin["count"] < 1000:
            raise Failure(f"only {spin['count']} callbacks in half a second")
        verify(checks.sums(records))
    target.go()
    target.finish()


@patient
def test_two_at_a_time(case):
    """Two runs on one process have the same results."""
    target = case.start("load.py", "1")
    profilers = [case.attach(target), case.attach(target)]
    target.go()
    target.finish()
    for profiler in profilers:
        records = profiler.finish().expect(0).records
        truth = case.truth(target)
        verify(checks.sums(records), checks.counts(records, truth))
        checks.stalls(records, truth)


def test_killed_profiler_leaves_the_target_alone(case):
    target = case.start("load.py", "1")
    profiler = case.attach(target)
    target.go()
    time.sleep(0.3)
    profiler.kill()
    target.finish()


@patient
def test_interval(case):
    """There is a summary for each second, and one at the end."""
    target = case.start("load.py", "4")
    profiler = case.attach(target, "-i", "1")
    target.go()
    target.finish()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records))
    moments = [record["now_ns"] for record in records.of("loop_summary") if "now_ns" in record]
    # The target runs for 4.4 s, after a short wait for the order to begin.
    if not 4 <= len(moments) <= 6:
        raise Failure(f"{len(moments)} summaries on the way")
    gaps = [later - earlier for earlier, later in zip(moments, moments[1:])]
    if not all(0.9e9 < gap < 1.3e9 for gap in gaps):
        raise Late(f"summaries {gaps} ns apart")
    verify(checks.sums(records), checks.counts(records, case.truth(target)))
    workers = [record["count"] for record in records.of("callback_summary")
               if record["name"] == "worker"]
    if workers != sorted(workers) or len(set(workers)) < 4:
        raise Failure(f"worker ran {workers} times: not a running total")


def test_lines_come_at_once(case):
    """A slow callback is reported when it has ended, not when a buffer is full."""
    target = case.start("numbered.py")
    profiler = case.attach(target, loop=False)
    target.go()
    slow = profiler.wait_for("slow_callback", limit_s=5)[0]
    # Both clocks are CLOCK_MONOTONIC.
    late = (time.monotonic_ns() - slow["start_ns"] - slow["duration_ns"]) / 1e9
    if late > 0.5:
        raise Failure(f"reported {late:.1f} s after its end")
    target.finish()
    profiler.finish().expect(0)


def test_no_probe_is_left_in_the_kernel(case):
    """A probe that is left behind would slow the target down for ever."""
    target = case.start("idle.py")
    case.run("-p", str(target.pid), "-d", "0.5").expect(0)
    left = []
    for path in ("/sys/kernel/tracing/uprobe_events", "/sys/kernel/debug/tracing/uprobe_events"):
        if os.path.exists(path):
            with open(path, encoding="utf-8") as events:
                left += [line for line in events if "python" in line]
    if left:
        raise Failure(f"left behind: {left}")


def test_a_service_manager_is_notified(case):
    """A run behaves as systemd expects with Type=notify and WatchdogSec=; COMMAND does not notice.
    """
    path = case.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(30)
        notified = ["env", f"NOTIFY_SOCKET={path}", "WATCHDOG_USEC=600000"]
        profiler = case.profile("-a", "-m", "sample", "-d", "1.5", prefix=notified)
        if manager.recv(64) != b"READY=1":
            raise Failure("the first message is another one")
        said = [manager.recv(64)]
        while said[-1] != b"STOPPING=1":
            said.append(manager.recv(64))
        profiler.finish().expect(0)
        if set(said[:-1]) != {b"WATCHDOG=1"} or len(said) < 4:
            raise Failure(f"the manager heard {said}")
        case.run("--", "true", prefix=notified)
        manager.setblocking(False)
        try:
            raise Failure(f"a run with a program of its own says {manager.recv(64)!r}")
        except BlockingIOError:
            pass
