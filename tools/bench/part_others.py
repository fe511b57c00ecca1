"""The cost of a loopprof to every other process of the host.

Its programs on the poll calls may slow system calls, and the one on the scheduler
runs at every context switch. Both are measured on processes that run no loop.
"""

import os
import random

from figures import Row, Sample, undisturbed
from processes import NEVER, NotMeasured, Process, Profiler
from setting import Python

CALLS = 50_000
# Rounds of the two processes that hand each other the CPU; a round is two switches.
TURNS = 4000
# The system calls of a switch: a read and a write.
CALLS_A_SWITCH = 2
MODES = ("trace", "sample")


class Others:
    def __init__(self, rounds):
        self.rounds = rounds

    def _sample(self, mode, what):
        return Sample([one[mode][what] for one in undisturbed(self.rounds)])

    def extra(self, mode, what):
        """Extra nanoseconds, relative to the same round."""
        return Sample([one[mode][what] - one["none"][what] for one in undisturbed(self.rounds)])

    def call_ns(self, mode):
        """The extra cost of a system call."""
        return self.extra(mode, "call").median

    def _hook(self, mode):
        """The extra cost of a switch without that of its system calls."""
        return Sample([one[mode]["switch"] - one["none"]["switch"] - CALLS_A_SWITCH * (
            one[mode]["call"] - one["none"]["call"]) for one in undisturbed(self.rounds)])

    def rows(self):
        for what, label in (("call", "cost for all others: a system call of another process"),
                            ("switch", "    a context switch between two others")):
            usual = f"more on {self._sample('none', what).median:.0f} ns"
            yield Row(label, "none" if what == "call" else "a map lookup",
                      f"{self.extra('trace', what).show(0, 'ns')} {usual}")
            yield Row("        in sample mode", "",
                      f"{self.extra('sample', what).show(0, 'ns')} {usual}")
        yield Row("        less what its two system calls cost more: trace, sample", "",
                  f"{self._hook('trace').show(0, 'ns')}, {self._hook('sample').show(0, 'ns')}")

    def raw(self):
        return {"unit": "ns a call, ns a switch", "rounds": self.rounds}


class Bystanders:
    """Processes that run no loop."""

    def __init__(self, caller, switcher, slices):
        self._caller = caller
        self._switcher = switcher
        self._slices = slices

    def _switch(self):
        spent, switches = map(int, self._switcher.ask(str(TURNS)).split())
        return spent / switches

    def slices(self, check, own):
        """Their costs, in slices that take turns."""
        check(own)
        calls, switches = [], []
        for _ in range(self._slices):
            calls.append(int(self._caller.ask(str(CALLS))) / CALLS)
            switches.append(self._switch())
        check(own)
        return {"call": Sample(calls).median, "switch": Sample(switches).median}


def measure(setting, seconds):
    for program in (setting.syscalls, setting.switches):
        if not program or not os.path.exists(program):
            raise NotMeasured(f"there is no {program}")
    rounds = []
    with Python("the host's").start("paced.py", setting.other_cpu, 100) as target, \
            Process([setting.syscalls], setting.target_cpu) as caller, \
            Process([setting.switches], setting.target_cpu) as switcher:
        target.hear()
        bystanders = Bystanders(caller, switcher, setting.seconds(5, 3))

        def beside(check, mode):
            with Profiler(setting.loopprof, target.pid, setting.other_cpu, "-t", NEVER,
                          "-m", mode) as profiler:
                profiler.wait_for("loop")
                return bystanders.slices(check, 1)

        phases = {"none": lambda check: bystanders.slices(check, 0)}
        for mode in MODES:
            phases[mode] = lambda check, mode=mode: beside(check, mode)
        for _ in setting.rounds(seconds):
            # The order is random, so that a drift of the machine's speed does not become a cost.
            order = random.sample(sorted(phases), len(phases))
            found = {name: setting.alone(phases[name]) for name in order}
            one = {name: value for name, (value, _) in found.items()}
            rounds.append(dict(one, quiet=all(quiet for _, quiet in found.values())))
    return Others(rounds)
