"""What all parts share: the programs, the CPUs, the time limits, and other profilers."""

import os
import shutil
import subprocess
import sys
import time

import bpf
from processes import HERE, NotMeasured, Process

HOST_PYTHON = "/usr/bin/python3"
TRIES = 3


class Python:
    """An interpreter; programs are passed to it as text, so that a root needs no copy of them."""

    def __init__(self, name, root=None):
        self.name = name
        self._enter = ["chroot", root] if root else []
        # Paths as they are in the interpreter's root.
        self._command = [*self._enter, HOST_PYTHON]
        if root and not os.path.exists(root + HOST_PYTHON):
            raise NotMeasured(f"no {root}{HOST_PYTHON}; tests/e2e/roots.sh makes it")
        answer = subprocess.run([*self._command, "-c", "import sys, asyncio, _asyncio\n"
                                 "print('%d.%d.%d' % sys.version_info[:3])"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                check=False)
        if answer.returncode != 0:
            raise NotMeasured(f"{name}: {answer.stderr.strip().splitlines()[-1:]}")
        self.version = answer.stdout.strip()

    def start(self, target, cpu, *arguments, debug=False):
        """Starts a program of targets/ on one CPU."""
        with open(os.path.join(HERE, "targets", target), encoding="utf-8") as file:
            source = file.read()
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        if debug:
            env["PYTHONASYNCIODEBUG"] = "1"
        return Process([*self._command, "-c", source, *map(str, arguments)], cpu, env)


class Setting:
    def __init__(self, arguments):
        self.loopprof = arguments.loopprof
        self.empty = arguments.empty
        self.syscalls = arguments.syscalls
        self.switches = arguments.switches
        self.hold = os.path.abspath(arguments.hold)
        self.peers = os.path.abspath(arguments.peers)
        self.py_spy = arguments.py_spy or shutil.which("py-spy", path=self.peers + "/samplers/bin")
        self.roots = arguments.roots
        self.quick = arguments.quick
        cpus = sorted(os.sched_getaffinity(0))
        self.cpus = set(cpus)
        # The target has a CPU of its own if there are two.
        self.target_cpu, self.other_cpu = cpus[0], cpus[-1]
        self.disturbed = 0
        # Seconds that may be spent in all on waiting for other profilers to end.
        self._patience = self.seconds(60, 5)
        os.sched_setaffinity(0, {self.other_cpu})

    def seconds(self, default, quick):
        return quick if self.quick else default

    def rounds(self, seconds, least=3):
        """Yields the numbers of rounds until the time is over, but at least `least` of them."""
        deadline = time.monotonic() + seconds
        number = 0
        while number < least or time.monotonic() < deadline:
            yield number
            number += 1

    def alone(self, phase):
        """Runs a phase while nobody else profiles. Returns (values, whether nobody else did).

        phase(check) has to call check with the number of our own loopprofs while they run.
        If others profile all the time, there are values as well, but they are worse.
        """
        for _ in range(TRIES):
            self.wait_quiet()
            spoiled = []
            values = phase(lambda own: spoiled.append(bpf.profilers() != own))
            if not any(spoiled):
                return values, True
            if self._patience <= 0:
                break
        self.disturbed += 1
        return values, False

    def wait_quiet(self):
        """Waits until the kernel has freed the programs of a loopprof that ended."""
        while bpf.profilers() and self._patience > 0:
            time.sleep(0.05)
            self._patience -= 0.05

    @staticmethod
    def say(text):
        print(f"bench: {text}", file=sys.stderr, flush=True)
