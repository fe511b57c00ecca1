"""loopprof and its peers on the same work: the stalls that each explains, and its cost.

The work is tests/e2e/targets/causes.py, which holds its loop for every known reason
and writes the ground truth. reports.py defines what counts as explained. The cost is that
of a spin of callbacks that do nothing, measured in the same run: by CPU time, and by
the clock, since some profilers stop their target to read it.
"""

import contextlib
import os
import random
import tempfile
from collections import Counter
from functools import partial

import peers
import reports
import truth
from figures import Row, Sample
from pace import Pace, times_slower
from processes import HERE, NotMeasured, Process
from setting import HOST_PYTHON, Python

TARGET = os.path.join(os.path.dirname(os.path.dirname(HERE)), "tests/e2e/targets/causes.py")
MODES = ("trace", "sample")
DEBUG = "asyncio's debug mode"
# A slice is long enough for several samples at 100 Hz.
CALLBACKS, DEBUG_CALLBACKS, STEPS = 16_000, 2000, 1_600_000


class Comparison:
    def __init__(self, names, absent):
        self._names = names
        self.absent = absent
        self.verdicts = {name: [] for name in names}
        self.cost = {name: [] for name in names}

    def _missing(self, name, answer):
        """The numbers of missing ones by kind: "GIL 1 of 3"."""
        due, missing = Counter(), Counter()
        for stall, verdict in self.verdicts[name]:
            due[stall.kind] += 1
            missing[stall.kind] += not getattr(verdict, answer)
        return ", ".join(f"{kind} {number} of {due[kind]}"
                         for kind, number in missing.items() if number)

    def _explained(self, name):
        verdicts = [verdict for _, verdict in self.verdicts[name]]
        counts = {answer: sum(bool(getattr(verdict, answer)) for verdict in verdicts)
                  for answer in ("found", "named", "cause")}
        found = "-" if verdicts[0].found is None else counts["found"]
        yield Row(f"    {name}", "all" if name.startswith("loopprof") else "",
                  f"{found}, {counts['named']}, {counts['cause']} of {len(verdicts)}")
        for answer, label in (("named", "lines not named"), ("cause", "causes not named")):
            # If all are missing, the kinds are not listed.
            if 0 < counts[answer] < len(verdicts):
                yield Row(f"        {label}", "", self._missing(name, answer))

    def rows(self):
        yield Row("stalls of every kind: found, line and cause named", "", "")
        for name in self._names:
            if name in self.absent:
                yield Row(f"    {name}", "", f"not measured: {self.absent[name]}")
            elif self.verdicts[name]:
                yield from self._explained(name)
        yield Row("times slower, the spin, by CPU time; by the clock", "", "")
        for name in self._names:
            if self.cost[name]:
                cpu, wall = [Sample([one[clock] for one in self.cost[name]])
                             for clock in ("cpu", "wall")]
                yield Row(f"    {name}", "", f"{cpu.show()}; {wall.show()}")

    def raw(self):
        return {"absent": self.absent, "cost": self.cost, "verdicts": {
            name: [dict(stall=stall.function, kind=stall.kind, found=verdict.found,
                        named=verdict.named, cause=verdict.cause) for stall, verdict in verdicts]
            for name, verdicts in self.verdicts.items()}}


# ---- explained stalls ----


def _start_target(setting, truth_path, debug=False):
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
           "PYTHONDONTWRITEBYTECODE": "1"}
    if debug:
        env["PYTHONASYNCIODEBUG"] = "1"
    # Not pinned to one CPU: threads and children must only disturb it in the intended ways.
    return Process([HOST_PYTHON, TARGET, truth_path], setting.cpus, env)


def _go(target, truth_path):
    """Orders the target to stall, and waits for its end.  Returns the stalls."""
    target.send("go")
    target.finish()
    if not os.path.exists(truth_path):
        raise NotMeasured(f"causes.py has failed: {target.errors[-300:]}")
    return truth.stalls(truth_path)


