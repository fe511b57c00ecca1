"""Captures over a long time: rotation, kills, full disks, lost directories."""

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import time

from lib import checks
from lib.checks import verify
from lib.processes import Failure, wait_until

# Every second step of load.py's worker computes for 20 ms, the others sleep.
THRESHOLD = "15ms"
# A killed recording may lack its last second, and the delay of a busy machine.
KILLED_LOSES_NS = 3_000_000_000


def recorder(case, target, place, *options):
    """Starts a recording, and returns once it is attached."""
    profiler = case.profile("record", "-o", place, "-p", str(target.pid), "-t", THRESHOLD,
                            *options)
    profiler.wait_for_text("trace mode")
    return profiler


def files_in(directory):
    """The captures of a directory, in order."""
    return sorted(glob.glob(os.path.join(directory, "loopprof-*.lpc")),
                  key=lambda path: int(path.rpartition("-")[2].partition(".")[0]))


def report(case, *captures, status=0):
    result = case.run("report", *captures, "-j")
    result.expect(status)
    return result


def counted(records):
    """How often each callback ran, and its total time."""
    totals = {}
    for summary in records.final("callback_summary"):
        key = (summary["kind"], summary["name"], summary["file"], summary["line"])
        count, time_ns = totals.get(key, (0, 0))
        totals[key] = (count + summary["count"], time_ns + summary["run"]["sum_ns"])
    return totals


def added(parts):
    totals = {}
    for part in parts:
        for key, (count, time_ns) in part.items():
            before = totals.get(key, (0, 0))
            totals[key] = (before[0] + count, before[1] + time_ns)
    return totals


def test_files_of_a_run_add_up(case):
    target = case.start("load.py", "8")
    directory = case.path("captures")
    profiler = recorder(case, target, directory, "--rotate", "2s")
    target.go()
    target.finish()
    profiler.finish().expect(0)
    files = files_in(directory)
    if len(files) < 4:
        raise Failure(f"{len(files)} files in 8 s, one each 2 s")
    for path in files:
        if os.stat(path).st_mode & 0o077:
            raise Failure(f"{path} has mode {os.stat(path).st_mode:o}")
    if os.stat(directory).st_mode & 0o077:
        raise Failure(f"the directory has mode {os.stat(directory).st_mode:o}")
    whole = report(case, directory).records
    verify(checks.counts(whole, case.truth(target)), checks.sums(whole))
    if counted(report(case, *reversed(files)).records) != counted(whole):
        raise Failure("the order of the files matters")
    parts = [report(case, path).records for path in files]
    if added(map(counted, parts)) != counted(whole):
        raise Failure(f"parts {added(map(counted, parts))}, whole {counted(whole)}")
    slow = sum(len(part.slow()) for part in parts)
    if slow != len(whole.slow()):
        raise Failure(f"{slow} stalls in the parts, {len(whole.slow())} in the whole")
    os.unlink(files[0])
    rest = report(case, directory)
    if "continues an earlier file" not in rest.err:
        raise Failure(f"nothing is said of the file that was removed: {rest.err!r}")
    if counted(rest.records) != added(map(counted, parts[1:])):
        raise Failure("without the first file, the others have something else")


def test_files_are_removed_that_are_too_many(case):
    target = case.start("load.py", "7")
    directory = case.path("captures")
    profiler = recorder(case, target, directory, "--rotate", "1s", "--retain", "24k")
    target.go()
    target.finish()
    profiler.finish().expect(0)
    files = files_in(directory)
    size = sum(os.stat(path).st_size for path in files)
    # the newest file may have grown since the listing
    if size > 48 << 10 or files[0].endswith("-0.lpc"):
        raise Failure(f"{size} bytes in {files}")
    report(case, directory)


def test_a_recording_that_is_killed_is_readable(case):
    target = case.start("load.py", "12")
    for place in (case.path("captures") + "/", case.path("x.lpc")):
        profiler = recorder(case, target, place)
        if place.endswith("/"):
            target.go()
        time.sleep(3)
        killed_ns = time.monotonic_ns()
        profiler.signal(signal.SIGKILL)
        profiler.wait()
        slow = report(case, place).records.slow()
        if not slow:
            raise Failure(f"no stall in {place}")
        last_ns = max(stall["start_ns"] + stall["duration_ns"] for stall in slow)
        if killed_ns - last_ns > KILLED_LOSES_NS:
            raise Failure(f"{(killed_ns - last_ns) / 1e9:.1f} s are missing in {place}")
    target.finish()


