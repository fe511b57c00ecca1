"""Compares causes in records with the truth, which targets/causetruth.py describes.

Each function yields complaints.  Deviations that a busy machine may cause are collected, and
raised as Late at the end.
"""

import re
import statistics
from dataclasses import dataclass

from .case import THRESHOLD_NS, Late
from .checks import (MARGIN_NS, covers, describe, loop_mismatch, milliseconds, names, own_ns,
                     same_name, shown, verify)

PARTS = {"on_cpu": "on_cpu_ns", "blocked": "blocked_ns", "gil": "gil_ns",
         "run_queue": "run_queue_ns"}
LEAST_DEPTH = 128
# A share of a stall that is too small for its stack to matter.
SMALL = 0.1


@dataclass(frozen=True)
class Mode:
    """What a mode of loopprof is able to know, and its precision."""

    name: str
    worst_ns: int  # limit of the deviation of a duration
    iteration_ns: int  # the same for an iteration, whose ends the program does not know
    on_cpu_ns: int
    run_queue_ns: int
    knows_callbacks: bool  # whether callbacks below the threshold are counted too

    @property
    def options(self):
        return ["-m", self.name]


TRACE = Mode("trace", 1_000_000, 5_000_000, 5_000_000, 5_000_000, True)
# In sample mode a callback begins with its first sample and ends with its last one.
SAMPLE = Mode("sample", 15_000_000, 5_000_000, 20_000_000, 15_000_000, False)


def header(records, mode):
    """The header names the mode, and says if histograms come from samples."""
    if records.one("header")["mode"] != mode.name:
        yield f"mode {records.one('header')['mode']!r}, not {mode.name}"
    for record in records.final("callback_summary"):
        if bool(record.get("sampled")) == mode.knows_callbacks:
            yield f"callback_summary of {record['name']}: sampled {record.get('sampled')!r}"
    if records.one("footer")["lost_events"]:
        yield f"{records.one('footer')['lost_events']} events lost"


# ---- frames ----


def is_at(frame, place):
    """Whether the frame is at one of the lines of the place."""
    # Up to 3.10 a code object has no qualified name.
    return (frame["function"].rpartition(".")[2] == place["function"]
            and frame["file"] == place["file"] and frame["line"] in place["lines"])


def places(stack):
    return [f"{frame['function']} {frame['file']}:{frame['line']}" for frame in stack[:4]]


def wanted(place):
    return f"{place['function']} {place['file']}:{place['lines']}"


def is_function(frame, callback):
    """Whether the frame is that of the callback's function or of the task's coroutine."""
    return (frame["function"].rpartition(".")[2] == callback["name"].rpartition(".")[2]
            and frame["file"] == callback["file"])


def stacks_of(record):
    """Yields each stack with the share of the stall's time that it stands for."""
    for entry in record["blocked"]:
        yield entry["stack"], entry["duration_ns"] / record["duration_ns"]
    samples = sum(entry["count"] for entry in record["samples"])
    # a callback that was blocked most of the time may have a single sample
    sampled = 1 - record["time"]["blocked_ns"] / record["duration_ns"]
    for entry in record["samples"]:
        yield entry["stack"], sampled * entry["count"] / samples


def stacks(slow, stall):
    """Stacks reach from the line that holds the loop to the callback, without gaps."""
    if not any(is_at(frame, stall["at"]) for stack, _ in stacks_of(slow) for frame in stack):
        some = [places(stack) for stack, _ in stacks_of(slow)]
        yield f"{describe(stall)}: {wanted(stall['at'])} is in none of its stacks {some[:3]}"
    for stack, share in stacks_of(slow):
        if not stack:
            if share > SMALL:
                yield f"{describe(stall)} has an empty stack for {share:.0%} of it"
            continue
        if any(frame["kind"] != "python" for frame in stack):
            yield f"{describe(stall)}: unexpected frames in {places(stack)}"
        # asyncio's code runs before and after the callback's own: a task that ends calls the loop,
        # and objects that it releases may have finalizers.
        if not any(is_at(frame, stall["at"]) for frame in stack):
            continue
        if not stall["frames"] and not is_function(stack[-1], slow["callback"]):
            yield f"{describe(stall)}: a stack ends at {places(stack[-1:])}"
    yield from cut(slow, stall)


def cut(slow, stall):
    """A stack is cut only if it is too deep, and is then marked as cut.

    Waits for a CPU or for the GIL that follow each other by the thousands have the innermost frame.
    """
    cut = [entry for entry in slow["blocked"] + slow["samples"] if entry.get("stack_cut")]
    if not stall["frames"]:
        deep = [entry for entry in cut if len(entry["stack"]) > 1
                or entry.get("cause") not in ("run_queue", "gil")]
        if deep:
            yield f"{describe(stall)} has a stack that was cut: {deep}"
        return
    depth = max((len(stack) for stack, _ in stacks_of(slow)), default=0)
    if depth < LEAST_DEPTH:
        yield f"{describe(stall)}: {depth} frames of {stall['frames']}"
    if depth < stall["frames"] and not cut:
        yield f"{describe(stall)}: {depth} frames of {stall['frames']}, not said to be cut"


