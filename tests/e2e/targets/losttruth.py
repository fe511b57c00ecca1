"""Ground truth of what a program lost: coroutines, exceptions and tasks, and of mistaken calls.

Each finding is a fact, {"lost": {...}}; findings have different definitions:

    kind        as loopprof calls it
    name, file, line, task
                the subject; null if it has no definition
    exception   {"type", "message"}, or null
    at          the frame of this program that lost it, with its "lines", or null
    made        the frame that made it: the coroutine, or the task of a finding of a task
    parked      the frame of its own coroutine, which may await others
    tid         of the thread that lost it
    count       how often that was done
    least       how often at least it must be found, if that is not as often
    moments     when it was done, first and last, each with some time around it
    needs       another kind that has to be enabled for this one, if there is one
    late_ns     [least, most]: time until the loop noticed
    reported    whether the interpreter's debug mode reports it, as often

Lines are those that end with a mark: "# made", "# lost", "# parked".
"""

import contextlib
import threading
import time

from truth import GroundTruth, source_of
from causetruth import place


def marked(function, mark):
    return place(function, "# " + mark) if function else None


class Loss:
    """A finding that is being made."""

    def __init__(self, row):
        self.row = row

    def noticed(self, earliest, latest):
        self.row["late_ns"] = [earliest, latest]


class LostTruth(GroundTruth):
    def __init__(self, path, debug):
        super().__init__(path)
        self.debug = debug
        self._losses = []

    def loss(self, kind, of=None, at=None, count=1, reported=True, **known):
        """Notes that the caller is about to lose something.

        `at`, `made` and `parked` are functions.
        """
        row = {"kind": kind, "of": of, "at": at, "count": count, "reported": reported,
               "tid": threading.get_native_id(), "moments": [time.monotonic_ns()] * 2,
               "task": None, "exception": None, "needs": None, "late_ns": None}
        row.update(known)
        self._losses.append(row)
        return Loss(row)

    @contextlib.contextmanager
    def losing(self, kind, of=None, at=None, **known):
        """Notes a loss, and the time before and after it."""
        loss = self.loss(kind, of, at, **known)
        yield loss
        loss.row["moments"][1] = time.monotonic_ns()

    def _settle(self):
        super()._settle()
        for row in self._losses:
            of = row.pop("of")
            row.update(source_of(of) if of else {"name": None, "file": None, "line": None})
            for mark, key in (("lost", "at"), ("made", "made"), ("parked", "parked")):
                row[key] = marked(row.get(key), mark)
            self.fact(lost=row)
        self._losses.clear()
