"""Is the machine left alone?  The host of a virtual one may give its CPUs to others.

proc(5), /proc/stat: steal is the time that something was ready to run here, and the
host ran something else.
"""

import time

# Of the time of all CPUs. A quiet machine has less than one per cent.
STOLEN_MOST = 0.02
STEAL = 8


def _ticks():
    """Stolen, and in all."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = stat.readline().split()
    # the guests' time at the end is within the users'
    return int(fields[STEAL]), sum(map(int, fields[1:9]))


class Watch:
    """From its making on."""

    def __init__(self):
        self._stolen, self._all = _ticks()

    def stolen(self):
        """The share of the time that was taken away."""
        stolen, total = _ticks()
        return (stolen - self._stolen) / max(total - self._all, 1)


def wait_for_quiet(limit_s):
    """A second in which nothing much was taken, if there is one."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        watch = Watch()
        time.sleep(1)
        if watch.stolen() <= STOLEN_MOST:
            return
