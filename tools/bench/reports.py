"""The report of each profiler about a stall, judged by a lenient rule for that profiler.

A verdict has three answers. found: does it report a stall at that time? (None: it does
not know stalls.) named: is the line that held the loop the first one that it reports for
the stall? cause: does it report correctly whether the loop was computing, collecting
garbage, waiting for a CPU, for the GIL and its holder, or blocked, in which call?

  loopprof     the record of that time; its biggest part of time is the cause, and the
               top of that part's biggest stack is the line. Many small ones are looked
               up in the summary by cause.
  samplers     know no stalls. So all samples count in which the function that stalled
               was running: most of them must have the line innermost.
  blocksnoop   the event of that time; it lists the stacks of some time before as well,
               the oldest first, so that the last one counts.
  debug mode   the message "Executing ... took ..." of that task or callback; any line
               in it counts, except the one where the task was created.
"""

import datetime
import json
import re
import time
from dataclasses import dataclass

PARTS = {"on_cpu": "on_cpu_ns", "blocked": "blocked_ns", "gil": "gil_ns",
         "run_queue": "run_queue_ns"}
COLLECTING = ":GC:"
# asyncio rounds its measurement of a callback to a millisecond, and it includes more.
SLACK_S = 0.02


@dataclass(frozen=True)
class Verdict:
    found: bool
    named: bool
    cause: bool


NOTHING = Verdict(False, False, False)


def same_function(name, file, function):
    """Compares plain names, as up to Python 3.10 a code object has no qualified name."""
    return name.rpartition(".")[2] == function[0].rpartition(".")[2] and file == function[1]


# ---- loopprof ----


def _most(entries, key):
    """The stack of the biggest entry that has one."""
    with_stack = [entry for entry in entries if entry["stack"]]
    return max(with_stack, key=lambda entry: entry[key])["stack"] if with_stack else []


class Loopprof:
    def __init__(self, records):
        self._ended = {"callback": [], "iteration": []}
        for record in records:
            if record["type"] in ("slow_callback", "slow_iteration") and not record["in_progress"]:
                self._ended[record["type"].partition("_")[2]].append(record)
        self._summary = [record for record in records
                         if record["type"] == "cause_summary" and "now_ns" not in record]

    @staticmethod
    def _biggest(record):
        return max(PARTS, key=lambda part: record["time"][PARTS[part]])

    def _top(self, record):
        """The frame that the record has first, as (file, line)."""
        part = self._biggest(record)
        if part == "blocked":
            stack = _most(record["blocked"], "duration_ns")
        else:
            of_part = [entry for entry in record["samples"] if entry["cause"] == part]
            stack = _most(of_part or record["samples"], "count")
        return (stack[0]["file"], stack[0]["line"]) if stack else None

    @staticmethod
    def _holder(record):
        gil = record["gil"]
        return (gil["thread"], gil["stack"][:1]) if gil else (None, [])

    @staticmethod
    def _call_is_right(record, stall):
        if not stall.syscall:
            return True
        calls = [entry for entry in record["blocked"] if entry["syscall"] in stall.syscall]
        if not calls:
            return False
        call = max(calls, key=lambda entry: entry["duration_ns"])
        return not stall.target or bool(re.search(stall.target, call["target"] or ""))

    def _cause_is_right(self, record, stall):
        biggest = self._biggest(record)
        if stall.cause == "gc":
            return (record["time"]["gc_ns"] or 0) >= record["duration_ns"] / 2
        if stall.cause == "gil":
            return biggest == "gil" and self._holder(record)[0] == stall.holder
        if stall.cause in ("on_cpu", "run_queue"):
            return biggest == stall.cause
        return (biggest in ("blocked", stall.cause or "on_cpu")
                and self._call_is_right(record, stall))

    def _in_summary(self, stall):
        """Whether the summary has a row with the sum of the small ones."""
        rows = [row for row in self._summary if row["frame"]
                and (row["frame"]["file"], row["frame"]["line"]) in stall.lines
                and row["total_ns"] >= stall.duration_ns / 2]
        return bool(rows), any(row["cause"] == stall.cause for row in rows)

    def verdict(self, stall):
        if stall.shape == "sum":
            named, cause = self._in_summary(stall)
            return Verdict(named, named, cause)
        for record in self._ended[stall.shape]:
            if stall.within(record["start_ns"], record["duration_ns"]):
                break
        else:
            return NOTHING
        named = self._top(record) in stall.lines
        if stall.shape == "iteration":
            tops = [(frame["file"], frame["line"]) for frame in self._holder(record)[1]]
            named = any(top in stall.lines for top in tops) or self._in_summary(stall)[0]
        return Verdict(True, named, self._cause_is_right(record, stall))


