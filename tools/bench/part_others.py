"""What every other process of the host pays for a system call while loopprof runs."""

import os

from figures import Row, Sample, undisturbed
from processes import NEVER, NotMeasured, Process, Profiler
from setting import Python

CALLS = 50_000
SLICES = 5


class Others:
    def __init__(self, rounds):
        self.rounds = rounds

    def _extra(self):
        return Sample([one["with"] - one["without"] for one in undisturbed(self.rounds)])

    @property
    def extra_ns(self):
        return self._extra().median

    def rows(self):
        without = Sample([one["without"] for one in undisturbed(self.rounds)])
        yield Row("cost for all others: a system call of another process", "none",
                  f"{self._extra().show(0, 'ns')} more on {without.median:.0f} ns")

    def raw(self):
        return {"unit": "ns a call", "rounds": self.rounds}


def _calls(process, check, own):
    check(own)
    values = [int(process.ask(str(CALLS))) / CALLS for _ in range(SLICES)]
    check(own)
    return Sample(values).median


def measure(setting, seconds):
    if not setting.syscalls or not os.path.exists(setting.syscalls):
        raise NotMeasured(f"there is no {setting.syscalls}")
    rounds = []
    with Python("the host's").start("paced.py", setting.other_cpu, 100) as target, \
            Process([setting.syscalls], setting.target_cpu) as caller:
        target.hear()

        def without(check):
            return _calls(caller, check, 0)

        def beside(check):
            with Profiler(setting.loopprof, target.pid, setting.other_cpu,
                          "-t", NEVER) as profiler:
                profiler.wait_for("loop")
                return _calls(caller, check, 1)

        for number in setting.rounds(seconds):
            # In turn, so that a drift of the machine's speed does not become a cost.
            phases = [("without", without), ("with", beside)]
            found = {name: setting.alone(phase) for name, phase in phases[::1 - number % 2 * 2]}
            one = {name: value for name, (value, _) in found.items()}
            rounds.append(dict(one, quiet=all(quiet for _, quiet in found.values())))
    return Others(rounds)