def chain(slow, stall):
    """The await chain has the coroutines of the task, the outermost one first."""
    frames = slow["await_chain"]
    if stall["kind"] != "task":
        if frames:
            yield f"{describe(stall)} is no task and has the await chain {places(frames)}"
    elif stall["chain"]:
        if len(frames) != len(stall["chain"]) or not all(map(is_at, frames, stall["chain"])):
            yield (f"{describe(stall)}: await chain {places(frames)}, "
                   f"not {[wanted(place) for place in stall['chain']]}")
    elif slow.get("await_chain_cut"):
        # This coroutine is below the part of the stack that was read, which is marked as cut.
        if frames:
            yield f"{describe(stall)}: await chain {places(frames)} of a stack without it"
    elif len(frames) != 1 or not is_function(frames[0], stall):
        yield f"{describe(stall)}: await chain {places(frames)}, not the coroutine alone"


# ---- where the time went ----


def parts(what, record):
    """The parts add up to the duration, and no subset is greater than its whole."""
    time, duration = record["time"], record["duration_ns"]
    total = sum(time[key] for key in PARTS.values())
    if abs(total - duration) > duration / 100:
        yield f"{what}: parts {time} make {milliseconds(total)} of {milliseconds(duration)}"
    if time["gc_ns"] is not None and time["gc_ns"] > time["on_cpu_ns"] + duration / 100:
        yield f"{what}: more garbage collection than time on the CPU: {time}"
    calls = sum(entry["duration_ns"] for entry in record["blocked"])
    if calls > time["blocked_ns"] + duration / 100:
        yield (f"{what}: its calls were blocked for {milliseconds(calls)}, "
               f"it for {milliseconds(time['blocked_ns'])}")


def dominant(what, record, cause, waited_ns=None):
    """Most of the time is attributed to the true cause.

    waited_ns: how long the thread waited for a CPU in truth, if that is known. Each wakeup on a
    busy machine waits for one, and in sum that may exceed the cause, so it is not compared then.
    """
    time = record["time"]
    if cause == "gc":
        if (time["gc_ns"] or 0) < (record["duration_ns"] - (waited_ns or 0)) / 2:
            yield f"{what}: gc_ns {time['gc_ns']}"
        cause = "on_cpu"
    known = waited_ns is not None and cause != "run_queue"
    most = max(PARTS.keys() - {"run_queue" if known else None}, key=lambda part: time[PARTS[part]])
    if cause and most != cause:
        yield f"{what}: {most} most of all, not {cause}: {time}"


def waited_for_cpu(what, record, truth, mode):
    """No more time is attributed to waits for a CPU than there was, within the stall and around it.
    """
    said, waited = record["time"]["run_queue_ns"], truth["run_queue_ns"]
    around = max(record["duration_ns"] - truth["duration_ns"], 0)
    if said > waited + around + mode.run_queue_ns + waited // 20:
        yield f"{what}: waited for a CPU for {milliseconds(said)}, not {milliseconds(waited)}"


def blocked_on(what, record, stall):
    """The system call, its object, the number of calls, and the line that made them."""
    entries = [entry for entry in record["blocked"] if entry["syscall"] in stall["syscall"]]
    if not entries:
        yield f"{what}: blocked in {[entry['syscall'] for entry in record['blocked']]}"
        return
    entry = max(entries, key=lambda entry: entry["duration_ns"])
    if entry["duration_ns"] < record["time"]["blocked_ns"] / 2:
        yield f"{what}: only {milliseconds(entry['duration_ns'])} in {entry['syscall']}"
    if stall["target"] and not re.search(stall["target"], entry["target"] or ""):
        yield f"{what}: {entry['syscall']} on {entry['target']!r}, not {stall['target']}"
    if stall["calls"] and not stall["calls"][0] <= entry["count"] <= stall["calls"][1]:
        yield f"{what}: {entry['syscall']} {entry['count']} times, not {stall['calls']}"
    if not entry["stack"] or not is_at(entry["stack"][0], stall["innermost"]):
        yield (f"{what}: {entry['syscall']} at {places(entry['stack'])}, "
               f"not {wanted(stall['innermost'])}")


