"""The stalls that were made: the ground truth of tests/e2e/targets/causes.py, by its own clock.

causetruth.py there describes the ground truth. Stalls that turned out differently than intended,
since the machine was busy, are left out: no profiler can explain them correctly.
"""

import ast
import json
from dataclasses import dataclass

LEAST_NS = 105_000_000
KINDS = {"blocked": "blocked", "on_cpu": "CPU", "gc": "GC", "gil": "GIL",
         "run_queue": "run queue"}
SMALL_ONES = "small ones"


@dataclass(frozen=True)
class Stall:
    kind: str  # a value of KINDS, or SMALL_ONES
    shape: str  # "callback", "iteration" or "sum"
    cause: str  # a key of KINDS; None if it was half computing, half blocked
    function: tuple  # (name, file) of the callback or coroutine, or None
    task: str  # its name, or None
    start_ns: int
    duration_ns: int
    lines: frozenset  # (file, line) of the code that held the loop
    syscall: tuple
    target: str  # a pattern, or None
    holder: str  # name of the thread that held the GIL, or None

    def within(self, start_ns, duration_ns):
        """Whether the middle of the stall is in that span."""
        return 0 <= self.start_ns + self.duration_ns // 2 - start_ns <= duration_ns


def _lines(place):
    return frozenset((place["file"], line) for line in place["lines"]) if place else frozenset()


def _function(source):
    return (source["name"], source["file"]) if source else None


def _thread(holder):
    return holder["thread"] if holder else None


def _callback(row):
    cause = row["cause"]
    return Stall(kind=KINDS[cause or "blocked"], shape="callback", cause=cause,
                 function=_function(row), task=row["task"], start_ns=row["start_ns"],
                 duration_ns=row["duration_ns"], lines=_lines(row["innermost"]),
                 syscall=tuple(row["syscall"] or ()), target=row["target"],
                 holder=_thread(row["holder"]))


def _all_lines(callback):
    """All lines of a function, as the ground truth does not say which one made the call."""
    with open(callback["file"], encoding="utf-8") as file:
        tree = ast.parse(file.read())
    return frozenset((callback["file"], line) for node in tree.body
                     if getattr(node, "lineno", None) == callback["line"]
                     for line in range(node.lineno, node.end_lineno + 1))


def _iteration(row):
    """An iteration without a callback of its own only has the line of the GIL's holder."""
    callback = row["callback"]
    lines = _all_lines(callback) if callback else _lines(row["holder"])
    return Stall(kind=SMALL_ONES if callback else KINDS[row["cause"]], shape="iteration",
                 cause=row["cause"], function=_function(callback), task=None,
                 start_ns=row["start_ns"], duration_ns=row["duration_ns"], lines=lines,
                 syscall=(), target=None, holder=_thread(row["holder"]))


def _sum(row):
    return Stall(kind=SMALL_ONES, shape="sum", cause=row["cause"],
                 function=(row["at"]["function"], row["at"]["file"]), task=None, start_ns=0,
                 duration_ns=row["total_ns"], lines=_lines(row["at"]),
                 syscall=tuple(row["syscall"]), target=None, holder=None)


def _as_meant(row):
    """Whether it had the CPU if it was meant to compute, and waited if it was meant to wait."""
    share = row["on_cpu_ns"] / row["duration_ns"]
    if row["cause"] in ("on_cpu", "gc") and share < 0.7:
        return False
    if row["cause"] == "run_queue" and share > 0.4:
        return False
    return row["duration_ns"] >= LEAST_NS


def stalls(path):
    """The stalls in the ground truth at a path."""
    found = []
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for row in rows:
        if "iteration" in row:
            found.append(_iteration(row["iteration"]))
        elif "sum" in row:
            found.append(_sum(row["sum"]))
        elif "cause" in row and _as_meant(row):
            found.append(_callback(row))
    return found
