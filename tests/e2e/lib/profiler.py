"""Runs loopprof and parses its JSON lines."""

import signal
import subprocess

from . import strict
from .processes import Failure, Process, wait_until

ATTACH_LIMIT_S = 20
END_LIMIT_S = 60


class Records:
    """The JSON lines of a run, by type."""

    def __init__(self, text):
        self.all = []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                record = strict.loads(line)
            except ValueError as error:
                raise Failure(f"line {number} is no JSON, {error}: {line[:200]!r}") from None
            if not isinstance(record, dict) or not isinstance(record.get("type"), str):
                raise Failure(f"line {number} is no record: {line[:200]!r}")
            self.all.append(record)

    def of(self, kind):
        return [record for record in self.all if record["type"] == kind]

    def one(self, kind):
        found = self.of(kind)
        if len(found) != 1:
            raise Failure(f"{len(found)} records of type {kind}, expected 1")
        return found[0]

    def slow(self):
        """Slow callbacks, without those in progress."""
        return [record for record in self.of("slow_callback") if not record.get("in_progress")]

    def loops(self, **fields):
        """Loops whose fields have these values."""
        return [loop for loop in self.of("loop")
                if all(loop.get(key) == value for key, value in fields.items())]

    def final(self, kind):
        """Summaries of the whole run; summaries of intervals (-i) have the time of the interval."""
        return [record for record in self.of(kind) if "now_ns" not in record]

    def callbacks(self, name, loop=None):
        """Summaries of the callbacks with this name."""
        return [record for record in self.final("callback_summary")
                if record["name"] == name and loop in (None, record["loop_id"])]


class Result:
    """The outputs and the status of a loopprof that has ended."""

    def __init__(self, command, status, out, err):
        self.command = command
        self.status = status
        self.out = out
        self.err = err

    def expect(self, status=0):
        if self.status != status:
            raise Failure(f"{self.command}: status {self.status}, expected {status}; "
                          f"stderr: {self.err[-2000:].strip()!r}")
        for sign in ("AddressSanitizer", "runtime error:", "Assertion"):
            if sign in self.err:
                raise Failure(f"{self.command}: stderr has {sign!r}: {self.err[-4000:]}")
        return self

    @property
    def records(self):
        return Records(self.out)


class Profiler(Process):
    """A loopprof process, whose output can be read while it runs."""

    def __init__(self, command, out, log, results=None, **options):
        """results: the file of -o, if that is among the arguments."""
        self.out = out
        self.results = results or out
        with open(out, "wb") as stdout:
            super().__init__(command, log, stdin=subprocess.DEVNULL, stdout=stdout, **options)

    def _read(self, path):
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def lines(self):
        """The complete lines of the results so far."""
        return self._read(self.results).rpartition("\n")[0].splitlines()

    def wait_for(self, kind, count=1, limit_s=ATTACH_LIMIT_S, **fields):
        """Waits for a record of this type whose fields have these values."""
        def found():
            records = Records("\n".join(self.lines())).of(kind)
            matching = [record for record in records
                        if all(record.get(key) == value for key, value in fields.items())]
            if len(matching) >= count:
                return matching
            if not self.running:
                raise Failure(f"{self} ended without a record {kind} {fields}: {self.errors()}")
            return None

        return wait_until(found, f"{count} records {kind} {fields} of {self}; "
                                 f"stderr: {self.errors()}", limit_s)

    def wait_for_text(self, text, limit_s=ATTACH_LIMIT_S):
        """Waits for a text on stderr, which is where loopprof says that it is attached."""
        def found():
            if text in self.errors():
                return True
            if not self.running:
                raise Failure(f"{self} ended without saying {text!r}: {self.errors()}")
            return False

        wait_until(found, f"{self} says {text!r}", limit_s)

    def interrupt(self):
        self.signal(signal.SIGINT)

    def finish(self, limit_s=END_LIMIT_S):
        status = self.wait(limit_s)
        return Result(str(self), status, self._read(self.results), self.errors())
