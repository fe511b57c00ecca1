"""Compares loopprof's JSON lines with the ground truth of stalls.py.

    check_profile.py JSONL TRUTH PID MODE

Prints every complaint, the gravest last, and exits with status 1 if there is
one. Times are judged generously: the machine is emulated.
"""

import ast
import json
import os
import sys

STALLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stalls.py")
STALL_NAME = "stall_forever"
TICKER_NAME = "tick_forever"
SHORTEST_NS, LONGEST_NS = 140_000_000, 500_000_000
# Stalls this close to either end of the run may be recorded in part.
ATTACH_NS, DETACH_NS = 10_000_000_000, 300_000_000
FEWEST = 8
# How each way to stall must be explained: the greatest part of the time, the call.
WAYS = {
    "stall_asleep": ("blocked_ns", "clock_nanosleep"),
    "stall_computing": ("on_cpu_ns", None),
    "stall_reading": ("blocked_ns", "read"),
    "stall_receiving": ("blocked_ns", "recvfrom"),
    "stall_locking": ("blocked_ns", "flock"),
}
PARTS = ("on_cpu_ns", "blocked_ns", "gil_ns", "run_queue_ns")
ONE_OF_EACH = ("header", "loop", "loop_summary", "footer")


def read_records(path):
    records = {}
    with open(path) as lines:
        for line in lines:
            record = json.loads(line)
            records.setdefault(record["type"], []).append(record)
    return records


def read_truth(path):
    """The stalls as (start, end, way, target); the last may still be in the making."""
    with open(path) as lines:
        rows = [line.split(maxsplit=3) for line in lines if line.endswith("\n")]
    return [(int(start), int(start) + int(length), way, target.strip())
            for start, length, way, target in rows]


def lines_of(function):
    """The lines in stalls.py that belong to function."""
    with open(STALLS) as source:
        tree = ast.parse(source.read())
    for node in ast.walk(tree):
        if getattr(node, "name", None) == function:
            return range(node.lineno, node.end_lineno + 1)
    raise LookupError(function)


def check_run(records, pid, mode):
    loop, summary = records["loop"][0], records["loop_summary"][0]
    header, footer = records["header"][0], records["footer"][0]
    if not header["version"].startswith("1."):
        yield f"header: version {header['version']}"
    if header["mode"] != mode:
        yield f"header: mode {header['mode']}, not {mode}"
    if header["threshold_ns"] != 100_000_000:
        yield f"header: threshold_ns {header['threshold_ns']}"
    if loop["pid"] != pid or loop["runtime"] != "asyncio":
        yield f"loop: pid {loop['pid']}, runtime {loop['runtime']}; expected {pid}, asyncio"
    for count in ("callbacks", "iterations"):
        if not summary[count] > 0:
            yield f"loop_summary: {count} {summary[count]}"
    if footer["lost_events"] != 0:
        yield f"footer: lost_events {footer['lost_events']}"


def check_naming(slow, whole):
    """whole: it lies well inside the run, so that loopprof measured all of it."""
    callback = slow["callback"]
    named = f"{callback['name']} at {callback['file']}:{callback['line']}"
    if callback["name"] != STALL_NAME:
        yield f"a slow callback is named {named}, not {STALL_NAME}"
        return
    if os.path.realpath(callback["file"]) != os.path.realpath(STALLS):
        yield f"a slow callback is placed in another file: {named}"
    if callback["line"] not in lines_of(STALL_NAME):
        yield f"a slow callback is placed at another line: {named}"
    if not whole:
        # loopprof came, or left, in the middle of it.
        return
    if callback["task"] != "stall":
        yield f"a slow callback has the task name {callback['task']}, not stall"
    if not SHORTEST_NS <= slow["duration_ns"] < LONGEST_NS:
        yield f"a slow callback took {slow['duration_ns'] / 1e6:.1f} ms"


