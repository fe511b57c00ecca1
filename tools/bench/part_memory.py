"""Resources of loopprof itself: its memory, the kernel's memory for its maps, CPU time."""

import os
import re
import time

from figures import Row
from processes import NEVER, Profiler, cpu_ns
from setting import Python

RATE = 10_000
MEGABYTE = 1024 * 1024


def field(path, name):
    """The value of a field in kB, converted to bytes."""
    with open(path, encoding="ascii", errors="replace") as file:
        found = re.search(rf"^{name}:\s+(\d+) kB", file.read(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def kernel_memory(pid):
    """Bytes of the maps and programs that it holds, as the kernel accounts for them."""
    total, counted = 0, set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            with open(f"/proc/{pid}/fdinfo/{descriptor}", encoding="ascii") as file:
                fields = dict(line.split(":", 1) for line in file if ":" in line)
        except OSError:
            continue
        for kind in ("map_id", "prog_id"):
            # A link has the prog_id of its program too, but no memory of its own.
            if kind in fields and "memlock" in fields and (kind, fields[kind]) not in counted:
                counted.add((kind, fields[kind]))
                total += int(fields["memlock"])
    return total


class Memory:
    def __init__(self, **values):
        self._values = values

    def rows(self):
        values = self._values
        yield Row("own memory: largest resident, proportional", "32 MB",
                  f"{values['resident'] / MEGABYTE:.1f} MB, "
                  f"{values['proportional'] / MEGABYTE:.1f} MB")
        yield Row("    of the kernel, for its BPF maps and programs", "",
                  f"{values['kernel'] / MEGABYTE:.1f} MB")
        yield Row(f"own CPU at {values['rate']:.0f} callbacks/s", "under 1 % of a core",
                  f"{values['cpu_percent']:.2f} %")

    def raw(self):
        return self._values


def measure(setting):
    seconds = setting.seconds(10, 3)
    with Python("the host's").start("paced.py", setting.target_cpu, RATE) as target:
        target.hear()
        with Profiler(setting.loopprof, target.pid, setting.other_cpu, "-t", NEVER) as profiler:
            profiler.wait_for("loop")
            # The work at the start is not part of the steady load.
            time.sleep(0.5)
            start, cpu = time.monotonic_ns(), cpu_ns(profiler.pid)
            time.sleep(seconds)
            percent = 100 * (cpu_ns(profiler.pid) - cpu) / (time.monotonic_ns() - start)
            path = f"/proc/{profiler.pid}"
            values = {"cpu_percent": percent, "kernel": kernel_memory(profiler.pid),
                      "resident": field(path + "/status", "VmHWM"),
                      "proportional": field(path + "/smaps_rollup", "Pss")}
            profiler.stop()
        summary = profiler.of("loop_summary")[0]
        values["rate"] = summary["callbacks"] / summary["wall_ns"] * 1e9
    return Memory(**values)
