"""What a profiler costs the one process that it is attached to: with it, and without.

Two processes of the same program differ by some per cent for as long as they live,
by where their memory happens to lie. So a cost of 1 % is seen only on one and the
same, whose slices take turns with those of a yardstick that nobody profiles: the
machine's speed, which changes from moment to moment, drops out of the ratio.
"""

import time

from figures import Sample


class Pace:
    """How slow a spin is, in times of the yardstick: by CPU time, and by the clock.

    The clock counts too since a profiler may stop its target to look at it.
    """

    def __init__(self, process, times, yardstick, steps, slices):
        self._turns = ((process, times), (yardstick, steps))
        self._slices = slices

    @staticmethod
    def _slice(process, times):
        start = time.monotonic_ns()
        cpu = int(process.ask(str(times)))
        return {"cpu": cpu, "wall": time.monotonic_ns() - start}

    def take(self):
        values = {"cpu": [], "wall": []}
        for _ in range(self._slices):
            spin, yardstick = [self._slice(*turn) for turn in self._turns]
            for clock, ratios in values.items():
                ratios.append(spin[clock] / yardstick[clock])
        return {clock: Sample(ratios).median for clock, ratios in values.items()}


def times_slower(before, during, after):
    """What one took with a profiler, in times of what it took before and after it."""
    return {clock: 2 * during[clock] / (before[clock] + after[clock]) for clock in during}
