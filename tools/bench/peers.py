"""Other profilers, as their users would start them; peers.sh installs them.

Each is a Peer, whose attach(pid) gives a Running: it is waited for until it profiles,
stopped, and then has a report (reports.py). loopprof is one as well. What cannot be
had, or does not run on this machine, is not measured, for a reason that is told.
"""

import os
import signal
import subprocess
import tempfile
import time

import reports
from processes import LIMIT_S, NotMeasured, Profiler, pin

READY_LIMIT_S = 10
# After a peer says that it begins, or where it does not say so.
SETTLE_S = 0.5
REASON_LENGTH = 110


class Running:
    """A peer at work; its output goes to files of a directory that goes with it."""

    def __init__(self, peer, pid, cpu):
        self._peer = peer
        self._directory = tempfile.TemporaryDirectory(prefix="loopprof-bench.")
        with open(self.path("out"), "wb") as out, open(self.path("err"), "wb") as err:
            self._popen = subprocess.Popen(
                peer.command(pid, self.path("report")), stdin=subprocess.DEVNULL, stdout=out,
                stderr=err, preexec_fn=pin(cpu), env=peer.environment())

    def path(self, name):
        return os.path.join(self._directory.name, name)

    def text(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def _said(self):
        return self.text("out") + self.text("err")

    def wait_ready(self):
        deadline = time.monotonic() + READY_LIMIT_S
        while self._peer.ready not in self._said():
            if self._popen.poll() is not None:
                raise NotMeasured(f"does not run here: {reason_in(self._said())}")
            if time.monotonic() > deadline:
                raise NotMeasured(f"does not begin: {reason_in(self._said())}")
            time.sleep(0.02)
        time.sleep(SETTLE_S)
        if self._popen.poll() is not None:
            raise NotMeasured(f"does not run here: {reason_in(self._said())}")

    def stop(self):
        """Ctrl-C, if it has not ended with its target, and the time to write its report."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGINT)
        try:
            self._popen.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def report(self):
        self.stop()
        try:
            return self._peer.read(self)
        except (OSError, ValueError, KeyError, IndexError) as error:
            raise NotMeasured(f"its report cannot be read: {error}; "
                              f"{reason_in(self._said())}") from None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()
        self._directory.cleanup()


def reason_in(text):
    """The line that says what is wrong, or the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if line.lower().startswith("error")] or lines[-1:]
    line = wrong[-1].partition("ERROR: ")[2] or wrong[-1] if wrong else "it says nothing"
    return line if len(line) <= REASON_LENGTH else line[:REASON_LENGTH] + "..."


class Peer:
    """What is common to those that are programs with an environment of their own."""

    name = ""  # its first word is that of the program
    home = "samplers"  # its environment
    ready = ""  # what it says when it begins
    own = 0  # loopprofs that it brings with it
    # Must it be there before the target first waits?
    early = False

    def __init__(self, directory):
        word = self.name.split()[0]
        self._home = os.path.join(directory, self.home)
        self._why = os.path.join(directory, word + ".why")
        self.program = os.path.join(self._home, "bin", word)

    def why_absent(self):
        """Why it is not installed, or None."""
        if os.access(self.program, os.X_OK):
            return None
        try:
            with open(self._why, encoding="utf-8") as file:
                return "not installed: " + reason_in(file.read())
        except FileNotFoundError:
            return "not installed"

    def environment(self):
        return None

    def attach(self, pid, cpu):
        return Running(self, pid, cpu)


class PySpy(Peer):
    """With --idle: without it, it does not see a target that waits."""

    name = "py-spy record at 100 Hz"
    ready = "Sampling process"

    def command(self, pid, path):
        return [self.program, "record", "--pid", str(pid), "--rate", "100", "--idle", "--threads",
                "--full-filenames", "--format", "speedscope", "--duration", "3600",
                "--output", path]

    def read(self, running):
        return reports.speedscope(running.text("report"))


class Austin(Peer):
    """With all it can tell: is a thread idle, does it collect garbage?

    It says nothing of a thread before that is first seen busy, so that it has to be
    there when the target begins.
    """

    name = "austin at 100 Hz"
    early = True

    def command(self, pid, path):
        return [self.program, "--interval=10ms", "--full", "--gc", "--timeout=5s",
                f"--output={path}", f"--pid={pid}"]

    def read(self, running):
        return reports.austin(running.text("report"))


class BlockSnoop(Peer):
    """Looks for tracepoints where debugfs is, which not every system has mounted.

    It gets one of its own. So does it get the austin that works here, see peers.sh.
    """

    name = "blocksnoop"
    home = "blocksnoop"
    ready = "first sample received"

    def command(self, pid, path):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                'mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null; exec "$@"', "sh",
                self.program, "--json", "--verbose", "--threshold", "100", str(pid)]

    def environment(self):
        return dict(os.environ, PATH=self._home + "/path:" + os.environ["PATH"])

    def read(self, running):
        return reports.blocksnoop(running.text("out"))


class LoopprofRunning:
    def __init__(self, profiler):
        self._profiler = profiler

    def wait_ready(self):
        self._profiler.wait_for("loop")

    def report(self):
        return reports.Loopprof(self._profiler.stop())

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._profiler.__exit__(*exception)


class Loopprof:
    own = 1
    early = False

    def __init__(self, program, mode):
        self._program = program
        self._mode = mode
        self.name = f"loopprof, {mode} mode"

    def attach(self, pid, cpu):
        return LoopprofRunning(Profiler(self._program, pid, cpu, "-t", "100ms",
                                        "-m", self._mode))


def installed(setting, absent):
    """The other profilers that are there; why others are not goes to `absent`, by name."""
    for kind in (PySpy, Austin, BlockSnoop):
        peer = kind(setting.peers)
        why = peer.why_absent()
        if why:
            absent[peer.name] = why
        else:
            yield peer
