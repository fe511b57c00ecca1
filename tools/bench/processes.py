"""Measured processes and profilers, which end with the benchmark at the latest."""

import ctypes
import json
import os
import select
import signal
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_S = 30
PR_SET_PDEATHSIG = 1
# A threshold that no callback reaches.
NEVER = "1000s"


class NotMeasured(Exception):
    """The reason why a part has no result."""


def pin(cpu):
    """For preexec_fn: pins to one CPU or a set of them, and ends with the benchmark."""
    prctl = ctypes.CDLL(None).prctl
    cpus = cpu if isinstance(cpu, set) else {cpu}

    def enter():
        os.sched_setaffinity(0, cpus)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return enter


def interrupt(popen):
    """Sends Ctrl-C to a profiler, unless it has ended with its target, and waits for its end."""
    if popen.poll() is None:
        popen.send_signal(signal.SIGINT)
    try:
        popen.wait(LIMIT_S)
    except subprocess.TimeoutExpired:
        popen.kill()
        popen.wait()


class Process:
    """A pinned process that reads and writes lines."""

    def __init__(self, command, cpu, env=None):
        self._command = command
        self._popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, preexec_fn=pin(cpu), env=env)
        self.pid = self._popen.pid
        self._pending = b""

    def send(self, line):
        os.write(self._popen.stdin.fileno(), line.encode() + b"\n")

    def hear(self, limit_s=LIMIT_S):
        """The next line of its stdout."""
        while b"\n" not in self._pending:
            readable, _, _ = select.select([self._popen.stdout], [], [], limit_s)
            piece = os.read(self._popen.stdout.fileno(), 65536) if readable else b""
            if not piece:
                self.kill()
                raise NotMeasured(f"{self}: no answer: {self.errors[-300:]}")
            self._pending += piece
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode()

    def ask(self, line):
        self.send(line)
        return self.hear()

    def hang_up(self):
        self._popen.stdin.close()

    def finish(self):
        """Closes its stdin, which ends the process, and waits for that."""
        self.hang_up()
        try:
            self._popen.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NotMeasured(f"{self} does not end: {self.errors[-300:]}") from None
        self.kill()

    def kill(self):
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()
        self.errors = self._popen.stderr.read().decode(errors="replace").strip()
        for pipe in (self._popen.stdin, self._popen.stdout):
            pipe.close()

    def __str__(self):
        return os.path.basename(self._command[0])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if not self._popen.stdout.closed:
            self.kill()


def cpu_ns(pid):
    """CPU time of all threads by the scheduler's clock, as ticks are too coarse for slices."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


class Profiler:
    """A loopprof, by default in trace mode; each line of its stdout has the time of its arrival.

    pid: None is every process of the host.
    """

    def __init__(self, program, pid, cpu, *options):
        command = [program, *(["-p", str(pid)] if pid else ["-a"]), "-j", "-q", *options]
        self.started_ns = time.monotonic_ns()
        self._popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, preexec_fn=pin(cpu))
        self.pid = self._popen.pid
        self.records = []
        self._arrived = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._popen.stdout:
            now = time.monotonic_ns()
            record = json.loads(line)
            record["arrived_ns"] = now
            with self._arrived:
                self.records.append(record)
                self._arrived.notify_all()

    def of(self, kind):
        return [record for record in self.records if record["type"] == kind]

    def wait_for(self, kind):
        """The first record of a type."""
        deadline = time.monotonic() + LIMIT_S
        with self._arrived:
            while not self.of(kind):
                self._arrived.wait(0.1)
                if self._popen.poll() is not None and not self._reader.is_alive():
                    raise NotMeasured(f"loopprof ended: {self._errors()}")
                if time.monotonic() > deadline:
                    self.stop()
                    raise NotMeasured(f"loopprof reported no {kind}")
            return self.of(kind)[0]

    def _errors(self):
        return self._popen.stderr.read().decode(errors="replace").strip()

    def stop(self):
        """Sends Ctrl-C.  Returns all that it reports then."""
        interrupt(self._popen)
        self._reader.join()
        self._popen.stdout.close()
        if not self._popen.stderr.closed:
            self._popen.stderr.close()
        return self.records

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if not self._popen.stdout.closed:
            self.stop()


class Empty(Process):
    """Empty programs at the places of loopprof's probes, attached until the end of the block."""

    def __init__(self, program, pid, cpu, *options):
        if not program or not os.path.exists(program):
            raise NotMeasured(f"there is no {program}")
        super().__init__([program, *options, str(pid)], cpu)
        self.hear()

    def __exit__(self, *exception):
        if not self._popen.stdout.closed:
            self.finish()
