"""Files that a process maps can neither end loopprof nor cost it much."""

import re
import resource

from lib.processes import Failure

# Limit of CPU time, which a busy machine changes less than the time on the clock.
CPU_S = 3
RESIDENT_KB = 40 * 1024
MAPPINGS = 60000
ATTACHED = "trace mode"


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(case, target, *options):
    """Runs loopprof on the target, which must take few seconds of CPU time and not crash."""
    before = cpu_s()
    result = case.run(*(options or ("-d", "0.2")), "-p", str(target.pid), limit_s=50)
    used = cpu_s() - before
    if result.status < 0 or result.status > 1:
        raise Failure(f"{result.command}: ended by {result.status}: {result.err!r}")
    if used > CPU_S:
        raise Failure(f"{result.command}: took {used:.1f} s of CPU time")
    return result


def refused(case, target, words):
    result = run(case, target)
    if result.status != 1 or words not in result.err:
        raise Failure(f"{result.command}: {result.status}, {result.err!r} has no {words!r}")
    if len(result.err.splitlines()) > 2:
        raise Failure(f"{result.command}: more than a sentence: {result.err!r}")


def test_library_without_end(case):
    """10 TB of symbols, in a file that takes 8 KiB of disk space."""
    refused(case, case.start("hostile.py", "sparse", "10e12"), "larger than 4 GiB")


def test_symbols_without_end(case):
    refused(case, case.start("hostile.py", "sparse", "3e9"), "table of symbols")


def test_symbols_of_nothing(case):
    """Symbols of zeros: the search takes less than a second."""
    target = case.start("hostile.py", "sparse", "3e7")
    run(case, target)


def test_messages_without_end(case):
    """A file with no end to search for Task.__del__: a message says so, the rest is profiled."""
    for size in ("10e12", "3e9", "1e8"):
        result = run(case, case.start("hostile.py", "poked", size))
        if result.status != 0 or "Task.__del__" not in result.err:
            raise Failure(f"{result.command}: {result.status}, {result.err!r}")


def test_library_that_shrinks(case):
    """The file's owner may shorten it at any moment; reading a mapping would then raise SIGBUS."""
    target = case.start("hostile.py", "shrinking")
    for _ in range(20):
        result = run(case, target, "tasks")
        if not (result.out + result.err).strip():
            raise Failure(f"{result.command}: says nothing")


def test_device_in_place_of_a_library(case):
    """A device is not opened, as opening it may have effects."""
    refused(case, case.start("hostile.py", "device"), "not a regular file")


def test_mappings_without_number(case):
    target = case.start("hostile.py", "many", str(MAPPINGS))
    profiler = case.profile("-p", str(target.pid), "-t", "100ms")
    profiler.wait_for_text(ATTACHED, 45)
    with open(f"/proc/{profiler.pid}/status", encoding="utf-8") as status:
        resident = int(re.search(r"VmHWM:\s+(\d+)", status.read())[1])
    target.go()
    target.finish()
    result = profiler.finish().expect(0)
    if "ticks" not in result.out:
        raise Failure(f"its stall is not reported: {result.out!r} {result.err!r}")
    if resident > RESIDENT_KB:
        raise Failure(f"{resident} kB were resident")
    case.note(f"{resident // 1024} MB")
