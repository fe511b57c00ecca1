"""The time until loopprof observes a target.

The target holds its loop for 2 ms again and again. With a threshold of 1 ms each of
its callbacks is reported, so that counting begins at the start of the first callback
that is reported.
"""

import subprocess
import time

from figures import Row, Sample
from processes import Profiler
from setting import Python


class Attach:
    def __init__(self, loop, counted, peer):
        self.loop, self.counted, self.peer = loop, counted, peer

    def rows(self):
        yield Row("attach: start to the first event", "under 250 ms", self.loop.show(0, "ms"))
        yield Row("    to the first callback that is timed", "", self.counted.show(0, "ms"))
        if self.peer:
            yield Row("    py-spy dump, as a whole", "", self.peer.show(0, "ms"))

    def raw(self):
        return {"unit": "ms", "loop": self.loop.raw(), "counted": self.counted.raw(),
                "py-spy": self.peer and self.peer.raw()}


def _once(setting, pid):
    with Profiler(setting.loopprof, pid, setting.other_cpu, "-t", "1ms") as profiler:
        loop = profiler.wait_for("loop")["arrived_ns"] - profiler.started_ns
        first = profiler.wait_for("slow_callback")["start_ns"] - profiler.started_ns
    return loop / 1e6, first / 1e6


def _dump(setting, pid):
    start = time.monotonic_ns()
    subprocess.run([setting.py_spy, "dump", "-p", str(pid)], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)
    return (time.monotonic_ns() - start) / 1e6


def measure(setting):
    loops, counted, dumps = [], [], []
    with Python("the host's").start("eventful.py", setting.target_cpu) as target:
        target.hear()
        for _ in range(setting.seconds(10, 5)):
            loop, first = _once(setting, target.pid)
            loops.append(loop)
            counted.append(first)
            if setting.py_spy:
                dumps.append(_dump(setting, target.pid))
    return Attach(Sample(loops), Sample(counted), Sample(dumps) if dumps else None)
