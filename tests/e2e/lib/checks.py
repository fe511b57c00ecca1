"""Compares records with the truth. Functions yield complaints, which verify() raises."""

import statistics

from .case import THRESHOLD_NS, Late
from .processes import Failure

# Within this distance of the threshold a callback may be reported as slow or not.
MARGIN_NS = 2_000_000
WORST_NS = 1_000_000
# Shorter names are never cut.
LEAST_NAME = 40
SHOWN = 8


def verify(*complaints):
    found = [complaint for group in complaints for complaint in group]
    if found:
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise Failure("; ".join(found[:SHOWN]) + more)


def milliseconds(nanoseconds):
    return f"{nanoseconds / 1e6:.1f} ms"


# ---- stalls ----


def own_ns(stall):
    """The duration without waits for a CPU, of a stall in the truth or in a record."""
    return stall["duration_ns"] - stall.get("time", stall)["run_queue_ns"]


def describe(stall):
    return (f"{milliseconds(stall['duration_ns'])} in {stall['kind']} {stall['name']} "
            f"{stall['task'] or ''}".rstrip())


def shown(slow):
    callback = slow["callback"]
    return (f"{milliseconds(slow['duration_ns'])} in {callback['kind']} {callback['name']} "
            f"{callback['task'] or ''}".rstrip())


def covers(slow, stall):
    """Whether the slow callback contains the middle of the stall."""
    middle = stall["start_ns"] + stall["duration_ns"] // 2
    return slow["start_ns"] <= middle <= slow["start_ns"] + slow["duration_ns"]


def same_name(reported, true):
    """Whether the names are equal; long names may be cut, with or without a mark."""
    if reported == true:
        return True
    cut = (reported or "").rstrip("….")
    return len(true) > len(cut) >= LEAST_NAME and true.startswith(cut)


def names(slow, stall):
    callback = slow["callback"]
    if callback["kind"] != stall["kind"]:
        yield f"{describe(stall)} is said to be a {callback['kind']}"
    if stall["task"] is None:
        if callback["task"] is not None:
            yield f"{describe(stall)} has the task {callback['task']}"
    elif not same_name(callback["task"], stall["task"]):
        yield f"{describe(stall)} has the task name {callback['task']!r}"
    if stall["line"] is None:
        # The module of a builtin and the method of an instance may be missing.
        last = stall["name"].rpartition(".")[2]
        if last not in callback["name"].split("."):
            yield f"{describe(stall)} is named {callback['name']}"
        return
    if not same_name(callback["name"], stall["name"]):
        yield f"{describe(stall)} is named {callback['name']!r}"
    for key in ("file", "line"):
        if callback[key] != stall[key]:
            yield f"{describe(stall)}: {key} {callback[key]!r}, not {stall[key]!r}"


def loop_mismatch(records, slow, stall):
    loops = records.loops(loop_id=slow["loop_id"])
    if [(loop["pid"], loop["tid"]) for loop in loops] != [(stall["pid"], stall["tid"])]:
        yield (f"{describe(stall)} is in loop {slow['loop_id']} {loops}, "
               f"not in thread {stall['tid']} of {stall['pid']}")


def stalls(records, truth, threshold_ns=THRESHOLD_NS, note=None):
    """Each stall has one slow callback of the right name, and there are no other ones."""
    found, errors = [], []
    slows = records.slow()
    due = [stall for stall in truth.stalls if stall["duration_ns"] >= threshold_ns + MARGIN_NS]
    for stall in due:
        matching = [slow for slow in slows if covers(slow, stall)
                    and any(loop["tid"] == stall["tid"]
                            for loop in records.loops(loop_id=slow["loop_id"]))]
        if len(matching) != 1:
            found.append(f"{len(matching)} records of {describe(stall)} "
                         f"{[shown(slow) for slow in matching]}")
            continue
        found += names(matching[0], stall)
        found += loop_mismatch(records, matching[0], stall)
        errors.append(matching[0]["duration_ns"] - stall["duration_ns"])
    allowed = [stall for stall in truth.stalls
               if stall["duration_ns"] >= threshold_ns - MARGIN_NS]
    for slow in slows:
        # any callback is slow if others have the CPU
        if own_ns(slow) < threshold_ns - MARGIN_NS:
            continue
        if not any(covers(slow, stall) for stall in allowed):
            found.append(f"invented: {shown(slow)} at {slow['start_ns']}")
    if not due:
        found.append("the target did not stall")
    verify(found)
    durations(errors, note)
    return []


def durations(errors, note):
    sizes = [abs(error) for error in errors]
    said = (f"{len(errors)} stalls, durations off by {statistics.median(sizes) / 1e3:.0f} us "
            f"in the median, {max(sizes) / 1e3:.0f} us at worst")
    # Something else may have had the CPU during a few of them.
    if sum(size > WORST_NS for size in sizes) > len(sizes) // 10:
        raise Late(said)
    if note:
        note(said)