def computed_at(what, record, place, collecting):
    """The line with most samples on the CPU, and whether the garbage collector ran there."""
    samples = [entry for entry in record["samples"]
               if entry["cause"] == "on_cpu" and entry["stack"]]
    if not samples:
        yield f"{what} has no sample on the CPU"
        return
    total = sum(entry["count"] for entry in samples)
    right = sum(entry["count"] for entry in samples if is_at(entry["stack"][0], place))
    most = max(samples, key=lambda entry: entry["count"])
    # Several entries may have the same stack but for the line of a loop.
    if right < total / 2 or not is_at(most["stack"][0], place):
        yield (f"{what}: {right} of {total} samples at {wanted(place)}, "
               f"most at {places(most['stack'])}")
    collected = sum(entry["count"] for entry in samples if entry["collecting"])
    if collecting != (collected > total / 2):
        yield f"{what}: {collected} of {total} samples were taken during garbage collection"


def held_by(what, gil, holder):
    """The thread that held the GIL, and the line that it was at."""
    if gil is None:
        yield f"{what} has no holder of the GIL"
        return
    if gil["thread"] != holder["thread"]:
        yield f"{what}: the GIL was held by {gil['thread']!r}, not {holder['thread']}"
    if not gil["stack"] or not is_at(gil["stack"][0], holder):
        yield f"{what}: the GIL was held at {places(gil['stack'])}, not {wanted(holder)}"


def explained(slow, stall, mode):
    """Checks everything in a record that explains the stall."""
    what = describe(stall)
    yield from parts(what, slow)
    yield from dominant(what, slow, stall["cause"], stall["run_queue_ns"])
    yield from waited_for_cpu(what, slow, stall, mode)
    yield from stacks(slow, stall)
    yield from chain(slow, stall)
    # A stall that was half blocked and half computing has blocking calls too.
    if stall["syscall"] and stall["cause"] in ("blocked", None):
        yield from blocked_on(what, slow, stall)
    if stall["cause"] in ("on_cpu", "gc"):
        yield from computed_at(what, slow, stall["at"], stall["cause"] == "gc")
    if stall["cause"] == "gil":
        yield from held_by(what, slow["gil"], stall["holder"])


# ---- slow callbacks ----


