"""Ground truth of stalls with known causes: why the loop stood still, on what, and where.

A stall's row has more than the rows of truth.py:

    cause       "on_cpu", "blocked", "gil", "run_queue" or "gc": where most of it went;
                null if it is half and half
    on_cpu_ns   the thread's CPU time during the stall, by its own clock
    run_queue_ns
                how long the thread was ready to run without a CPU, by the scheduler's count;
                "cause" leaves this time out unless it is "run_queue" itself
    at          the frame of the target that held the loop; it has "lines", since code
                that computes may be at several
    innermost   the frame at the top of its stack, which may be a library's
    syscall     names of the system call; it differs between versions and C libraries
    target      a pattern for the text of what it was blocked on, or null
    calls       [least, most]: how often it was blocked, or null
    holder      the holder of the GIL: the frame of the other thread, with its name as "thread"
    chain       the task's coroutines, the outermost first
    frames      how deep the stack is, if it is too deep to be read as a whole

There are two more facts: {"iteration": {...}} is an iteration that was slow without
a slow callback, {"sum": {...}} is blocking that adds up though each call is short.

Lines are found in the source: those that end with the mark. That is done at the end,
since reading the source takes longer than some things that are measured.
"""

import inspect
import sys
import time

from rundelay import run_delay_ns
from truth import GroundTruth, source_of

MARK = "# here"


def place(function, text=MARK):
    """The frame of a function, at its lines that contain the text."""
    source, first = inspect.getsourcelines(function)
    code = getattr(function, "__code__", function)
    return {"function": code.co_name, "file": code.co_filename,
            "lines": [first + i for i, line in enumerate(source) if text in line]}


class Held:
    """The body of the with statement holds the loop."""

    def __init__(self, causes, of, expected):
        self._causes = causes
        self._of = of
        self._expected = expected
        self._cpu = self._start = self._delay = 0

    def expect(self, **expected):
        """Adds what is known only after the stall."""
        self._expected.update(expected)

    def __enter__(self):
        self._delay = run_delay_ns()
        self._cpu = time.thread_time_ns()
        self._start = time.monotonic_ns()
        return self

    def __exit__(self, *exception):
        end = time.monotonic_ns()
        self._expected["on_cpu_ns"] = time.thread_time_ns() - self._cpu
        self._expected["run_queue_ns"] = run_delay_ns() - self._delay
        self._causes.keep(self._start, end, self._of, self._expected)


class Causes(GroundTruth):
    def __init__(self, path):
        super().__init__(path)
        self.path = path
        self._expected = {}

    def held(self, cause, syscall=None, of=None, at=None, **expected):
        """A stall in a step of the running task, or in the callback `of`.

        The frame is the caller's, or that of the function `at`. Without a cause, the CPU time
        decides if it was blocked or computed.
        """
        expected.update(cause=cause, syscall=syscall, at=at or sys._getframe(1).f_code)
        return Held(self, of, expected)

    def keep(self, start, end, of, expected):
        self.stalled(start, end, of)
        self._expected[start] = expected

    def iteration(self, start, end, cause, run_queue_ns, callback=None, count=0, total_ns=0,
                  holder=None):
        """Adds a slow iteration, with the callback that takes most of it."""
        self.fact(iteration={
            "start_ns": start, "duration_ns": end - start, "cause": cause,
            "run_queue_ns": run_queue_ns, "count": count, "total_ns": total_ns,
            "callback": callback and source_of(callback),
            "holder": described_holder(holder)})

    def sum(self, cause, syscall, at, count, total_ns):
        """Adds blocking calls that are slow only in sum."""
        self.fact(sum={"cause": cause, "syscall": syscall, "at": place(at), "count": count,
                       "total_ns": total_ns})

    def _settle(self):
        super()._settle()
        for row in self._rows:
            if "start_ns" in row and row["start_ns"] in self._expected:
                row.update(described(row["duration_ns"], self._expected[row["start_ns"]]))


def measured_cause(share_on_cpu):
    """Blocked or computing by the thread's own CPU clock, or None if it is neither.

    That clock leaves out interrupts and what a hypervisor takes, which are many while a
    virtual disk is written to; a stopwatch cannot.
    """
    if share_on_cpu < 0.2:
        return "blocked"
    return "on_cpu" if share_on_cpu > 0.8 else None


def described(duration, expected):
    """The fields of a row that describe its cause."""
    own = duration - expected["run_queue_ns"]
    cause = expected["cause"] or measured_cause(expected["on_cpu_ns"] / own)
    at = place(expected["at"])
    innermost = expected.get("innermost")
    return {
        "cause": cause,
        "on_cpu_ns": expected["on_cpu_ns"],
        "run_queue_ns": expected["run_queue_ns"],
        "at": dict(at, line=at["lines"][0]),
        "innermost": place(*innermost) if innermost else at,
        "syscall": expected["syscall"],
        "target": expected.get("target"),
        "calls": expected.get("calls"),
        "holder": described_holder(expected.get("holder")),
        "chain": [place(function) for function in expected.get("chain", ())],
        "frames": expected.get("frames"),
    }


def described_holder(holder):
    """The holder's frame with the name of its thread."""
    if holder is None:
        return None
    thread, function = holder
    return dict(place(function), thread=thread)
