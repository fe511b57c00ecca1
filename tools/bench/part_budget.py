"""The cost of permanent profiling to a target: sample mode, and bursts under --budget 1%.

One process is measured without, with and without loopprof again, in turns with a yardstick
that nobody profiles (pace.py). For bursts the sum counts: they are in a few of many slices,
and cost as much as trace mode does. The rest is the cost of the hooks, which a loop pays at
each poll: so one spin polls for each callback, the worst case, and another one for each
tenth.
"""

import contextlib
import time

from figures import Row, Sample, undisturbed
from processes import NEVER, Profiler
from setting import Python

CALLBACKS = 4000
STEPS = 400_000
WIDTHS = (1, 10)
MODES = {"sample": ("-m", "sample"), "budget": ("--budget", "1%")}
YARDSTICK = 0


class Budget:
    def __init__(self, setting):
        self._setting = setting
        self._processes = {}
        self.rounds = []

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        for width in (YARDSTICK, *WIDTHS):
            self._processes[width] = self._stack.enter_context(
                Python("the host's").start("spin.py", self._setting.target_cpu, width))
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def _pace(self, width, seconds):
        """CPU time of many slices, relative to the yardstick's."""
        spin = yardstick = 0
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            spin += int(self._processes[width].ask(str(CALLBACKS)))
            yardstick += int(self._processes[YARDSTICK].ask(str(STEPS)))
        return spin / yardstick

    def _phase(self, width, options):
        """The ratio of CPU times, and loopprof's own report of its cost."""
        setting = self._setting
        without, during = setting.seconds(10, 1), setting.seconds(40, 5)

        def take(check):
            check(0)
            before = self._pace(width, without)
            with Profiler(setting.loopprof, self._processes[width].pid, setting.other_cpu,
                          "-t", NEVER, *options) as profiler:
                profiler.wait_for("loop")
                check(1)
                inside = self._pace(width, during)
                check(1)
                profiler.stop()
            setting.wait_quiet()
            after = self._pace(width, without)
            check(0)
            own = profiler.of("self")[0]
            loop = profiler.of("loop_summary")[0]
            return {"slower": 2 * inside / (before + after),
                    "probes": own["probe_ns"] / own["wall_ns"],
                    "traced": loop["traced_ns"] / loop["wall_ns"],
                    "own": own["cpu_ns"] / own["wall_ns"]}

        return setting.alone(take)

    def round(self):
        for width in WIDTHS:
            for mode, options in MODES.items():
                values, quiet = self._phase(width, options)
                self.rounds.append({"width": width, "mode": mode, "quiet": quiet, **values})

    def _sample(self, width, mode, what):
        return Sample([one[what] for one in undisturbed(
            [one for one in self.rounds if (one["width"], one["mode"]) == (width, mode)])])

    def rows(self):
        for width in WIDTHS:
            polls = "each callback" if width == 1 else f"each {width} callbacks"
            yield Row(f"a spin that polls for {polls}: run time in sample mode, over none",
                      "within 1 %", self._sample(width, "sample", "slower").show(3))
            yield Row("    under --budget 1%", "within 1 % of sample mode",
                      self._sample(width, "budget", "slower").show(3))
            yield Row("    of which probes, by loopprof's own count; part of the time traced",
                      "under 1 %",
                      f"{100 * self._sample(width, 'budget', 'probes').median:.2f} %; "
                      f"{100 * self._sample(width, 'budget', 'traced').median:.1f} %")

    def raw(self):
        return {"rounds": self.rounds}


def measure(setting, seconds):
    with Budget(setting) as budget:
        for _ in setting.rounds(seconds):
            budget.round()
    return budget
