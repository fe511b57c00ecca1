"""What a test function is given: a scratch directory, and ways to start things."""

import functools
import os
import shutil
import tempfile
import time

from .books import Truth
from .processes import Failure, Target
from .profiler import Profiler
from .quiet import STOLEN_MOST, Watch, wait_for_quiet

TARGETS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "targets")
THRESHOLD_NS = 100_000_000
NOBODY = 65534
# A header tells that loopprof has begun; this long after it, it is attached.
ATTACH_S = 0.5
QUIET_S = 15


class Late(Failure):
    """Durations were off by more than they may be on a machine with time to spare."""


def each(select):
    """Runs a test for every interpreter that `select` is true for, not only the host's."""
    def mark(test):
        test.interpreters = select
        return test

    return mark


def on_every_python(test):
    return each(lambda interpreter: interpreter.supported)(test)


def patient(test):
    """Tries a test again that something else took the CPU from.

    That is so if its times alone were off, or if the host says so.
    """
    tries = 4

    @functools.wraps(test)
    def wrapper(case):
        for attempt in range(1, tries + 1):
            watch = Watch()
            try:
                return test(case)
            except Failure as failure:
                stolen = watch.stolen()
                if attempt == tries or not (isinstance(failure, Late) or stolen > STOLEN_MOST):
                    raise
                case.note(f"try {attempt} of {tries}, {stolen:.1%} stolen: {failure}")
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
        # Targets may run as somebody else.
        os.chmod(path, 0o777)
        return path

    def _targets_in(self, root):
        """A copy of targets/, where those of this root can read it, and write beside it."""
        if root not in self._targets:
            base = self._scratch(root) if root else self.directory
            self._targets[root] = os.path.join(base, "targets")
            shutil.copytree(TARGETS, self._targets[root],
                            ignore=shutil.ignore_patterns("__pycache__"))
        return self._targets[root]

    def path(self, name):
        """A path in the scratch directory that nobody used before."""
        self._serial += 1
        return os.path.join(self.directory, f"{self._serial}.{name}")

    def note(self, text):
        self.notes.append(text)

    # ---- starting ----

    def python(self, script, *arguments, interpreter=None):
        """The command that runs a target, with its books first, and their path."""
        interpreter = interpreter or self.interpreter
        targets = self._targets_in(interpreter.root)
        self._serial += 1
        books = os.path.join(os.path.dirname(targets), f"{self._serial}.{script}.books")
        return interpreter.command(os.path.join(targets, script), books, *arguments), books

    def own(self, process):
        """Ends the process with the test, if it has not ended before."""
        self._started.append(process)
        return process

    def start(self, script, *arguments, interpreter=None, prefix=(), **options):
        """A target that is ready to go."""
        command, books = self.python(script, *arguments, interpreter=interpreter)
        target = self.own(Target([*prefix, *command], self.path("target.err"), books, **options))
        target.wait_ready()
        return target

    def profile(self, *arguments, results=None, prefix=(), **options):
        """A loopprof with exactly these arguments, which may not be attached yet."""
        command = [*prefix, self.loopprof, *arguments]
        return self.own(Profiler(command, self.path("out"), self.path("err"), results, **options))

    def run(self, *arguments, limit_s=60, **options):
        """The same, to its end."""
        return self.profile(*arguments, **options).finish(limit_s)

    def attach(self, target, *arguments, loop=True):
        """A loopprof that knows the loop of the target, or that there is none yet."""
        profiler = self.profile("-p", str(target.pid), "-t", "100ms", "-j", *arguments)
        # What finds lost things is attached last, and this is said after that.
        if "-q" not in arguments:
            profiler.wait_for_text("Ctrl-C ends")
        if loop:
            profiler.wait_for("loop", pid=target.pid)
        else:
            profiler.wait_for("header")
            time.sleep(ATTACH_S)
        return profiler

    def observe(self, script, *arguments, options=(), loop=True, **start):
        """Profiles a target from before it begins to its end.

        The target has a high priority: it computes for as long as it means to, whatever else the
        machine does.
        """
        target = self.start(script, *arguments, prefix=("nice", "-n", "-15"), **start)
        profiler = self.attach(target, *options, loop=loop)
        target.go()
        target.finish()
        return profiler.finish().expect(0).records, self.truth(target)

    def truth(self, target):
        return Truth(target.books_path)

    # ---- the end ----

    def stop_all(self):
        """Those that were started last may depend on the earlier ones."""
        while self._started:
            self._started.pop().kill()

    def close(self, keep):
        self.stop_all()
        if keep:
            return
        for directory in [self.directory, *map(os.path.dirname, self._targets.values())]:
            shutil.rmtree(directory, ignore_errors=True)
