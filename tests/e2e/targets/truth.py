"""The ground truth of a target: what it did to its loop, by its own clock.

A target is started with the path of its ground truth. If its stdin is a pipe, it prints
"ready" on stdout and begins when it reads a line, so that a profiler can attach
in between; otherwise it begins at once.

It is written as JSON lines. A stall is {"start_ns", "duration_ns", "kind", "name",
"file", "line", "task", "pid", "tid", "at"}, where name to task describe the
callback and "at" is the frame that stalled; a count is {"count", "name", "file",
"line"}; anything else is an object of facts.
"""

import asyncio
import json
import os
import stat
import sys
import threading
import time

# Each stall is a bit longer than the one before, so that its length identifies it.
SHORTEST_STALL = 0.105
STALL_STEP = 0.0005


def compute(seconds):
    """Holds the loop on the CPU."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pass


def source_of(function):
    """Name, file and line of a Python function, method or coroutine."""
    function = getattr(function, "__func__", function)
    for attribute in ("__code__", "cr_code", "gi_code"):
        code = getattr(function, attribute, None)
        if code is not None:
            return {
                "name": function.__qualname__,
                "file": code.co_filename,
                "line": code.co_firstlineno,
            }
    # A builtin has no source, nor has an instance, which has the name of its class.
    return {"name": function if isinstance(function, str) else function.__qualname__,
            "file": None, "line": None}


class GroundTruth:
    def __init__(self, path):
        self._path = path
        self._rows, self._late = [], []
        self._stalls = 0

    def stall(self, of=None, seconds=None, work=time.sleep, task=None):
        """Holds the loop: in a step of the running task, in the callback `of`, or in a step of
        `task`.
        """
        if seconds is None:
            seconds = SHORTEST_STALL + self._stalls * STALL_STEP
            self._stalls += 1
        start = time.monotonic_ns()
        work(seconds)
        end = time.monotonic_ns()
        self.stalled(start, end, of, task, sys._getframe(1))

    def stalled(self, start, end, of=None, task=None, frame=None):
        """Adds a stall that the caller has timed.

        This has to be quick, as it lengthens the callback after the stall. The task is not
        stored, since some tasks have to be freed at once.
        """
        if of is None:
            task = task or asyncio.current_task()
            of = source_of(task.get_coro())
            of["task"] = task.get_name()
        at = frame and (frame.f_code, frame.f_lineno)
        self._late.append((start, end, of, at, threading.get_native_id()))

    def _settle(self):
        """Converts stalls to rows."""
        for start, end, of, at, tid in self._late:
            row = {"start_ns": start, "duration_ns": end - start, "pid": os.getpid(),
                   "tid": tid, "at": None}
            if isinstance(of, dict):
                row.update(of, kind="task")
            else:
                row.update(source_of(of), kind="callback", task=None)
            if at:
                code, line = at
                row["at"] = {"function": code.co_name, "file": code.co_filename, "line": line}
            self._rows.append(row)
        self._late.clear()

    def count(self, function, count):
        """Notes how often the loop ran `function`, or stepped tasks of that coroutine function."""
        self._rows.append(dict(source_of(function), count=count))

    def fact(self, **facts):
        self._rows.append(facts)

    def write(self):
        """Writes all rows at the end, since writing would lengthen a callback before."""
        self._settle()
        new = "%s.%d" % (self._path, os.getpid())
        with open(new, "w", encoding="utf-8") as file:
            for row in self._rows:
                file.write(json.dumps(row) + "\n")
        os.replace(new, self._path)


def attended():
    """Whether stdin is a pipe, through which a test says when to begin."""
    return stat.S_ISFIFO(os.fstat(0).st_mode)


def wait_for_go():
    """Waits for the order to begin, in a program whose loop does not run."""
    if attended():
        print("ready", flush=True)
        os.read(0, 64)


def run_loops(threads, main):
    """Runs main(started) in a loop of each of many threads, which calls started() in it, until the
    order to go on.
    """
    threading.stack_size(256 * 1024)
    started = threading.Semaphore(0)
    for _ in range(threads):
        threading.Thread(target=lambda: asyncio.run(main(started.release)), daemon=True).start()
    for _ in range(threads):
        started.acquire()
    wait_for_go()
    # The process exits without ending the loops, which would take long.
    os._exit(0)


async def loop_waits_for_go():
    """The same inside a loop, which polls meanwhile as an idle one does."""
    if not attended():
        return
    loop = asyncio.get_running_loop()
    go = loop.create_future()

    def read_line():
        os.read(0, 64)
        loop.remove_reader(0)
        go.set_result(None)

    loop.add_reader(0, read_line)
    print("ready", flush=True)
    await go
