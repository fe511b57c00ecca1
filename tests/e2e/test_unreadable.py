"""Targets with memory that never answers: a process that reads it waits in the kernel for ever."""

import os

import pytest

from lib.case import Late, patient
from lib.checks import verify
from lib.processes import Failure, wait_until

# What holds a memory lock holds up whatever attaches a probe meanwhile.
pytestmark = pytest.mark.alone
LIMIT_S = 30
SENTENCE = "does not answer"
HELD, RELEASED = "is stuck in the kernel", "attaches probes again"


class Unreadable:
    """A target with a page that is never filled, and the process that serves the page."""

    def __init__(self, case, place, page, name="f"):
        self.server = None
        if page == "fuse":
            directory = case.path("silent")
            os.mkdir(directory)
            self.server = case.start("silentfs.py", directory)
            page = f"/proc/{self.server.pid}/root{directory}/{name}"
        self.target = case.start("unreadable.py", place, page)
        self.pid = str(self.target.pid)

    def end(self):
        """Readers of the page get an error when its server ends."""
        if self.server:
            self.server.kill()
        self.target.kill()


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def hung_workers():
    """The state of each worker process of loopprof, by PID."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if comm.read().startswith("loopprof-worker"):
                    found[pid] = state_of(pid)
        except OSError:
            pass
    return found


def each_page(case, place, test):
    wrong = []
    for page in ("fuse", "uffd"):
        before = hung_workers()
        unreadable = Unreadable(case, place, page)
        try:
            test(unreadable)
        except Failure as failure:
            wrong.append(f"{page}: {failure}")
        finally:
            unreadable.end()
        # those of other runs of loopprof do not hang
        hung = {pid for pid, state in hung_workers().items() if pid not in before and state == "D"}
        wait_until(lambda: not hung & set(hung_workers()), "workers end with the page")
    verify(wrong)


def test_run_ends_with_its_time(case):
    def check(unreadable):
        result = case.run("-p", unreadable.pid, "-d", "2", "-j", limit_s=LIMIT_S).expect(0)
        if SENTENCE not in result.err or result.err.count(SENTENCE) != 1:
            raise Failure(f"stderr {result.err!r}")
        if result.records.one("footer")["reason"] != "duration":
            raise Failure("the run did not end with its time")
        if result.records.one("footer").get("unreadable_processes") != 1:
            raise Failure("the process is not counted")
        if not result.records.slow():
            raise Failure("no stall of the target itself")
        if state_of(unreadable.pid) in "TtZ":
            raise Failure("the target does not run on")

    each_page(case, "warn", check)


def test_run_ends_with_a_signal(case):
    def check(unreadable):
        prom = case.path("unreadable.prom")
        profiler = case.profile("-p", unreadable.pid, "-j", "--export", f"prom={prom}")
        profiler.wait_for_text(SENTENCE)
        profiler.wait_for("header")
        profiler.interrupt()
        result = profiler.finish(LIMIT_S).expect(0)
        with open(prom, encoding="utf-8") as file:
            if 'loopprof_lost_total{kind="unreadable"} 1\n' not in file.read():
                raise Failure("the process is not counted in the metrics")
        if result.records.one("footer")["reason"] != "interrupt":
            raise Failure("the run did not end with the signal")

    each_page(case, "warn", check)


def test_target_that_cannot_be_examined(case):
    def check(unreadable):
        result = case.run("-p", unreadable.pid, "-d", "2", limit_s=LIMIT_S).expect(1)
        if SENTENCE not in result.err:
            raise Failure(f"stderr {result.err!r}")

    each_page(case, "asyncio", check)


def test_files_that_do_not_answer(case):
    """These files are opened to find an interpreter, asyncio's offsets, or names of C functions."""
    wrong = []
    names = ["libpython3.11.so.1.0", "_asyncio.cpython-314-x86_64-linux-gnu.so", "libz.so.1"]
    hung = [Unreadable(case, "library", "fuse", name) for name in names]
    try:
        profiler = case.profile("-a", "-m", "trace", "-d", "3", "--native", "-j", "--find", "all")
        healthy = case.start("unreadable.py", "none", "uffd")
        (loop,) = profiler.wait_for("loop", pid=healthy.pid)
        profiler.wait_for("slow_callback", loop_id=loop["loop_id"])
        if profiler.finish(LIMIT_S).expect(0).records.one("footer")["reason"] != "duration":
            wrong.append("the run did not end with its time")
        for unreadable in hung:
            tasks = case.run("tasks", "-p", unreadable.pid, limit_s=LIMIT_S)
            if tasks.status not in (0, 1) or state_of(unreadable.pid) in "TtZ":
                wrong.append(f"tasks ends with {tasks.status}, the target is "
                             f"{state_of(unreadable.pid)}")
    finally:
        for unreadable in hung:
            unreadable.end()
    verify(wrong)


