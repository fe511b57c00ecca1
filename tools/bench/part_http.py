"""CPU time a request of an HTTP server under load, with loopprof and without.

One load generator runs throughout; what changes from slice to slice is whether a
profiler is attached. A second slice without one in each round says how much of a
ratio is noise. Since that is more than the cost, the cost is also derived from how
often the probes are hit a request, and what a hit costs.
"""

import contextlib
import os
import random
import shutil
import struct
import subprocess
import tempfile
import time

from figures import Row, Sample, undisturbed
from processes import NEVER, NotMeasured, Process, Profiler, cpu_ns, pin
from setting import Python

CONNECTIONS = 8
WARM_UP_S = 1
# recv and send of the one request; the poll is counted as an iteration.
OTHER_SYSTEM_CALLS = 2


class Http:
    def __init__(self, setting):
        self._setting = setting
        self.rounds = []
        self._slice_s = setting.seconds(1.0, 0.5)

    def __enter__(self):
        if not shutil.which("wrk"):
            raise NotMeasured("wrk is not installed")
        self._stack = contextlib.ExitStack()
        self._count = self._stack.enter_context(tempfile.NamedTemporaryFile())
        self._count.write(bytes(8))
        self._count.flush()
        python = Python("the host's")
        self._server = self._stack.enter_context(
            python.start("server.py", self._setting.target_cpu, self._count.name))
        port = int(self._server.hear())
        self._load = self._stack.enter_context(
            Process(["wrk", "-t1", f"-c{CONNECTIONS}", "-d3600s", f"http://127.0.0.1:{port}/"],
                    self._setting.other_cpu))
        time.sleep(WARM_UP_S)
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def requests(self):
        return struct.unpack("=Q", os.pread(self._count.fileno(), 8, 0))[0]

    def _slice(self):
        """CPU nanoseconds of the server a request."""
        requests, cpu = self.requests(), cpu_ns(self._server.pid)
        time.sleep(self._slice_s)
        requests, cpu = self.requests() - requests, cpu_ns(self._server.pid) - cpu
        if not requests:
            raise NotMeasured("the server answers no requests")
        return cpu / requests

    def _without(self, check):
        check(0)
        value = self._slice()
        check(0)
        return {"value": value}

    def _with(self, check):
        setting = self._setting
        with Profiler(setting.loopprof, self._server.pid, setting.other_cpu,
                      "-t", NEVER) as profiler:
            profiler.wait_for("loop")
            begun = self.requests()
            check(1)
            value = self._slice()
            check(1)
            ended = self.requests()
            profiler.stop()
        summary = profiler.of("loop_summary")[0]
        return {"value": value, "callbacks": summary["callbacks"] / (ended - begun),
                "iterations": summary["iterations"] / (ended - begun)}

    def _peer(self, check):
        """py-spy, a sampling profiler, as often as it samples unless told."""
        command = [self._setting.py_spy, "record", "-r", "100", "-d", "3600", "-f", "raw",
                   "-o", os.devnull, "-p", str(self._server.pid)]
        peer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL,
                                preexec_fn=pin(self._setting.other_cpu))
        try:
            time.sleep(0.5)
            return self._without(check)
        finally:
            # Half a report would be written at an interrupt; nobody reads it.
            peer.kill()
            peer.wait()

    def round(self):
        phases = {"none": self._without, "again": self._without, "loopprof": self._with}
        if self._setting.py_spy:
            phases["py-spy"] = self._peer
        names = list(phases)
        random.shuffle(names)
        found = {"quiet": True}
        for name in names:
            values, quiet = self._setting.alone(phases[name])
            found[name] = values.pop("value")
            found.update(values, quiet=found["quiet"] and quiet)
        self.rounds.append(found)

    # ---- results ----

    def sample(self, name):
        return Sample([one[name] for one in undisturbed(self.rounds)])

    def _over(self, name):
        return Sample([100 * (one[name] / one["none"] - 1) for one in undisturbed(self.rounds)])

    def derived(self, spin, system_call_ns):
        """Per cent of a request's CPU time, by hits."""
        callback, iteration = spin.costs()
        extra = (self.sample("callbacks").median * callback
                 + self.sample("iterations").median * iteration
                 + OTHER_SYSTEM_CALLS * system_call_ns)
        return 100 * extra / self.sample("none").median

    def rows(self, spin, system_call_ns):
        none = Sample([value / 1000 for value in self.sample("none").values])
        yield Row("CPU time a request, aiohttp under wrk", "", none.show(0, "us"))
        yield Row("    loopprof", "under 3 % more", self._over("loopprof").show(1, "%") + " more")
        yield Row("    none, once more (the noise)", "", self._over("again").show(1, "%") + " more")
        if self._setting.py_spy:
            yield Row("    py-spy record at 100 Hz", "",
                      self._over("py-spy").show(1, "%") + " more")
        if spin:
            yield Row("    loopprof, from hits a request and the cost of a hit", "under 3 % more",
                      f"{self.derived(spin, system_call_ns):.1f} % more: "
                      f"{self.sample('callbacks').median:.2f} callbacks, "
                      f"{self.sample('iterations').median:.2f} iterations")

    def raw(self):
        return {"unit": "ns a request", "rounds": self.rounds}


def measure(setting, seconds):
    with Http(setting) as http:
        for _ in setting.rounds(seconds):
            http.round()
    return http
