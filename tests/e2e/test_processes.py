"""Which processes are profiled, and their beginnings and ends."""

import glob
import os
import signal
import subprocess
import time

from lib import checks, schema
from lib.truth import Truth
from lib.case import patient
from lib.checks import verify
from lib.processes import Failure, wait_until


def reason(records):
    return records.one("footer")["reason"]


def merged(*truths):
    """The stalls of several programs as one truth."""
    for truth in truths[1:]:
        truths[0].stalls += truth.stalls
    return truths[0]


def check_several(case, options):
    targets = [case.start("load.py", seconds) for seconds in ("1", "2")]
    profiler = case.profile(*options(*[str(target.pid) for target in targets]), "-j")
    for target in targets:
        profiler.wait_for("loop", pid=target.pid)
    for target in targets:
        target.go()
    targets[0].finish()
    time.sleep(0.3)
    if not profiler.running:
        raise Failure("ended with the first of two targets")
    targets[1].finish()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records), checks.sums(records))
    if reason(records) != "target_exited":
        raise Failure(f"the reason of the end is {reason(records)}")
    for target in targets:
        (loop,) = records.loops(pid=target.pid)
        (ticker,) = records.callbacks("ticker", loop["loop_id"])
        if ticker["count"] != 201:
            raise Failure(f"ticker ran 201 times, not {ticker['count']}")
    checks.stalls(records, merged(*map(case.truth, targets)), note=case.note)


@patient
def test_several_pids_in_a_list(case):
    check_several(case, lambda first, second: ["-p", f"{first},{second}"])


@patient
def test_several_pid_options(case):
    check_several(case, lambda first, second: ["-p", first, "-p", second])


def test_one_missing_pid_of_two(case):
    """Either the other process is profiled or the run fails, but the mistake is reported."""
    target = case.start("idle.py")
    result = case.run("-p", f"{target.pid},4194303", "-d", "1", "-j")
    if "4194303" not in result.err:
        raise Failure(f"status {result.status}, stderr {result.err!r}")


@patient
def test_all_processes(case):
    """Processes that begin later are profiled; the end of one does not end the run."""
    first = case.start("load.py", "1")
    profiler = case.profile("-a", "-j")
    profiler.wait_for("loop", pid=first.pid)
    later = case.start("load.py", "1")
    profiler.wait_for("loop", pid=later.pid)
    for target in (first, later):
        target.go()
    for target in (first, later):
        target.finish()
    time.sleep(0.5)
    last = case.start("load.py", "0.5")
    profiler.wait_for("loop", pid=last.pid)
    last.go()
    last.finish()
    profiler.interrupt()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records))
    if reason(records) != "interrupt":
        raise Failure(f"the reason of the end is {reason(records)}")
    mine = [target.pid for target in (first, later, last)]
    # Other processes of the machine do not count.
    loops = {loop["loop_id"] for loop in records.of("loop") if loop["pid"] in mine}
    records.all = [record for record in records.all if record.get("loop_id", min(loops)) in loops]
    verify(checks.sums(records))
    checks.stalls(records, merged(*map(case.truth, (first, later, last))), note=case.note)


@patient
def test_loop_that_starts_late(case):
    """asyncio is imported after loopprof has attached; the first callback is slow."""
    records, truth = case.observe("lateloop.py", loop=False)
    verify(schema.documented(records), checks.sums(records))
    checks.stalls(records, truth, note=case.note)
    (steps,) = [record for record in records.final("callback_summary")
                if record["name"].endswith("main")]
    if steps["count"] != 102:
        raise Failure(f"main stepped 102 times, not {steps['count']}")


def test_process_without_a_loop(case):
    """A loop may still begin, so the missing loop is no error, but is reported."""
    target = case.start("noloop.py")
    result = case.run("-p", str(target.pid), "-d", "1", "-j").expect(0)
    if result.records.of("loop") or reason(result.records) != "duration":
        raise Failure(result.out)
    if "loop" not in result.err:
        raise Failure(f"stderr says nothing of a loop: {result.err!r}")


def check_exit(case, how, status):
    target = case.start("exits.py", how)
    profiler = case.attach(target)
    target.go()
    if target.wait() != status:
        raise Failure(f"the target ended with {target.wait()}, not {status}")
    records = profiler.finish(10).expect(0).records
    if reason(records) != "target_exited":
        raise Failure(f"the reason of the end is {reason(records)}")
    verify(schema.documented(records), checks.sums(records))
    checks.stalls(records, case.truth(target))


@patient
def test_target_returns(case):
    check_exit(case, "return", 0)


@patient
def test_target_dies_of_an_exception(case):
    check_exit(case, "exception", 3)


@patient
def test_target_exits_at_once(case):
    check_exit(case, "_exit", 7)


@patient
def test_target_is_killed(case):
    check_exit(case, "kill", -9)


def family(case, loops, *options):
    """loops: how many loops there will be records of."""
    target = case.start("forks.py")
    profiler = case.attach(target, *options)
    target.go()
    profiler.wait_for("loop", count=loops)
    with open(target.truth_path + ".noticed", "w", encoding="utf-8"):
        pass
    target.finish()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records), checks.sums(records))
    children = [Truth(target.truth_path + suffix) for suffix in (".forked", ".started")]
    return records, case.truth(target), children


