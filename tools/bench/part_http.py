"""CPU time per request of an HTTP server under load, with and without a profiler.

One load generator runs throughout, while profilers are attached in turn. Each phase is
compared with the phases without a profiler before and after it; phases without one that
are compared in the same way show the noise of a ratio. Since that is greater than the
cost, the cost is also derived: that of trace mode from the hits per request and the cost
of a hit, that of sample mode from the time that the kernel measures for its programs.
"""

import contextlib
import os
import random
import shutil
import struct
import tempfile
import time

import bpf
import peers
from figures import Row, Sample, undisturbed
from processes import LIMIT_S, NEVER, NotMeasured, Process, Profiler, cpu_ns
from setting import Python

CONNECTIONS = 8
WARM_UP_S = 1
# The request's own recv and send; its poll counts as an iteration.
OTHER_SYSTEM_CALLS = 2
GOALS = {"trace": "under 3 % more", "sample": "under 0.5 % more"}


class Http:
    def __init__(self, setting):
        self._setting = setting
        self.rounds = []
        self.programs = {}
        self.absent = {}
        self._slice_s = setting.seconds(0.25, 0.1)
        self._slices = setting.seconds(5, 2)
        self._phases = {"again": self._without}
        for mode in GOALS:
            self._phases[mode] = lambda check, mode=mode: self._with(check, mode)
        self._peers = []
        for peer in peers.installed(setting, self.absent):
            self._peers.append(peer.name)
            self._phases[peer.name] = lambda check, peer=peer: self._peer(check, peer)

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
        """CPU time of the server per request, in ns."""
        requests, cpu = self.requests(), cpu_ns(self._server.pid)
        deadline = time.monotonic() + LIMIT_S
        time.sleep(self._slice_s)
        while self.requests() == requests:
            if time.monotonic() > deadline:
                raise NotMeasured("the server answers no requests")
            time.sleep(self._slice_s)
        return (cpu_ns(self._server.pid) - cpu) / (self.requests() - requests)

    def _taken(self, check, own):
        """Slices are short, since a median ignores the worst moments."""
        check(own)
        values = [self._slice() for _ in range(self._slices)]
        check(own)
        return Sample(values).median

    def _without(self, check):
        return {"value": self._taken(check, 0)}

    def _with(self, check, mode):
        setting = self._setting
        with Profiler(setting.loopprof, self._server.pid, setting.other_cpu,
                      "-t", NEVER, "-m", mode) as profiler:
            profiler.wait_for("loop")
            begun = self.requests()
            value = self._taken(check, 1)
            ended = self.requests()
            profiler.stop()
        if mode != "trace":
            return {"value": value}
        summary = profiler.of("loop_summary")[0]
        return {"value": value, "callbacks": summary["callbacks"] / (ended - begun),
                "iterations": summary["iterations"] / (ended - begun)}

    def _peer(self, check, peer):
        with peer.attach(self._server.pid, self._setting.other_cpu) as running:
            running.wait_ready()
            return self._without(check)

    def round(self):
        """Runs each phase once, in random order, with a phase without a profiler between any two.
        """
        def run(phase):
            values, quiet = self._setting.alone(phase)
            found["quiet"] = found["quiet"] and quiet
            found.update(values)
            return found.pop("value")

        found = {"quiet": True, "more": {}}
        none = [run(self._without)]
        for name in random.sample(sorted(self._phases), len(self._phases)):
            try:
                value = run(self._phases[name])
            except NotMeasured as reason:
                if name not in self._peers:
                    raise
                self.absent[name] = str(reason)
                del self._phases[name]
                continue
            none.append(run(self._without))
            found["more"][name] = 100 * (2 * value / sum(none[-2:]) - 1)
        self.rounds.append(dict(found, none=Sample(none).median))

    def time_programs(self):
        """Nanoseconds per request for each of loopprof's programs in sample mode.

        This includes their runs for other processes, which count as the server's.
        """
        def measure_programs(check):
            before = set(bpf.programs())
            with Profiler(self._setting.loopprof, self._server.pid, self._setting.other_cpu,
                          "-t", NEVER, "-m", "sample") as profiler:
                profiler.wait_for("loop")
                check(1)
                with bpf.RunTimes():
                    requests, spent = self.requests(), bpf.run_times(before)
                    time.sleep(self._setting.seconds(3, 0.5))
                    spent = {name: after - spent.get(name, 0)
                             for name, after in bpf.run_times(before).items()}
                    requests = self.requests() - requests
                check(1)
            return {name: value / max(requests, 1) for name, value in spent.items()}

        self.programs, _ = self._setting.alone(measure_programs)

    # ---- results ----

    def sample(self, name):
        return Sample([one[name] for one in undisturbed(self.rounds)])

    def _more(self, name):
        """Per cent above the phases without a profiler before and after."""
        values = [one["more"][name] for one in undisturbed(self.rounds) if name in one["more"]]
        return Sample(values).show(1, "%") + " more"

    def derived(self, spin, others):
        """The cost of trace mode by its hits, in per cent of a request's CPU time."""
        callback, iteration = spin.costs()
        extra = (self.sample("callbacks").median * callback
                 + self.sample("iterations").median * iteration
                 + OTHER_SYSTEM_CALLS * (others.call_ns("trace") if others else 0))
        return 100 * extra / self.sample("none").median

    def derived_sample(self, others):
        """The cost of sample mode by its programs' time and the extra cost of system calls."""
        calls = OTHER_SYSTEM_CALLS + self.sample("iterations").median
        extra = sum(self.programs.values()) + calls * (others.call_ns("sample") if others else 0)
        return 100 * extra / self.sample("none").median

    def rows(self, spin, others):
        none = Sample([value / 1000 for value in self.sample("none").values])
        yield Row("CPU time a request, aiohttp under wrk", "", none.show(0, "us"))
        for mode, goal in GOALS.items():
            yield Row(f"    loopprof, {mode} mode", goal, self._more(mode))
        yield Row("    none, once more (the noise)", "", self._more("again"))
        for name in dict.fromkeys([*self._peers, *self.absent]):
            yield Row(f"    {name}", "", f"not measured: {self.absent[name]}"
                      if name in self.absent else self._more(name))
        if spin:
            yield Row("    trace mode, from hits a request and the cost of a hit", GOALS["trace"],
                      f"{self.derived(spin, others):.1f} % more: "
                      f"{self.sample('callbacks').median:.2f} callbacks, "
                      f"{self.sample('iterations').median:.2f} iterations")
        yield Row("    sample mode, from its programs' time and system calls", GOALS["sample"],
                  f"{self.derived_sample(others):.1f} % more: " + ", ".join(
                      f"{name} {spent / 1000:.2f} us" for name, spent in self._biggest_programs()))

    def _biggest_programs(self):
        return sorted(self.programs.items(), key=lambda item: -item[1])[:3]

    def raw(self):
        return {"unit": "ns a request, % more", "rounds": self.rounds,
                "programs_ns": self.programs, "absent": self.absent}


def measure(setting, seconds):
    with Http(setting) as http:
        http.time_programs()
        for _ in setting.rounds(seconds, setting.seconds(3, 2)):
            http.round()
    return http
