"""Other profilers, started as their users would start them; peers.sh installs them.

Each one is a Peer, whose attach(pid) returns a Running, which begins to profile, is stopped,
and then has a report (reports.py). loopprof is a Peer as well. A peer that cannot be
installed, or does not run on this machine, is not measured, and the table has the reason.
"""

import os
import subprocess
import tempfile
import time

import reports
from processes import NotMeasured, Profiler, interrupt, pin

READY_LIMIT_S = 10
# Delay after the message that a peer begins, or after its start if it has no message.
SETTLE_S = 0.5
REASON_LENGTH = 110


class Running:
    """A running peer; its output goes to files in a temporary directory."""

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
        interrupt(self._popen)

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
    """The line of the output that has the error, or the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if line.lower().startswith("error")] or lines[-1:]
    line = wrong[-1].partition("ERROR: ")[2] or wrong[-1] if wrong else "it says nothing"
    return line if len(line) <= REASON_LENGTH else line[:REASON_LENGTH] + "..."


class Peer:
    """The common part of peers that are programs in an environment of their own."""

    name = ""  # its first word is the name of the program
    home = "samplers"  # the name of its environment
    ready = ""  # its message when it begins
    own = 0  # number of loopprofs that it starts itself
    # Whether it has to be attached before the target first waits.
    early = False

    def __init__(self, directory):
        word = self.name.split()[0]
        self._home = os.path.join(directory, self.home)
        self._why = os.path.join(directory, word + ".why")
        self.program = os.path.join(self._home, "bin", word)

    def why_absent(self):
        """The reason why it is not installed, or None."""
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
    """Runs with --idle, as it would not sample a target that waits."""

    name = "py-spy record at 100 Hz"
    ready = "Sampling process"

    def command(self, pid, path):
        return [self.program, "record", "--pid", str(pid), "--rate", "100", "--idle", "--threads",
                "--full-filenames", "--format", "speedscope", "--duration", "3600",
                "--output", path]

    def read(self, running):
        return reports.speedscope(running.text("report"))


class Austin(Peer):
    """With all options: whether a thread is idle, whether it collects garbage.

    It does not report a thread before it has sampled it as busy, so it has to be attached
    when the target begins.
    """

    name = "austin at 100 Hz"
    early = True

    def command(self, pid, path):
        return [self.program, "--interval=10ms", "--full", "--gc", "--timeout=5s",
                f"--output={path}", f"--pid={pid}"]

    def read(self, running):
        return reports.austin(running.text("report"))


class BlockSnoop(Peer):
    """It reads tracepoints from debugfs, which is not mounted on every system.

    It gets a debugfs of its own, and the version of austin that it needs, see peers.sh.
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
    """The other profilers that are installed; absent: the reasons for the others, by name."""
    for kind in (PySpy, Austin, BlockSnoop):
        peer = kind(setting.peers)
        why = peer.why_absent()
        if why:
            absent[peer.name] = why
        else:
            yield peer