# ---- samplers ----


@dataclass(frozen=True)
class Sample:
    """A sample of one thread; frames are (function, file, line), the innermost first."""

    frames: tuple
    weight: float
    cause: str  # one of the causes, or None


class Samples:
    def __init__(self, samples):
        self._samples = samples

    def verdict(self, stall):
        running = [one for one in self._samples if stall.function and any(
            same_function(name, file, stall.function) for name, file, _ in one.frames)]
        total = sum(one.weight for one in running)
        right = sum(one.weight for one in running if one.frames[0][1:] in stall.lines)
        explained = sum(one.weight for one in running if one.cause == stall.cause)
        return Verdict(None, right > total / 2, bool(stall.cause) and explained > total / 2)


def speedscope(text):
    """Samples of py-spy, which does not say whether a thread computes or waits."""
    content = json.loads(text)
    frames = [(frame["name"], frame["file"], frame["line"])
              for frame in content["shared"]["frames"]]
    return Samples([Sample(tuple(frames[i] for i in reversed(stack)), weight, None)
                    for profile in content["profiles"]
                    for stack, weight in zip(profile["samples"], profile["weights"]) if stack])


def _austin_frame(text):
    """":INVALID:" stands for a frame that austin could not read."""
    file, name, line = text.rsplit(":", 2)
    return name, file, int(line or 0)


def austin(text):
    """Parses "process;thread;file:function:line;... time,idle,memory", the outermost first."""
    samples = []
    for line in text.splitlines():
        stack, _, metrics = line.rpartition(" ")
        frames = stack.split(";")[2:]
        if not line.startswith("P") or not frames:
            continue
        spent, idle, _ = map(int, metrics.split(","))
        cause = None if idle else "on_cpu"
        if frames[-1] == COLLECTING:
            frames.pop()
            cause = "gc"
        if frames:
            samples.append(Sample(tuple(map(_austin_frame, reversed(frames))), spent, cause))
    if not samples:
        raise ValueError("no samples")
    return Samples(samples)


# ---- blocksnoop ----


class Events:
    """(end_ns, duration_ns, the innermost line of the last stack) of each event."""

    def __init__(self, events):
        self._events = events

    def verdict(self, stall):
        for end, duration, line in self._events:
            if stall.shape != "sum" and stall.within(end - duration, duration):
                return Verdict(True, line in stall.lines, False)
        return NOTHING


def blocksnoop(text):
    """Its times are those of the wall clock just after the end, when it writes an event."""
    ahead = time.time_ns() - time.monotonic_ns()
    events = []
    for line in text.splitlines():
        record = json.loads(line)
        if record["type"] != "blocking_event":
            continue
        written = datetime.datetime.fromisoformat(record["observed_at"].replace("Z", "+00:00"))
        frame = record["python_stacks"][-1][-1] if record["python_stacks"] else None
        events.append((int(written.timestamp() * 1e9) - ahead, int(record["duration_ms"] * 1e6),
                       frame and (frame["file"], frame["line"])))
    return Events(events)


# ---- asyncio's debug mode ----


class Debug:
    def __init__(self, text):
        self._messages = [(message, float(seconds)) for message, seconds in re.findall(
            r"^Executing (.*) took ([0-9.]+) seconds$", text, re.MULTILINE)]

    @staticmethod
    def _is_of(message, stall):
        if stall.task:
            return f"name='{stall.task}'" in message
        return f"Handle {stall.function[0]}(" in message

    def verdict(self, stall):
        if stall.shape != "callback":
            return NOTHING
        for message, seconds in self._messages:
            if self._is_of(message, stall) and abs(seconds - stall.duration_ns / 1e9) < SLACK_S:
                place = message.partition(" created at ")[0]
                lines = re.findall(r"([^\s<>:]+):(\d+)", place)
                named = any((file, int(line)) in stall.lines for file, line in lines)
                return Verdict(True, named, False)
        return NOTHING
