"""Time that the host of a virtual machine took from it.

Steal in /proc/stat (proc(5)) is the time in which a process here was ready to run, but the host
ran something else.
"""

import time

# Share of the time of all CPUs. An undisturbed machine has less than one per cent.
STOLEN_MOST = 0.02
STEAL = 8


def _ticks():
    """(stolen ticks, all ticks) since boot."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = stat.readline().split()
    # the last fields, for guests, are included in user and nice
    return int(fields[STEAL]), sum(map(int, fields[1:9]))


class Watch:
    """Measures from its creation on."""

    def __init__(self):
        self._stolen, self._all = _ticks()

    def stolen(self):
        """The share of the time that was stolen since the creation."""
        stolen, total = _ticks()
        return (stolen - self._stolen) / max(total - self._all, 1)


def wait_for_quiet(limit_s):
    """Waits for a second in which next to nothing was stolen, but no longer than limit_s."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        watch = Watch()
        time.sleep(1)
        if watch.stolen() <= STOLEN_MOST:
            return
