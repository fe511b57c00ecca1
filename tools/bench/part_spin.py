"""The cost of a callback, in a spin of `await asyncio.sleep(0)`, which is the worst case.

Processes of the same interpreter on one CPU take turns, so that other activity of the
machine affects all of them. A profiler of one of them may slow the others (system call
tracepoints affect the whole host), so that there are phases: with nothing but the empty
probe, and with loopprof, in random order. A process that only computes takes its turns
in all phases: by its pace, times of different phases are made comparable.

Sample mode costs less than the difference between two processes. So it is attached to
one process repeatedly, and its slices are compared with those of the same process before
and after (pace.py).
"""

import contextlib
import random

import bpf
from figures import Row, Sample, undisturbed
from pace import Pace, times_slower
from processes import NEVER, Empty, Profiler

CALLBACKS = 4000
# Fewer callbacks in debug mode, which is slower.
DEBUG_CALLBACKS = 500
# Iterations of the yardstick that take about as long as a slice.
STEPS = 400_000
SLICES = 5
MOST_SAMPLED = 3
WIDE = 10
YARDSTICK = "yardstick"
WIDTHS = {"wide none": WIDE, "wide loopprof": WIDE, YARDSTICK: 0}
TIMES = {"debug": DEBUG_CALLBACKS, YARDSTICK: STEPS}


