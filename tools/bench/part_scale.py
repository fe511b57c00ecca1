"""Resources of loopprof with many loops: all together run the same number of callbacks a
second, from one loop in one process to a thousand in fifty.
"""

import contextlib
import time

from figures import Row
from part_memory import MEGABYTE, RATE, field, kernel_memory
from processes import NEVER, NotMeasured, Profiler, cpu_ns
from setting import Python

# Limits of loopprof's memory by the number of loops.
GOALS = {1: "32 MB", 100: "64 MB", 1000: ""}
CASES = (
    # (loops, processes, options): -p for one process, -a for many
    (1, 1, ("-m", "trace")),
    (1, 1, ("-m", "sample")),
    (100, 10, ("-m", "trace")),
    (100, 10, ("-m", "sample")),
    (1000, 50, ("-m", "sample")),
)
# Seconds until loopprof has read what it reads at the start, and checks seldom.
SETTLE_S = 4
LIMIT_S = 60


class Scale:
    def __init__(self, results):
        self._results = results

    def rows(self):
        for result in self._results:
            name = (f"{result['loops']} loops in {result['processes']} processes, "
                    f"{result['mode']} mode")
            yield Row(f"{name}: own CPU at {RATE} callbacks/s", "under 1 % of a core",
                      f"{result['cpu_percent']:.2f} %")
            yield Row("    own memory, and the kernel's for its maps and programs",
                      GOALS[result["loops"]],
                      f"{result['resident'] / MEGABYTE:.1f} + "
                      f"{result['kernel'] / MEGABYTE:.1f} MB")

    def raw(self):
        return {"cases": self._results}


def _wait_for_loops(profiler, pids, wanted):
    deadline = time.monotonic() + LIMIT_S
    while True:
        found = sum(loop["pid"] in pids for loop in profiler.of("loop"))
        if found >= wanted:
            return
        if time.monotonic() > deadline:
            raise NotMeasured(f"{found} of {wanted} loops were found in {LIMIT_S} s")
        time.sleep(0.1)


def _measure_case(setting, loops, processes, options):
    with contextlib.ExitStack() as stack:
        targets = [stack.enter_context(Python("the host's").start(
            "loops.py", setting.target_cpu, loops // processes, RATE / processes))
                   for _ in range(processes)]
        for target in targets:
            target.hear()
        pid = targets[0].pid if processes == 1 else None
        profiler = stack.enter_context(Profiler(setting.loopprof, pid, setting.other_cpu,
                                                "-t", NEVER, *options))
        _wait_for_loops(profiler, {target.pid for target in targets}, loops)
        time.sleep(SETTLE_S)
        start, cpu = time.monotonic_ns(), cpu_ns(profiler.pid)
        time.sleep(setting.seconds(10, 3))
        percent = 100 * (cpu_ns(profiler.pid) - cpu) / (time.monotonic_ns() - start)
        return {"loops": loops, "processes": processes, "mode": options[1],
                "cpu_percent": percent, "kernel": kernel_memory(profiler.pid),
                "resident": field(f"/proc/{profiler.pid}/status", "VmRSS")}


def measure(setting):
    return Scale([_measure_case(setting, *case) for case in CASES])