class Errors:
    """Deviations of times from the truth."""

    def __init__(self):
        self.all = []
        self.late = []

    def add(self, what, error, limit):
        self.all.append(abs(error))
        if abs(error) > limit:
            self.late.append(f"{what}: off by {milliseconds(error)}")

    def verify(self, note):
        said = (f"{len(self.all)} times, off by {statistics.median(self.all) / 1e3:.0f} us "
                f"in the median, {max(self.all) / 1e3:.0f} us at worst")
        # On a shared machine the target, or the reading of its clock, may lose the CPU for a
        # moment: a few times out of many may be wrong.  The benchmark measures how exact they are.
        if len(self.late) > max(2, len(self.all) // 20):
            raise Late("; ".join([*self.late[:4], said]))
        note(said)


def undisturbed(truth):
    """Raises Late unless stalls were slow, and used the CPU as much as they were meant to."""
    for stall in truth.stalls:
        if stall["duration_ns"] < THRESHOLD_NS + MARGIN_NS:
            raise Late(f"too short: {describe(stall)}")
        share = stall["on_cpu_ns"] / own_ns(stall)
        if stall["cause"] in ("on_cpu", "gc") and share < 0.7:
            raise Late(f"{describe(stall)} was on the CPU for {share:.0%} of the time it had one")
        if stall["cause"] == "run_queue" and stall["run_queue_ns"] < 0.6 * stall["duration_ns"]:
            raise Late(f"{describe(stall)} waited for a CPU for "
                       f"{milliseconds(stall['run_queue_ns'])}")


def slow_callbacks(records, truth, mode, errors):
    """Each stall has one record, which explains it correctly, and there are no other records."""
    for stall in truth.stalls:
        matching = [slow for slow in records.slow() if covers(slow, stall)]
        if len(matching) != 1:
            yield f"{len(matching)} records of {describe(stall)}"
            continue
        (slow,) = matching
        yield from names(slow, stall)
        yield from loop_mismatch(records, slow, stall)
        yield from explained(slow, stall, mode)
        # The thread may lose its CPU between its own reading of the clock and the callback's end.
        errors.add(describe(stall), own_ns(slow) - own_ns(stall), mode.worst_ns)
        errors.add(f"on the CPU in {describe(stall)}",
                   slow["time"]["on_cpu_ns"] - stall["on_cpu_ns"],
                   mode.on_cpu_ns + stall["duration_ns"] // 20)
        errors.add(f"waiting for a CPU in {describe(stall)}",
                   min(slow["time"]["run_queue_ns"] - stall["run_queue_ns"], 0),
                   mode.run_queue_ns + stall["duration_ns"] // 20)
    for slow in records.slow():
        # any callback is slow if others have the CPU
        if own_ns(slow) >= THRESHOLD_NS and not any(covers(slow, stall) for stall in truth.stalls):
            yield f"invented: {shown(slow)} at {slow['start_ns']}"


# ---- slow iterations ----


def slow_iterations(records, truth, mode, errors):
    known = [fact["iteration"] for fact in truth.facts if "iteration" in fact]
    ended = [record for record in records.of("slow_iteration") if not record["in_progress"]]
    for iteration in known:
        what = f"iteration of {milliseconds(iteration['duration_ns'])}, {iteration['cause']}"
        matching = [record for record in ended if covers(record, iteration)]
        if len(matching) != 1:
            yield f"{len(matching)} records of {what}"
            continue
        (record,) = matching
        yield from parts(what, record)
        yield from dominant(what, record, iteration["cause"], iteration["run_queue_ns"])
        yield from waited_for_cpu(what, record, iteration, mode)
        if iteration["holder"]:
            yield from held_by(what, record["gil"], iteration["holder"])
        if iteration["callback"]:
            yield from biggest(what, record, iteration, mode)
        errors.add(what, own_ns(record) - own_ns(iteration), mode.iteration_ns)
    for record in ended:
        if not any(covers(record, iteration) for iteration in known):
            yield (f"invented: iteration of {milliseconds(record['duration_ns'])} "
                   f"at {record['start_ns']}, {record['time']}, {record['top'][:2]}")


def biggest(what, record, iteration, mode):
    """The callback that took most of the iteration; sample mode misses some of its runs."""
    top = record["top"][0] if record["top"] else None
    callback = iteration["callback"]
    if not top or not same_name(top["name"], callback["name"]) or (
            [top["file"], top["line"]] != [callback["file"], callback["line"]]):
        yield f"{what}: {top} on top, not {callback}"
        return
    if top["count"] > iteration["count"] or (
            mode.knows_callbacks and top["count"] != iteration["count"]):
        yield f"{what}: {top['count']} runs of {iteration['count']}"
    if mode.knows_callbacks and record["callbacks"] < iteration["count"]:
        yield f"{what}: {record['callbacks']} callbacks"
    share = top["total_ns"] / iteration["total_ns"]
    if not (0.9 if mode.knows_callbacks else 0.5) < share < 1.1:
        yield f"{what}: {milliseconds(top['total_ns'])} of {milliseconds(iteration['total_ns'])}"


# ---- the summary by cause ----


def rows_of(records, cause, at, syscall=None):
    """The rows of a cause at a place, or those without a place."""
    for row in records.final("cause_summary"):
        if row["cause"] == cause and (syscall is None or row["syscall"] in syscall):
            if at is None or (row["frame"] and is_at(row["frame"], at)):
                yield row


def summed(records, truth, errors):
    """The blocking calls that are never slow by themselves, but add up."""
    for fact in truth.facts:
        if "sum" not in fact:
            continue
        true = fact["sum"]
        what = f"{true['count']} times {true['cause']} at {wanted(true['at'])}"
        rows = list(rows_of(records, true["cause"], true["at"], true["syscall"]))
        if len(rows) != 1:
            yield f"{what}: {len(rows)} rows in the summary by cause"
            continue
        if rows[0]["count"] != true["count"]:
            yield f"{what}: {rows[0]['count']} times"
        errors.add(what, rows[0]["total_ns"] - true["total_ns"], true["total_ns"] // 10)


def summary(records, truth):
    """Each stall is in the summary, at the line that held the loop."""
    for stall in truth.stalls:
        cause = stall["cause"]
        if cause is None:
            continue
        at = {"gil": stall["holder"], "run_queue": None, "blocked": stall["innermost"]}.get(
            cause, stall["at"])
        rows = list(rows_of(records, cause, at, stall["syscall"]))
        total = sum(row["total_ns"] for row in rows)
        due = stall["duration_ns"] if cause == "run_queue" else own_ns(stall)
        if total < due / 2:
            yield f"{describe(stall)}: {len(rows)} rows of {cause}, {milliseconds(total)}"
        for row in rows:
            if cause == "gil" and row["held_by"] != stall["holder"]["thread"]:
                yield f"{describe(stall)}: held by {row['held_by']!r} in the summary"
            if cause == "run_queue" and row["frame"] is not None:
                yield f"waiting for a CPU is reported at {places([row['frame']])}"
        # the same line may also have waited for something else for a moment, as for another child
        targets = [row["target"] for row in rows if row["target"]]
        if stall["target"] and targets and not any(re.search(stall["target"], target)
                                                   for target in targets):
            yield f"{describe(stall)}: on {targets} in the summary, not {stall['target']}"


def every_cause(records, truth, mode, note):
    errors = Errors()
    undisturbed(truth)
    verify(header(records, mode), slow_callbacks(records, truth, mode, errors),
           slow_iterations(records, truth, mode, errors), summed(records, truth, errors),
           summary(records, truth))
    errors.verify(note)
