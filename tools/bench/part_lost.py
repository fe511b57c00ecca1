"""The cost of detecting findings, and of recording where their objects came from.

The probes of the default kinds are hit only if something is lost: a loop should take the
same time with them and with --find none. That difference only shows if both run at once,
on two processes whose slices take turns; since two processes differ by some per cent,
each of them has the probes in turn.

The other options have a probe that each coroutine, task, exception or deque.append
hits. The cost of a hit is far more than noise: loopprof is attached to one process with
one option after the other, in random order, and the pace of another process, which only
computes, makes times of different phases comparable. The kernel counts the runs of the
programs, so that a probe without hits is not taken for a cheap one.
"""

import contextlib
import os
import random
import time

import bpf
from figures import Row, Sample, undisturbed
from processes import LIMIT_S, NEVER, Empty, NotMeasured, Profiler

# Objects per slice.
TIMES = {"callback": 1000, "coroutine": 1000, "task": 300, "generator": 1000, "exception": 2000,
         "append": 3000, "push": 3000}
# Iterations of the yardstick that take about as long as a slice.
STEPS = 150_000
# Turns and objects for the comparison with --find none; turns are many, as both run at once.
PAIRED = {"callback": 400, "task": 150}
# Objects of each kind while the kernel counts hits, and the longest name that it stores.
COUNTED = 100
NAME = 15
# All probes are attached if their number has not changed for this long.
UNCHANGED_S = 0.1
YARDSTICK = "yardstick"

NONE = ("--find", "none")
DEFAULT = "default"
PHASES = {
    DEFAULT: (),
    "--find wrong_thread": ("--find", "wrong_thread"),
    "--find closed_loop": ("--find", "closed_loop"),
    "--origins": ("--origins",),
    "--lifetimes": ("--lifetimes",),
}
# (option, objects that it costs, programs that they hit, label of the row)
COSTS = (
    ("--find wrong_thread", "append", ("lp_deque_append",), "a deque.append"),
    ("--find wrong_thread", "push", ("lp_heap_push",), "a heapq.heappush"),
    ("--find wrong_thread", "callback", ("lp_deque_append", "lp_context_queue"),
     "a callback, with what --queue costs"),
    ("--find closed_loop", "exception", ("lp_exception_made",), "an exception"),
    ("--origins", "coroutine", ("lp_coroutine_created",), "a coroutine"),
    ("--origins", "generator", ("lp_coroutine_created",), "a generator"),
    ("--origins", "task", ("lp_task_created",), "a task, with its coroutine"),
    ("--lifetimes", "task", ("lp_task_created", "lp_task_ended"),
     "a task, with its two callbacks"),
    ("--lifetimes", "callback", ("lp_deque_append", "lp_context_queue"),
     "a callback, with what --queue costs"),
)
LEAST_HITS = 0.9


def _descriptors(pid, wanted):
    """The number of its open descriptors of a kind."""
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{descriptor}") == wanted:
                yield descriptor
        except OSError:
            continue  # the descriptor was closed meanwhile


def _events(pid):
    """The number of its uprobes and perf clocks."""
    return sum(1 for _ in _descriptors(pid, "anon_inode:[perf_event]"))


def _wait_for_probes(profiler):
    """Waits for the probes that are attached after those of the loop.  Returns their number."""
    profiler.wait_for("loop")
    deadline = time.monotonic() + LIMIT_S
    count, since = _events(profiler.pid), time.monotonic()
    while time.monotonic() - since < UNCHANGED_S:
        time.sleep(UNCHANGED_S / 10)
        now = _events(profiler.pid)
        if now != count:
            count, since = now, time.monotonic()
        if since > deadline:
            raise NotMeasured("loopprof does not stop attaching probes")
    return count


def _runs(pid):
    """{name: (nanoseconds, runs)} of its own programs."""
    own = set()
    for descriptor in _descriptors(pid, "anon_inode:bpf-prog"):
        with open(f"/proc/{pid}/fdinfo/{descriptor}", encoding="ascii") as file:
            own |= {int(line.split()[1]) for line in file if line.startswith("prog_id:")}
    return {name: (spent, count) for number, (name, spent, count) in bpf.programs().items()
            if number in own}


