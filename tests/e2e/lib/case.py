"""The argument of a test function: a scratch directory, and ways to start processes."""

import functools
import os
import shutil
import tempfile
import time

from .truth import Truth
from .processes import Failure, Target
from .profiler import Profiler
from .quiet import STOLEN_MOST, Watch, wait_for_quiet

TARGETS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "targets")
THRESHOLD_NS = 100_000_000
NOBODY = 65534
# loopprof writes the header when it begins, and is attached this many seconds later.
ATTACH_S = 0.5
# Gives the target a high priority, also among the sessions that autogroup (sched(7)) lets share
# the CPUs as equals, and opens what targets/rundelay.py reads.
PREFERRED = ("sh", "-c", "{ echo -15 >/proc/self/autogroup; } 2>/dev/null; "
             'exec 9</proc/self/schedstat; exec nice -n -15 "$@"', "sh")
# what -v says once nothing of a process is left to be probed
ALL_ATTACHED = "all of its probes are attached"
QUIET_S = 15
# How often a patient test is tried.
TRIES = 4


class Late(Failure):
    """Measured durations were worse than can be expected on a machine with idle CPUs."""


def each(select):
    """Runs a test for each interpreter for which select() is true, not for the host's alone."""
    def mark(test):
        test.interpreters = select
        return test

    return mark


def on_every_python(test):
    return each(lambda interpreter: interpreter.supported)(test)


def patient(test):
    """Repeats a test that failed while something else had the CPU.

    That is assumed if times alone were wrong, or if the host reports stolen time.
    """
    @functools.wraps(test)
    def wrapper(case):
        for attempt in range(1, TRIES + 1):
            watch = Watch()
            try:
                return test(case)
            except Failure as failure:
                stolen = watch.stolen()
                if attempt == TRIES or not (isinstance(failure, Late) or stolen > STOLEN_MOST):
                    raise
                case.note(f"try {attempt} of {TRIES}, {stolen:.1%} stolen: {failure}")
                case.stop_all()
                wait_for_quiet(QUIET_S)
        return None

    return wrapper


class Case:
    def __init__(self, loopprof, interpreter):
        self.loopprof = loopprof
        self.interpreter = interpreter
        self.notes = []
        self._started = []
        self._serial = 0
        self.directory = self._scratch("")
        self._targets = {}

    # ---- scratch ----

    def _scratch(self, root):
        parent = root + "/tmp" if root else None
        if parent:
            os.makedirs(parent, exist_ok=True)
        path = tempfile.mkdtemp(prefix="loopprof-e2e.", dir=parent)
        # Targets may run as another user.
        os.chmod(path, 0o777)
        return path

    def _targets_in(self, root):
        """A copy of targets/ in a writable directory, for processes in this root."""
        if root not in self._targets:
            base = self._scratch(root) if root else self.directory
            self._targets[root] = os.path.join(base, "targets")
            shutil.copytree(TARGETS, self._targets[root],
                            ignore=shutil.ignore_patterns("__pycache__"))
        return self._targets[root]

    def path(self, name):
        """A new path in the scratch directory."""
        self._serial += 1
        return os.path.join(self.directory, f"{self._serial}.{name}")

    def note(self, text):
        self.notes.append(text)

    # ---- starting ----

    def python(self, script, *arguments, interpreter=None):
        """The command that runs a target, and the path of its ground truth, the first argument."""
        interpreter = interpreter or self.interpreter
        targets = self._targets_in(interpreter.root)
        self._serial += 1
        truth_path = os.path.join(os.path.dirname(targets), f"{self._serial}.{script}.truth")
        command = interpreter.command(os.path.join(targets, script), truth_path, *arguments)
        return command, truth_path

    def own(self, process):
        """Makes sure that the process ends with the test."""
        self._started.append(process)
        return process

    def start(self, script, *arguments, interpreter=None, prefix=(), **options):
        """Starts a target, and returns once it is ready."""
        command, truth_path = self.python(script, *arguments, interpreter=interpreter)
        target = self.own(Target([*prefix, *command], self.path("target.err"), truth_path,
                                 **options))
        target.wait_ready()
        return target

    def start_preferred(self, script, *arguments, **options):
        """Starts a target of high priority: other processes hardly lengthen what it computes."""
        return self.start(script, *arguments, prefix=PREFERRED, start_new_session=True, **options)

    def profile(self, *arguments, results=None, prefix=(), **options):
        """Starts loopprof with exactly these arguments; it may not be attached yet.

        It leads a session, as one of setsid(1) does, and raises its priority (autogroup): else
        it would share a CPU with the tests and reads too late on a busy machine.
        """
        command = [*prefix, self.loopprof, *arguments]
        options.setdefault("start_new_session", True)
        return self.own(Profiler(command, self.path("out"), self.path("err"), results, **options))

    def run(self, *arguments, limit_s=60, **options):
        """Runs loopprof to its end; the arguments are those of profile()."""
        return self.profile(*arguments, **options).finish(limit_s)

    def attach(self, target, *arguments, loop=True):
        """Starts loopprof, and returns once it has reported the loop of the target.

        loop: False if the target has no loop yet.
        """
        profiler = self.profile("-p", str(target.pid), "-t", "100ms", "-j", *arguments)
        if "-q" not in arguments:
            profiler.wait_for_text("Ctrl-C ends")
        if loop:
            profiler.wait_for("loop", pid=target.pid)
        else:
            profiler.wait_for("header")
            time.sleep(ATTACH_S)
        return profiler

    def attach_all(self, target, *arguments):
        """The same, and returns once the probes for findings are attached too."""
        profiler = self.attach(target, "-v", *arguments)
        profiler.wait_for_text(ALL_ATTACHED)
        return profiler

    def observe(self, script, *arguments, options=(), loop=True, **start):
        """Profiles a target from before its work begins to its end."""
        target = self.start_preferred(script, *arguments, **start)
        profiler = self.attach(target, *options, loop=loop)
        target.go()
        target.finish()
        return profiler.finish().expect(0).records, self.truth(target)

    def truth(self, target):
        return Truth(target.truth_path)

    # ---- the end ----

    def stop_all(self):
        """Ends processes in reverse order, as the later ones may depend on the earlier ones."""
        while self._started:
            self._started.pop().kill()

    def close(self, keep):
        self.stop_all()
        if keep:
            return
        for directory in [self.directory, *map(os.path.dirname, self._targets.values())]:
            shutil.rmtree(directory, ignore_errors=True)