def ended(slows):
    return [slow for slow in slows if not slow.get("in_progress")]


def check_slow(records, slows):
    begin, end = run_of(records)
    for slow in slows:
        whole = begin <= slow["start_ns"] and slow["start_ns"] + slow["duration_ns"] <= end
        if slow["callback"]["name"] == TICKER_NAME:
            yield f"the ticker is said to have taken {slow['duration_ns'] / 1e6:.1f} ms"
        else:
            yield from check_naming(slow, whole)


def check_stack(stack, way):
    if not stack or stack[0]["function"].rpartition(".")[2] != way:
        yield f"{way}: the stack is {stack}"
    if not stack or stack[-1]["function"] != STALL_NAME:
        yield f"{way}: the stack does not end at the task's coroutine: {stack}"


def check_reasons(slow, way, target):
    """Where the time went, in which call, on what, at which line."""
    time, duration = slow["time"], slow["duration_ns"]
    part, syscall = WAYS[way]
    if abs(sum(time[key] for key in PARTS) - duration) > duration / 100:
        yield f"{way}: the parts {time} do not add up to {duration}"
    # Other processes of the emulated machine take the CPU away at any time.
    if time[part] < max(time[key] for key in PARTS if key != "run_queue_ns"):
        yield f"{way}: the time is {time}, which is not mostly {part}"
    if syscall is None:
        sampled = [entry["stack"] for entry in slow["samples"] if entry["cause"] == "on_cpu"]
        yield from check_stack(sampled[0] if sampled else [], way)
        return
    longest = slow["blocked"][0] if slow["blocked"] else {"syscall": None, "target": None}
    if (longest["syscall"], str(longest["target"])) != (syscall, target):
        yield f"{way}: blocked in {longest['syscall']} on {longest['target']}, not {target}"
        return
    yield from check_stack(longest["stack"], way)


def run_of(records):
    """The time of which every stall must have a record."""
    return (records["header"][0]["start_ns"] + ATTACH_NS,
            records["footer"][0]["end_ns"] - DETACH_NS)


def record_of(start, stop, slows):
    """The slow callback that overlaps the stall from start to stop."""
    for slow in slows:
        if slow["start_ns"] <= stop and start <= slow["start_ns"] + slow["duration_ns"]:
            return slow
    return None


def check_truth(records, slows, stalls):
    """Every stall that falls well into the run has its record."""
    begin, end = run_of(records)
    inside = [stall for stall in stalls if begin <= stall[0] and stall[1] <= end]
    missed, worst = [], 0
    for start, stop, way, target in inside:
        slow = record_of(start, stop, slows)
        if slow is None:
            missed.append(start)
            continue
        worst = max(worst, abs(slow["duration_ns"] - (stop - start)))
        yield from check_reasons(slow, way, target)
    print(
        f"{len(slows)} slow callbacks; {len(inside)} stalls in the run, "
        f"{len(missed)} missed, durations at most {worst / 1e6:.1f} ms off"
    )
    if len(inside) < FEWEST:
        yield f"only {len(inside)} stalls between {begin} and {end}, expected {FEWEST}"
    if missed:
        yield f"{len(missed)} of {len(inside)} stalls have no record, the first at {missed[0]}"


def complaints(jsonl, truth, pid, mode):
    records = read_records(jsonl)
    for kind in ONE_OF_EACH:
        if len(records.get(kind, [])) != 1:
            yield f"{len(records.get(kind, []))} records of type {kind}, expected 1"
            return
    slows = ended(records.get("slow_callback", []))
    yield from check_slow(records, slows)
    yield from check_truth(records, slows, read_truth(truth))
    yield from check_run(records, pid, mode)


def main(jsonl, truth, pid, mode):
    try:
        found = list(complaints(jsonl, truth, int(pid), mode))
    except (KeyError, ValueError, TypeError) as error:
        found = [f"not the documented format: {error!r}"]
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
