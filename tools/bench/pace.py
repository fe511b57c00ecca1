"""The cost of a profiler to the one process that it is attached to.

Two processes of the same program differ by some per cent for as long as they live,
by the addresses of their memory. So a cost of 1 % only shows in one process, whose
slices take turns with those of a yardstick that nobody profiles: the machine's speed,
which changes from moment to moment, cancels out in the ratio.
"""

import time

from figures import Sample


class Pace:
    """The pace of a spin relative to the yardstick: by CPU time, and by the clock.

    The clock counts too since a profiler may stop its target to read it.
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
    """Times with a profiler, relative to the times before and after it."""
    return {clock: 2 * during[clock] / (before[clock] + after[clock]) for clock in during}