@patient
def test_children_are_left_alone(case):
    """A forked child has the same probes in its code, but is not profiled without -s."""
    records, parent, _ = family(case, 1)
    checks.stalls(records, parent, note=case.note)


@patient
def test_children_are_followed(case):
    """One child is forked out of a running loop, one is a new program."""
    records, parent, children = family(case, 3, "-s")
    pids = {loop["pid"] for loop in records.of("loop")}
    if not {parent.fact("forked"), parent.fact("started")} <= pids:
        raise Failure(f"loops of {pids}, not of {parent.facts}")
    checks.stalls(records, merged(parent, *children), note=case.note)


def check_exec(case, *options):
    target = case.start("execs.py")
    profiler = case.attach(target, *options)
    target.go()
    target.finish()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records), checks.sums(records))
    checks.stalls(records, merged(Truth(target.truth_path + ".first"), case.truth(target)),
                  note=case.note)


@patient
def test_process_that_replaces_itself(case):
    check_exec(case)


def leaked():
    """The number of uprobes that the kernel could not remove, by its own log."""
    return subprocess.run(["dmesg"], stdout=subprocess.PIPE, check=True,
                          text=True).stdout.count("leaking uprobe")


def attaching(profiler=None):
    """The processes that attach and detach probes, apart from zombies; or those of one run."""
    found = set()
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as stat:
                head, _, rest = stat.read().rpartition(")")
        except OSError:
            continue
        if head.endswith("(loopprof-attach") and rest.split()[0] != "Z":
            if profiler is None or rest.split()[1] == str(profiler.pid):
                found.add(path)
    return found


def test_no_breakpoint_is_left_behind(case):
    """All probes are removed from a process that goes on, however the run ends."""
    target = case.start("idle.py")
    before = leaked()
    for _ in range(3):
        case.run("-p", str(target.pid), "-m", "trace", "-d", "0.5").expect(0)
    profiler = case.profile("-p", str(target.pid), "-m", "trace")
    profiler.wait_for_text("Ctrl-C")
    own = attaching(profiler)
    profiler.kill()
    # The process that detaches outlives the run.
    wait_until(lambda: not own & attaching(), "the attaching process ends", 60)
    if leaked() != before:
        raise Failure(f"{leaked() - before} uprobes were left in memory")


def test_a_run_ends_if_its_attaching_process_is_killed(case):
    """Without probes in the target, of which the kernel would leave some behind."""
    target = case.start("idle.py")
    profiler = case.profile("-p", str(target.pid), "-m", "sample", "--find", "none", "-j")
    profiler.wait_for("loop")
    (path,) = attaching(profiler)
    os.kill(int(path.split("/")[2]), signal.SIGKILL)
    result = profiler.finish().expect(1)
    if result.err.count("error:") != 1 or "loopprof-attach" not in result.err:
        raise Failure(f"stderr {result.err!r}")
    if result.records.one("footer")["reason"] != "interrupt":
        raise Failure("the run has another reason")
    result.records.one("self")


@patient
def test_process_that_replaces_itself_followed(case):
    check_exec(case, "-s")


# Loads an interpreter only if its arguments say so, as a web server with a module for Python.
EMBEDS = r"""
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **arguments)
{
	void *library = count > 2 ? dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
	void (*begin)(int);
	int (*run)(const char *);

	if (count < 3)
		return 0;
	if (!library)
		return puts(dlerror()), 1;
	begin = (void (*)(int))dlsym(library, "Py_InitializeEx");
	run = (int (*)(const char *))dlsym(library, "PyRun_SimpleString");
	begin(0);
	return run(arguments[2]);
}
"""
EMBEDDED = """
import asyncio, time
async def main():
    end = time.monotonic() + 12
    while time.monotonic() < end:
        time.sleep(0.15)
        await asyncio.sleep(0.05)
asyncio.run(main())
"""


def test_short_processes_hide_no_service_of_their_program(case):
    """Neither those of another user, nor, for longer than some seconds, those of the same."""
    libraries = glob.glob("/usr/lib/*/libpython3.*.so.1.0")
    if not libraries:
        case.note("there is no library of an interpreter")
        return
    source, program = case.path("c"), "/tmp/" + os.path.basename(case.path("embeds"))
    with open(source, "w", encoding="ascii") as file:
        file.write(EMBEDS)
    subprocess.run(["cc", "-x", "c", "-o", program, source, "-ldl"], check=True)
    try:
        for user in (65534, 0):
            profiler = case.profile("-a", "-j", "-m", "trace")
            profiler.wait_for_text("Ctrl-C ends")
            for _ in range(6):
                subprocess.run([program], user=user, check=True)
                time.sleep(0.2)
            time.sleep(0.5)
            service = subprocess.Popen([program, libraries[0], EMBEDDED])
            try:
                (loop,) = profiler.wait_for("loop", pid=service.pid)
                profiler.wait_for("slow_callback", loop_id=loop["loop_id"])
            finally:
                service.kill()
                service.wait()
            profiler.signal(signal.SIGINT)
            profiler.finish().expect(0)
    finally:
        os.unlink(program)
