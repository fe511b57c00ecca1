"""Ground truth of parked tasks: the state of each, its place, and what it waits for.

Each task is a fact, {"parked": {...}}, with a name of its own:

    task        its name
    name, file, line
                of its coroutine
    states      those that are right: some are known to newer versions only
    frames      this program's frames of its await chain with their "lines", outermost
                first; library frames may lie between them and follow
    kinds       the kinds of "awaits" that are right, or null if it awaits nothing
    class       the last part of the class that it awaits, or null if any is right
    detail      a pattern for its detail, or null
    awaited_by  names of tasks that wait for its end
    holds       names of tasks that hold what it waits for
    exception   {"type", "message"} of a task that is done, or null

Another fact, {"deadlocks": [[NAME...]...]}, has the tasks that wait for each other.
Lines are those that end with "# parked".
"""

import asyncio

from truth import GroundTruth, source_of
from losttruth import marked


class ParkedTruth(GroundTruth):
    def __init__(self, path):
        super().__init__(path)
        self._parked, self._deadlocks = {}, []
        self.tasks = {}

    def task(self, name, coroutine, function=None, **known):
        """Starts a task, which will be parked in the function."""
        return self.adopt(name, coroutine, asyncio.get_running_loop().create_task, function,
                          **known)

    def adopt(self, name, coroutine, create_task, function=None, states=("waiting",), kinds=None,
              frames=None, **known):
        """The same for a task that the caller has created."""
        task = create_task(coroutine, name=name)
        self.tasks[name] = task
        row = {"task": name, "of": function, "source": source_of(coroutine), "states": list(states),
               "kinds": kinds and list(kinds), "class": None, "detail": None,
               "awaited_by": [], "holds": [], "exception": None, "frames": frames}
        row.update({{"of_class": "class"}.get(key, key): value for key, value in known.items()})
        self._parked[name] = row
        return task

    def waits(self, waiter, *others):
        """Notes that the first task waits for the end of each of the others."""
        for other in others:
            self._parked[other]["awaited_by"].append(waiter)

    def holds(self, holder, waiter):
        """Notes that the first task has the lock that the second one waits for."""
        self._parked[waiter]["holds"].append(holder)

    def deadlock(self, *names):
        self._deadlocks.append(list(names))

    def _settle(self):
        super()._settle()
        for row in self._parked.values():
            row.update(row.pop("source"))
            function = row.pop("of")
            functions = row["frames"] or ([function] if function else [])
            row["frames"] = [marked(frame, "parked") for frame in functions]
            self.fact(parked=row)
        self.fact(deadlocks=self._deadlocks)
        self._parked.clear()