class Lost:
    """A process that makes objects, and the cost of these in each round."""

    def __init__(self, setting, python):
        self._setting = setting
        self.python = python
        self._slices = setting.seconds(5, 3)
        self._turns = setting.seconds(40, 20)
        self.rounds = []
        # {phase: {kind: {program: (hits, nanoseconds) per object}}}
        self.hits = {}
        self.probes = None

    def __enter__(self):
        cpu = self._setting.target_cpu
        with contextlib.ExitStack() as stack:
            self._target, self._other = [
                stack.enter_context(self.python.start("lifecycle.py", cpu)) for _ in range(2)]
            self._yardstick = stack.enter_context(self.python.start("spin.py", cpu, 0))
            for kind in (*TIMES, YARDSTICK):
                self._slice(kind)
            self._pace = Sample([self._slice(YARDSTICK) for _ in range(self._slices)]).median
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def _slice(self, kind):
        """CPU time per object, in ns."""
        if kind == YARDSTICK:
            return int(self._yardstick.ask(str(STEPS))) / STEPS
        return self._make(self._target, kind, TIMES[kind])

    @staticmethod
    def _make(process, kind, times):
        return int(process.ask(f"{kind} {times}")) / times

    def _profile(self, process, *options):
        setting = self._setting
        return Profiler(setting.loopprof, process.pid, setting.other_cpu, "-t", NEVER, *options)

    def _take(self, check, own, kinds):
        """Runs slices in turn; the median of each kind, at the pace of the beginning."""
        values = {kind: [] for kind in (*kinds, YARDSTICK)}
        check(own)
        for _ in range(self._slices):
            for kind, taken in values.items():
                taken.append(self._slice(kind))
        check(own)
        slower = Sample(values.pop(YARDSTICK)).median / self._pace
        return {kind: Sample(taken).median / slower for kind, taken in values.items()}

    def _count(self, pid):
        """What the kernel counts while objects are made; nothing before Linux 5.8."""
        found = {}
        try:
            with bpf.RunTimes():
                for kind in TIMES:
                    before = _runs(pid)
                    self._make(self._target, kind, COUNTED)
                    found[kind] = {
                        name: {"hits": (count - before[name][1]) / COUNTED,
                               "ns": (spent - before[name][0]) / COUNTED}
                        for name, (spent, count) in _runs(pid).items()
                        if name in before and count > before[name][1]}
        except OSError:
            return None
        return found

    def _off(self, check):
        return self._take(check, 0, ("callback",))

    def _empty(self, check):
        setting = self._setting
        with Empty(setting.empty, self._target.pid, setting.other_cpu):
            return self._take(check, 0, ("callback",))

    def _on(self, check, name):
        with self._profile(self._target, *PHASES[name]) as profiler:
            _wait_for_probes(profiler)
            values = self._take(check, 1, TIMES)
            if name not in self.hits:
                self.hits[name] = self._count(profiler.pid)
        return values

    def _pair(self, check, default, none):
        """The ratio of CPU times: one process has the default kinds, the other one none."""
        with self._profile(default) as looking, self._profile(none, *NONE) as other:
            self.probes = _wait_for_probes(looking) - _wait_for_probes(other)
            ratios = {kind: [] for kind in PAIRED}
            check(2)
            for turn in range(self._turns):
                # The second process of a turn finds warm caches.
                order = (default, none) if turn % 2 else (none, default)
                for kind, times in PAIRED.items():
                    taken = {process: self._make(process, kind, times) for process in order}
                    ratios[kind].append(taken[default] / taken[none])
            check(2)
        return {kind: Sample(found).median for kind, found in ratios.items()}

    def round(self):
        """Runs each phase once."""
        phases = {"off": self._off, "empty": self._empty,
                  "pair": lambda check: self._pair(check, self._target, self._other),
                  "swapped": lambda check: self._pair(check, self._other, self._target)}
        for name in PHASES:
            phases[name] = lambda check, name=name: self._on(check, name)
        found = {"quiet": True}
        for name in random.sample(sorted(phases), len(phases)):
            found[name], quiet = self._setting.alone(phases[name])
            found["quiet"] = found["quiet"] and quiet
        self.rounds.append(found)

    # ---- results ----

    def sample(self, name, kind):
        return Sample([one[name][kind] for one in undisturbed(self.rounds)])

    def over(self, name, base, kind):
        """Extra nanoseconds per object, relative to the same round."""
        return Sample([one[name][kind] - one[base][kind] for one in undisturbed(self.rounds)])

    def default_ratio(self, kind):
        """The ratio for the default kinds, without the difference between the two processes."""
        return Sample([(one["pair"][kind] * one["swapped"][kind]) ** 0.5
                       for one in undisturbed(self.rounds)])

    def _missed(self, option, kind, programs):
        """Those of these programs that an object does not hit each time, if the kernel counts."""
        if self.hits[option] is None:
            return []
        counted = self.hits[option][kind]
        often = {program: counted.get(program[:NAME], {"hits": 0})["hits"]
                 for program in programs}
        return [f"{program} {hits:.2f} times" for program, hits in often.items()
                if hits < LEAST_HITS]

    def _cost(self, option, kind, programs):
        missed = self._missed(option, kind, programs)
        if missed:
            return f"not measured: each hits {', '.join(missed)}"
        return (f"{self.over(option, DEFAULT, kind).show(0, 'ns')} "
                f"on {self.sample(DEFAULT, kind).median:.0f} ns")

    def rows(self):
        yield Row(f"what gets lost, Python {self.python.version}: a spin with its {self.probes} "
                  "probes, over none", "1.00", self.default_ratio("callback").show(3))
        yield Row("    tasks of one step, the same", "1.00", self.default_ratio("task").show(3))
        yield Row("    an empty uprobe at a callback, to compare the next with", "",
                  self.over("empty", "off", "callback").show(0, "ns"))
        for option, kind, programs, label in COSTS:
            yield Row(f"    {option}: {label}", "", self._cost(option, kind, programs))

    def raw(self):
        return {"python": self.python.version, "unit": "ns for one, times slower in the pairs",
                "rounds": self.rounds, "hits": self.hits, "probes": self.probes}


def measure(setting, python, seconds):
    with Lost(setting, python) as lost:
        for _ in setting.rounds(seconds, setting.seconds(3, 2)):
            lost.round()
    return lost