def _observe(setting, tool, truth_path, check):
    """A tool's report of one run, and the stalls in it."""
    with contextlib.ExitStack() as stack:
        target = stack.enter_context(_start_target(setting, truth_path))
        if not tool.early:
            target.hear()
        running = stack.enter_context(tool.attach(target.pid, setting.cpus))
        if tool.early:
            target.hear()
        running.wait_ready()
        check(tool.own)
        stalls = _go(target, truth_path)
        return running.report(), stalls


def _observe_debug(setting, truth_path, check):
    with _start_target(setting, truth_path, debug=True) as target:
        target.hear()
        check(0)
        stalls = _go(target, truth_path)
        return reports.Debug(target.errors), stalls


def _explain(observe, check):
    with tempfile.TemporaryDirectory(prefix="loopprof-bench.") as directory:
        report, stalls = observe(os.path.join(directory, "truth"), check)
    return [(stall, report.verdict(stall)) for stall in stalls]


# ---- costs ----


class Spin:
    """A process that is profiled, one in debug mode, and the yardstick of both."""

    def __init__(self, setting):
        self._setting = setting

    def __enter__(self):
        python, cpu = Python("the host's"), self._setting.target_cpu
        self._stack = contextlib.ExitStack()
        self._spin, self._debug, yardstick = [
            self._stack.enter_context(python.start("spin.py", cpu, width, debug=debug))
            for width, debug in ((1, False), (1, True), (0, False))]
        slices = self._setting.seconds(7, 2)
        self._pace = Pace(self._spin, CALLBACKS, yardstick, STEPS, slices)
        self._debug_pace = Pace(self._debug, DEBUG_CALLBACKS, yardstick, STEPS, slices)
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def with_tool(self, tool, check):
        check(0)
        before = self._pace.take()
        with tool.attach(self._spin.pid, self._setting.other_cpu) as running:
            running.wait_ready()
            check(tool.own)
            during = self._pace.take()
            check(tool.own)
        self._setting.wait_quiet()
        return times_slower(before, during, self._pace.take())

    def in_debug_mode(self, check):
        check(0)
        before = self._pace.take()
        debug = self._debug_pace.take()
        slower = times_slower(before, debug, self._pace.take())
        return {clock: times * CALLBACKS / DEBUG_CALLBACKS for clock, times in slower.items()}


class Part:
    """Runs everything, and drops what turns out not to run here."""

    def __init__(self, setting):
        self._setting = setting
        absent = {}
        tools = [peers.Loopprof(setting.loopprof, mode) for mode in MODES]
        tools += peers.installed(setting, absent)
        self._explaining = {tool.name: partial(_observe, setting, tool) for tool in tools}
        self._explaining[DEBUG] = partial(_observe_debug, setting)
        self._tools = {tool.name: tool for tool in tools}
        self.result = Comparison([*self._explaining, *absent], absent)

    def _each(self, phases):
        """The results of each one, in random order."""
        for name in random.sample(list(phases), len(phases)):
            if name not in self.result.absent:
                try:
                    yield name, self._setting.alone(phases[name])[0]
                except NotMeasured as reason:
                    self.result.absent[name] = str(reason)

    def explain(self):
        phases = {name: partial(_explain, observe) for name, observe in self._explaining.items()}
        for name, verdicts in self._each(phases):
            self.result.verdicts[name] += verdicts

    def cost(self, spin):
        phases = {name: partial(spin.with_tool, tool) for name, tool in self._tools.items()}
        phases[DEBUG] = spin.in_debug_mode
        for name, value in self._each(phases):
            self.result.cost[name].append(value)


def measure(setting):
    part = Part(setting)
    for _ in range(setting.seconds(3, 1)):
        part.explain()
    with Spin(setting) as spin:
        for _ in range(setting.seconds(6, 1)):
            part.cost(spin)
    return part.result
