"""Processes that tests start: each one is waited for, and ends with its test at the latest."""

import os
import select
import signal
import subprocess
import time

START_LIMIT_S = 30
END_LIMIT_S = 120


class Failure(Exception):
    """The failure of a test; the text is the reason that is printed."""


def wait_until(condition, what, limit_s=START_LIMIT_S):
    """Returns the result of condition() as soon as that is true."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"not within {limit_s} s: {what}")
        time.sleep(0.01)


def wait_for_loop(pid):
    """Waits until a process that is no Target has an event loop, and sleeps in a system call."""
    def has_loop():
        try:
            names = [os.readlink(f"/proc/{pid}/fd/{name}")
                     for name in os.listdir(f"/proc/{pid}/fd")]
        except FileNotFoundError:
            return False  # a descriptor was closed meanwhile
        with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
            return "anon_inode:[eventpoll]" in names and file.read() != "running\n"

    wait_until(has_loop, f"process {pid} has an event loop")


def wait_for_child(pid):
    """Waits until a process has a child, and returns the first one."""
    def children():
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return file.read().split()

    return int(wait_until(children, f"process {pid} has a child")[0])


class Process:
    """A started command.  stderr goes to a file, and so does stdout if requested."""

    def __init__(self, command, log, stdin, stdout, **options):
        self.command = command
        self.log = log
        with open(log, "wb") as stderr:
            self._popen = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr,
                                           **options)
        self.pid = self._popen.pid

    @property
    def running(self):
        return self._popen.poll() is None

    def signal(self, number):
        if self.running:
            os.kill(self.pid, number)

    def wait(self, limit_s=END_LIMIT_S):
        """The exit status, or the negative number of the signal that ended the process."""
        try:
            return self._popen.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise Failure(f"still running after {limit_s} s: {self} {self.errors()}") from None

    def errors(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def kill(self):
        self.signal(signal.SIGKILL)
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe:
                pipe.close()

    def __str__(self):
        return " ".join(os.path.basename(word) for word in self.command)


class Target(Process):
    """A program of targets/; truth.py there describes how to start its work."""

    def __init__(self, command, log, truth_path, **options):
        super().__init__(command, log, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        self.truth_path = truth_path

    def wait_ready(self):
        text = b""
        while not text.endswith(b"\n"):
            readable, _, _ = select.select([self._popen.stdout], [], [], START_LIMIT_S)
            piece = os.read(self._popen.stdout.fileno(), 64) if readable else b""
            if not piece:
                raise Failure(f"{self} is not ready: {text!r} {self.errors()}")
            text += piece

    def go(self):
        os.write(self._popen.stdin.fileno(), b"go\n")

    def finish(self):
        """Waits for the end of the target, which has to succeed."""
        status = self.wait()
        if status != 0:
            raise Failure(f"{self} ended with status {status}: {self.errors()}")
