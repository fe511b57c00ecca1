"""loopprof's time by BPF program, as the kernel itself measures it.

The measurement costs too (two clock readings per run), so that only the proportions
count; the trap of an uprobe and a system call's slow path are not included.
"""

import bpf
from figures import Row
from processes import NEVER, Profiler
from setting import Python

CALLBACKS = 4000


class Programs:
    def __init__(self, spent):
        self._spent = spent

    def rows(self):
        yield Row("loopprof's programs in a spin: time a run, runs a callback", "", "")
        for name, (nanoseconds, runs) in sorted(self._spent.items(), key=lambda item: -item[1][0]):
            yield Row(f"    {name}", "", f"{nanoseconds / runs:.0f} ns, "
                                         f"{runs / self._callbacks():.2f}")

    def _callbacks(self):
        return max(runs for name, (_, runs) in self._spent.items() if name in bpf.DISPATCH_NAMES)

    def raw(self):
        return {name: {"run_ns": nanoseconds, "runs": runs}
                for name, (nanoseconds, runs) in self._spent.items()}


def measure(setting):
    """Measures both ways of dispatch; programs of another loopprof have the same names."""
    spent = {}

    def measure_one(check, *options):
        before = set(bpf.programs())
        with Python("the host's").start("spin.py", setting.target_cpu) as target:
            with Profiler(setting.loopprof, target.pid, setting.other_cpu, "-t", NEVER,
                          *options) as profiler, bpf.RunTimes():
                profiler.wait_for("loop")
                check(1)
                for _ in range(setting.seconds(50, 10)):
                    target.ask(str(CALLBACKS))
                check(1)
                return {name: (nanoseconds, runs)
                        for number, (name, nanoseconds, runs) in bpf.programs().items()
                        if number not in before and runs > CALLBACKS}

    for options in ((), ("--queue",)):
        values, _ = setting.alone(lambda check: measure_one(check, *options))
        spent.update({name: value for name, value in values.items()
                      if name not in spent})
    return Programs(spent)