class Spin:
    """Processes of one interpreter, and their cost per callback in each round."""

    def __init__(self, setting, python):
        self._setting = setting
        self.python = python
        self._processes = {}
        self.rounds = []
        self.every_system_call = False

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        for name in ("none", "empty", "floor", "loopprof", "sample", "queue", "debug",
                     "wide none", "wide loopprof", YARDSTICK):
            process = self.python.start("spin.py", self._setting.target_cpu,
                                        WIDTHS.get(name, 1), debug=name == "debug")
            self._processes[name] = self._stack.enter_context(process)
            self._slice(name)
        self._pace = Sample([self._slice(YARDSTICK) for _ in range(SLICES)]).median
        self._sampled = Pace(self._processes["sample"], CALLBACKS, self._processes[YARDSTICK],
                             STEPS, self._setting.seconds(15, 3))
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def _slice(self, name):
        """CPU time per callback, in ns."""
        callbacks = TIMES.get(name, CALLBACKS)
        return int(self._processes[name].ask(str(callbacks))) / callbacks

    def _slices(self, check, own, **labels):
        """label=process: runs slices in turn; the median of each, at the pace of the beginning."""
        labels[YARDSTICK] = YARDSTICK
        values = {label: [] for label in labels}
        check(own)
        for _ in range(SLICES):
            for label, name in labels.items():
                values[label].append(self._slice(name))
        check(own)
        slower = Sample(values.pop(YARDSTICK)).median / self._pace
        return {label: Sample(times).median / slower for label, times in values.items()}

    def _profile(self, name, *options):
        setting = self._setting
        return Profiler(setting.loopprof, self._processes[name].pid, setting.other_cpu,
                        "-t", NEVER, *options)

    def _empty(self, name, *options):
        setting = self._setting
        return Empty(setting.empty, self._processes[name].pid, setting.other_cpu, *options)

    def _off(self, check):
        with self._empty("empty"):
            return self._slices(check, 0, none="none", empty="empty", debug="debug",
                                wide_none="wide none")

    def _floor(self, check):
        """Empty programs at all the places of loopprof's probes, those of the fallback included."""
        with self._empty("floor", "--syscalls"):
            return self._slices(check, 0, floor="floor")

    def _on(self, check):
        with self._profile("loopprof") as profiler:
            profiler.wait_for("loop")
            return self._slices(check, 1, loopprof="loopprof", beside="none")

    def _wide(self, check):
        with self._profile("wide loopprof") as profiler:
            profiler.wait_for("loop")
            return self._slices(check, 1, wide_loopprof="wide loopprof")

    def _queue(self, check):
        with self._profile("queue", "--queue") as profiler:
            profiler.wait_for("loop")
            return self._slices(check, 1, queue="queue")

    def _sampling(self, check):
        """Runs without, with and without loopprof again; the ratio of the CPU times."""
        def take(own):
            check(own)
            taken = self._sampled.take()
            check(own)
            return taken

        before = take(0)
        with self._profile("sample", "-m", "sample") as profiler:
            profiler.wait_for("loop")
            during = take(1)
        self._setting.wait_quiet()
        return times_slower(before, during, take(0))["cpu"]

    def _sampled_often(self):
        """Several ratios per round, since single ones vary by more than the cost."""
        taken = [self._setting.alone(self._sampling)
                 for _ in range(self._setting.seconds(MOST_SAMPLED, 1))]
        return [value for value, _ in taken], all(quiet for _, quiet in taken)

    def round(self):
        """Runs one phase of each kind."""
        phases = [self._off, self._on, self._queue, self._wide]
        if self.every_system_call:
            phases.append(self._floor)
        random.shuffle(phases)
        found = {"quiet": True}
        for phase in phases:
            values, quiet = self._setting.alone(phase)
            found.update(values, quiet=found["quiet"] and quiet)
        found["sampled"], quiet = self._sampled_often()
        found["quiet"] = found["quiet"] and quiet
        self.rounds.append(found)

    def find_fallback(self):
        """Whether loopprof is on every system call of this host."""
        def find(check):
            with self._profile("loopprof") as profiler:
                profiler.wait_for("loop")
                check(1)
                return bpf.on_every_system_call()

        self.every_system_call, _ = self._setting.alone(find)

    # ---- results ----

    def sample(self, name):
        return Sample([one[name] for one in undisturbed(self.rounds)])

    def over(self, name, base="none"):
        """Extra nanoseconds per callback, relative to the same round."""
        return Sample([one[name] - one[base] for one in undisturbed(self.rounds)])

    def ratio(self, name, base, less=None):
        """name / base; with `less`, that is subtracted from both."""
        return Sample([(one[name] - one.get(less, 0)) / (one[base] - one.get(less, 0))
                       for one in undisturbed(self.rounds)])

    def sampled(self):
        """The ratio of CPU times in sample mode."""
        return Sample([value for one in undisturbed(self.rounds) for value in one["sampled"]])

    def costs(self):
        """(cost of a callback, cost of an iteration) in ns, from one and from WIDE callbacks each.
        """
        narrow = self.over("loopprof").median
        wide = self.over("wide_loopprof", "wide_none").median
        iteration = (narrow - wide) / (1 - 1 / WIDE)
        return narrow - iteration, iteration

    def rows(self):
        name = f"Python {self.python.version}"
        none, extra, empty = self.sample("none"), self.over("loopprof"), self.over("empty")
        yield Row(f"cost a callback, spin of sleep(0), {name}", "",
                  f"{extra.show(0, 'ns')} on {none.show(0, 'ns')}")
        yield Row("    an empty uprobe at the same address", "", empty.show(0, "ns"))
        yield Row("    loopprof, times the empty uprobe", "within 1.3",
                  self.ratio("loopprof", "empty", "none").show())
        if self.every_system_call:
            yield Row("    the same with empty programs on the system calls", "",
                      f"{self.over('floor').show(0, 'ns')}; loopprof is "
                      f"{self.ratio('loopprof', 'floor', 'none').show()} times that")
        callback, iteration = self.costs()
        yield Row("    of which a callback, an iteration (by 10 tasks at once)", "",
                  f"{callback:.0f} ns, {iteration:.0f} ns")
        yield Row("    loopprof --queue", "", self.over("queue").show(0, "ns"))
        yield Row("    run time with loopprof, with --queue, in debug mode, over none", "",
                  f"{self.ratio('loopprof', 'none').show()}, {self.ratio('queue', 'none').show()}, "
                  f"{self.ratio('debug', 'none').show(1)}")
        yield Row("    run time in sample mode, over the same process without", "within 1 %",
                  self.sampled().show(3))
        yield Row("    another process's spin while loopprof runs, over none", "1.00",
                  self.ratio("beside", "none").show())

    def raw(self):
        return {"python": self.python.version, "every_system_call": self.every_system_call,
                "unit": "ns a callback", "rounds": self.rounds,
                "cost_ns": dict(zip(("callback", "iteration"), self.costs()))}


def measure(setting, python, seconds):
    with Spin(setting, python) as spin:
        spin.find_fallback()
        for _ in setting.rounds(seconds):
            spin.round()
    return spin
