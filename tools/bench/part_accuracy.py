"""Accuracy in both modes: stalls that are missed or invented, and errors of durations.

The program reads the clock in Python, or in C next to the call that holds the loop: the difference
is the time that the interpreter takes from the callback's beginning to the reading, and back.
"""

import json

from figures import Row, Sample
from processes import Profiler
from setting import Python

THRESHOLD_MS = 20
CLOSE_NS = 1_000_000
MODES = ("trace", "sample")
CLOCKS = ("C", "Python")


def _covers(record, stall):
    """Whether the slow callback contains the middle of the stall."""
    middle = stall[0] + stall[1] // 2
    return record["start_ns"] <= middle <= record["start_ns"] + record["duration_ns"]


class Accuracy:
    """Stalls by the program, [start_ns, duration_ns, clock], and loopprof's slow callbacks."""

    def __init__(self, mode, stalls, records):
        self._mode = mode
        threshold = THRESHOLD_MS * 1_000_000
        due = [stall for stall in stalls if stall[1] >= threshold]
        self.due, self.below = len(due), len(stalls) - len(due)
        self.errors, used = {clock: [] for clock in CLOCKS}, set()
        for stall in due:
            for i, record in enumerate(records):
                if i not in used and _covers(record, stall):
                    used.add(i)
                    self.errors[stall[2]].append(abs(record["duration_ns"] - stall[1]) / 1000)
                    break
        # The callback around a stall just below the threshold may be over it.
        close = [stall for stall in stalls if threshold - CLOSE_NS <= stall[1] < threshold]
        self.invented = sum(not any(_covers(record, stall) for stall in close)
                            for i, record in enumerate(records) if i not in used)

    def rows(self):
        found = sum(len(errors) for errors in self.errors.values())
        yield Row(f"slow callbacks found, of those over the threshold, {self._mode} mode", "all",
                  f"{found} of {self.due}")
        yield Row(f"    invented, beside {self.below} stalls below it", "none", str(self.invented))
        for clock, errors in self.errors.items():
            if errors:
                yield Row(f"    duration against the program's own clock, read in {clock}: "
                          "median error", "under 50 us", f"{Sample(errors).median:.0f} us")
                yield Row("    worst error", "under 1 ms", f"{max(errors):.0f} us")

    def raw(self):
        return {"due": self.due, "below": self.below, "invented": self.invented, "unit": "us",
                "errors": self.errors}


class Modes:
    def __init__(self, modes):
        self._modes = modes

    def rows(self):
        for accuracy in self._modes.values():
            yield from accuracy.rows()

    def raw(self):
        return {mode: accuracy.raw() for mode, accuracy in self._modes.items()}


def _observe(setting, mode):
    number = setting.seconds(200, 40)
    with Python("the host's").start("stalls.py", setting.target_cpu, number,
                                    THRESHOLD_MS, setting.hold) as target:
        target.hear()
        with Profiler(setting.loopprof, target.pid, setting.other_cpu,
                      "-t", f"{THRESHOLD_MS}ms", "-m", mode) as profiler:
            profiler.wait_for("loop")
            stalls = json.loads(target.ask("go"))
            profiler.stop()
        records = [record for record in profiler.of("slow_callback") if not record["in_progress"]]
    return Accuracy(mode, stalls, records)


def measure(setting):
    return Modes({mode: _observe(setting, mode) for mode in MODES})