@contextlib.contextmanager
def small_disk(case):
    """A file system of 1 MB, which the capture alone does not fill on a busy machine either."""
    path = case.path("disk")
    os.mkdir(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(path):
    with open(path, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 1024)


def test_a_full_disk_stops_nothing_but_the_capture(case):
    with small_disk(case) as disk:
        target = case.start("load.py", "18")
        metrics = case.path("loop.prom")
        profiler = recorder(case, target, disk + "/captures/", "-i", "1",
                            "--export", f"prom={metrics}")
        ballast = os.path.join(disk, "ballast")
        fill(ballast)
        target.go()
        profiler.wait_for_text("the disk is full")
        wait_until(lambda: os.path.exists(metrics), "there is an export")
        written = os.stat(metrics).st_mtime_ns
        wait_until(lambda: os.stat(metrics).st_mtime_ns != written, "the export goes on")
        os.unlink(ballast)
        profiler.wait_for_text("the capture goes on in")
        target.finish()
        result = profiler.finish().expect(1)
        if "is incomplete: " not in result.err or "records in" not in result.err:
            raise Failure(f"no message says what is missing: {result.err!r}")
        if result.err.count("the disk is full") != 2:
            raise Failure(f"it is said once, and at the end: {result.err!r}")
        got = report(case, disk + "/captures")
        if "could not be written when" not in got.err:
            raise Failure(f"the report does not say so: {got.err!r}")
        # Counters are cumulative, so that no callback is missing after a gap.
        case.note([(record["name"], record["line"], record["loop_id"], record["count"])
                   for record in got.records.of("callback_summary")])
        verify(checks.counts(got.records, case.truth(target)))


def test_a_result_that_is_not_written_is_a_failure_of_a_command_too(case):
    program = "import asyncio, sys; asyncio.run(asyncio.sleep(0)); sys.exit({})"
    with small_disk(case) as disk:
        fill(os.path.join(disk, "ballast"))
        for status, expected in ((0, 1), (3, 3)):
            for output in (("-o", f"{disk}/{status}.json"), ("record", "-o", f"{disk}/x.lpc")):
                result = case.run(*output, "--", "/usr/bin/python3", "-c", program.format(status))
                result.expect(expected)
                if "incomplete" not in result.err:
                    raise Failure(f"nothing is said of it: {result.err!r}")


def test_a_directory_that_comes_back_is_used_again(case):
    target = case.start("load.py", "6")
    directory = case.path("captures")
    os.mkdir(directory)
    profiler = recorder(case, target, directory)
    target.go()
    time.sleep(1.5)
    shutil.rmtree(directory)
    os.mkdir(directory)
    profiler.wait_for_text("the capture goes on in")
    target.finish()
    result = profiler.finish().expect(1)
    if "is incomplete: " not in result.err:
        raise Failure(f"no message says what is missing: {result.err!r}")
    if not report(case, directory).records.slow():
        raise Failure("nothing in the directory that came back")


def test_captures_of_several_runs_are_merged(case):
    captures, truths = [], []
    for _ in range(2):
        target = case.start("load.py", "1")
        captures.append(case.path("x.lpc"))
        profiler = recorder(case, target, captures[-1])
        target.go()
        target.finish()
        profiler.finish().expect(0)
        truths.append(case.truth(target))
    merged = report(case, *captures).records
    apart = [counted(report(case, capture).records) for capture in captures]
    if counted(merged) != added(apart):
        raise Failure(f"merged {counted(merged)}, apart {apart}")
    steps = sum(row["count"] for truth in truths for row in truth.counts
                if row["name"] == "worker")
    if sum(summary["count"] for summary in merged.callbacks("worker")) != steps:
        raise Failure(f"worker ran {steps} times, not {merged.callbacks('worker')}")
    twice = report(case, captures[0], *captures)
    if "it is read once" not in twice.err or counted(twice.records) != added(apart):
        raise Failure(f"a capture that is given twice: {twice.err!r}")
    broken = case.path("broken.lpc")
    with open(broken, "wb") as file:
        file.write(b"no capture")
    some = report(case, captures[0], broken, captures[1], status=1)
    if broken not in some.err or counted(some.records) != added(apart):
        raise Failure(f"beside a file that is no capture: {some.err!r}")


def test_what_two_recordings_saw_at_once_counts_once(case):
    target = case.start("load.py", "1")
    captures = [case.path("x.lpc"), case.path("y.lpc")]
    profilers = [recorder(case, target, capture) for capture in captures]
    target.go()
    target.finish()
    for profiler in profilers:
        profiler.finish().expect(0)
    both = report(case, *captures)
    verify(checks.counts(both.records, case.truth(target)))
    if "at the same time" not in both.err:
        raise Failure(f"nothing is said of it: {both.err!r}")