def test_others_are_profiled_meanwhile(case):
    hidden = [Unreadable(case, "asyncio", "uffd"), Unreadable(case, "warn", "uffd"),
              Unreadable(case, "asyncio", "fuse"), Unreadable(case, "warn", "fuse")]
    try:
        healthy = case.start("unreadable.py", "none", "uffd")
        profiler = case.profile("-a", "-j")
        (loop,) = profiler.wait_for("loop", pid=healthy.pid)
        profiler.wait_for_text(SENTENCE)
        profiler.wait_for("slow_callback", count=5, loop_id=loop["loop_id"])
        # this target begins while the workers hang
        late = case.start("unreadable.py", "none", "uffd")
        (loop,) = profiler.wait_for("loop", pid=late.pid)
        profiler.wait_for("slow_callback", count=3, loop_id=loop["loop_id"])
        profiler.interrupt()
        profiler.finish(LIMIT_S).expect(0)
    finally:
        for unreadable in hidden:
            unreadable.end()


def test_tasks(case):
    def check(unreadable):
        for options in ([], ["-j"], ["--consistent"], ["--watch", "1"]):
            result = case.run("tasks", "-p", unreadable.pid, *options, limit_s=LIMIT_S).expect(1)
            if SENTENCE not in result.err:
                raise Failure(f"{options}: stderr {result.err!r}")
            if state_of(unreadable.pid) in "Tt":
                raise Failure(f"{options}: the target was left stopped")

    each_page(case, "asyncio", check)


def test_tasks_of_others_are_shown(case):
    unreadable = Unreadable(case, "asyncio", "uffd")
    try:
        healthy = case.start("unreadable.py", "none", "uffd")
        before, after = f"{unreadable.pid},{healthy.pid}", f"{healthy.pid},{unreadable.pid}"
        for pids in before, after:
            result = case.run("tasks", "-p", pids, "-j", limit_s=LIMIT_S).expect(0)
            if result.err.count(SENTENCE) != 1 or unreadable.pid not in result.err:
                raise Failure(f"{pids}: stderr {result.err!r}")
            (loop,) = result.records.of("loop")
            if loop["pid"] != healthy.pid or not result.records.of("task"):
                raise Failure(f"{pids}: {loop}")
            result.records.one("header")
            result.records.one("footer")
    finally:
        unreadable.end()


class LockHolder:
    """A process that has the same interpreter as other targets, and holds its memory lock.

    Attaching to one of the others waits for it, and every fork of the machine with that. So it
    lets go by itself after LIMIT_S, and all processes of a test are started before.
    """

    LIMIT_S = 8

    def __init__(self, case):
        directory = case.path("silent")
        os.mkdir(directory)
        self.server = case.start("silentfs.py", directory, "1", str(self.LIMIT_S))
        self.holder = case.start("lockholder.py", f"/proc/{self.server.pid}/root{directory}/f")

    def hold(self):
        self.holder.go()
        # the server has a read that it does not answer
        self.server.wait_ready()

    def expect_held(self):
        if not self.server.running:
            raise Late("the lock was not held to the end")

    def release(self):
        self.server.kill()
        self.holder.wait()


@patient
def test_a_run_ends_though_a_process_holds_its_memory_lock(case):
    target = case.start("latechild.py")
    holder = LockHolder(case)
    holder.hold()
    try:
        profiler = case.profile("-p", str(target.pid), "-d", "2", "-j")
        result = profiler.finish(LIMIT_S)
        holder.expect_held()
    finally:
        holder.release()
    if result.expect(0).err.count(HELD) != 1:
        raise Failure(f"stderr {result.err!r}")
    if result.records.one("footer")["reason"] != "duration":
        raise Failure("the run did not end with its time")
    if result.records.one("self")["attach_failures"] != 1:
        raise Failure("the process is not counted")


@patient
def test_others_are_attached_once_a_memory_lock_is_released(case):
    parent = case.start("latechild.py")
    holder = LockHolder(case)
    profiler = case.attach(parent, "-s")
    holder.hold()
    try:
        parent.go()
        profiler.wait_for_text(HELD)
        before = len(profiler.wait_for("slow_callback"))
        profiler.wait_for("slow_callback", count=before + 2)
        holder.expect_held()
    finally:
        holder.release()
    profiler.wait_for_text(RELEASED)
    loops = profiler.wait_for("loop", count=2)
    profiler.wait_for("slow_callback", count=2, loop_id=loops[1]["loop_id"])
    profiler.interrupt()
    profiler.finish(LIMIT_S).expect(0)