def stalling_frames(records, truth):
    """Each stall has a stack that contains the line which stalled."""
    for stall in truth.stalls:
        if stall["at"] is None:
            continue
        for slow in records.slow():
            if covers(slow, stall):
                yield from frame_missing(slow, stall)


def frame_missing(slow, stall):
    at = stall["at"]
    stacks = [entry["stack"] for key in ("samples", "blocked") for entry in slow.get(key) or []]
    if not stacks:
        yield f"{describe(stall)} has no stack"
        return
    for stack in stacks:
        for frame in stack:
            # Up to 3.10 a code object has no qualified name.
            if (frame["function"].rpartition(".")[2] == at["function"]
                    and (frame["file"], frame["line"]) == (at["file"], at["line"])):
                return
    frames = [f"{frame['function']} {frame['file']}:{frame['line']}" for frame in stacks[0]]
    yield f"{describe(stall)} has no frame {at} but {frames}"


# ---- counts ----


def counts(records, truth):
    """Functions ran as often as the program says, over all loops."""
    for row in truth.counts:
        summaries = [record for record in records.callbacks(row["name"])
                     if row["line"] is None or record["line"] == row["line"]]
        count = sum(record["count"] for record in summaries)
        if count != row["count"]:
            yield f"{row['name']} ran {row['count']} times, not {count}"


def histogram(where, value):
    number = value["zero_count"] + sum(value["buckets"])
    if number != value["count"]:
        yield f"{where}: {number} in its buckets, count {value['count']}"
    if value["scale"] != 3:
        yield f"{where}: scale {value['scale']}"
    if not value["count"]:
        return
    order = [value[key] for key in ("min_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns")]
    if order != sorted(order):
        yield f"{where}: not in order: {order}"
    if not value["min_ns"] * value["count"] <= value["sum_ns"] <= value["max_ns"] * value["count"]:
        yield f"{where}: sum {value['sum_ns']} of {value['count']} from {order[0]} to {order[-1]}"
    if value["buckets"] and value["max_ns"]:
        upper = 2 ** ((value["offset"] + len(value["buckets"])) / 8)
        if value["buckets"][-1] and not upper / 2 ** 0.13 <= value["max_ns"] / 1e9 <= upper * 1.001:
            yield f"{where}: last bucket ends at {upper} s, max is {value['max_ns']}"


def reported_slow(records, loop_id):
    """How many slow callbacks of a loop were reported; one that lasts at the end is one of them."""
    ended = [slow for slow in records.slow() if slow["loop_id"] == loop_id]
    going_on = [slow for slow in records.of("slow_callback")
                if slow["loop_id"] == loop_id and slow["in_progress"]]
    last = max((slow["start_ns"] + slow["duration_ns"] for slow in ended), default=0)
    return len(ended) + any(slow["start_ns"] >= last for slow in going_on)


def sums(records):
    """Numbers that several records have are equal in all of them, but for runs without a name, which
    are counted.
    """
    footer = records.one("footer")
    unnamed = footer.get("lost_callbacks", 0)
    for loop in records.final("loop_summary"):
        where = f"loop {loop['loop_id']}"
        mine = [record for record in records.final("callback_summary")
                if record["loop_id"] == loop["loop_id"]]
        total = sum(record["count"] for record in mine)
        # A callback that runs at the end of the run has no duration yet.
        missing = max(loop["callbacks"] - 1 - total, 0)
        unnamed -= missing
        if total > loop["callbacks"] or (missing and unnamed < 0):
            yield f"{where}: {loop['callbacks']} callbacks, {total} by their names"
        total = sum(record["slow"] for record in mine)
        if total != loop["slow_callbacks"]:
            yield f"{where}: {loop['slow_callbacks']} slow callbacks, {total} by their names"
        reported = reported_slow(records, loop["loop_id"])
        if reported != loop["slow_callbacks"]:
            yield f"{where}: {reported} reported, slow_callbacks {loop['slow_callbacks']}"
        busy, idle = loop["busy_ns"], loop["idle_ns"]
        if busy + idle and abs(loop["utilization"] - busy / (busy + idle)) > 0.001:
            yield f"{where}: utilization {loop['utilization']} of {busy} and {idle}"
        if busy + idle > loop["wall_ns"] * 1.001:
            yield f"{where}: busy {busy} and idle {idle} in {loop['wall_ns']}"
        yield from histogram(f"{where} iteration", loop["iteration"])
        for record in mine:
            yield from histogram(f"{where} {record['name']}", record["run"])
            if record["run"]["count"] != record["count"]:
                yield f"{where} {record['name']}: run {record['run']['count']}"
            if record["queue"] is not None:
                yield from histogram(f"{where} {record['name']} queue", record["queue"])
    lost = footer["lost_events"]
    if lost:
        yield f"{lost} events lost"
