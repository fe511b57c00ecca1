"""Compares loopprof's JSON lines with what short_of_memory.py does.

    check_memory.py JSONL PID_OF_MAX PID_OF_HIGH

Prints every complaint and exits with status 1 if there is one.
"""

import json
import sys

LIMIT = 24 << 20


def stalls_of(lines, pid):
    """What the stalls of a process lost since memory was short, and their durations."""
    loops = {line["loop_id"] for line in lines if line["type"] == "loop" and line["pid"] == pid}
    return [(stall.get("shortage", {}).get("memory"), stall)
            for stall in lines
            if stall["type"] == "slow_callback" and stall["loop_id"] in loops]


def check_reclaim(memory, stall):
    limit = memory["limit"]
    if not 0 < memory["fault_ns"] <= memory["reclaim_ns"] <= stall["duration_ns"]:
        yield f"reclaim of {memory} in {stall['duration_ns']} ns"
    # Python itself may need memory in a system call.
    if memory["fault_ns"] < memory["reclaim_ns"] / 2:
        yield f"it was not page faults that reclaimed: {memory}"
    if (limit["kind"], limit["cgroup"], limit["limit_bytes"]) != ("memory.max", "/max", LIMIT):
        yield f"the limit is {limit}"
    if not LIMIT * 0.5 <= limit["used_bytes"] <= LIMIT:
        yield f"used are {limit['used_bytes']} of {LIMIT}"


def check_held(memory, stall):
    limit = memory["limit"]
    if not 0 < memory["memory_high_ns"] <= stall["time"]["blocked_ns"]:
        yield f"held are {memory} of {stall['time']}"
    if (limit["kind"], limit["cgroup"]) != ("memory.high", "/high"):
        yield f"the limit is {limit}"


def complaints(lines, pid, part, check):
    stalls = stalls_of(lines, pid)
    reported = [(memory, stall) for memory, stall in stalls if memory and memory[part]]
    print(f"{part}: {len(reported)} of {len(stalls)} stalls,",
          ", ".join(f"{memory[part] / 1e6:.0f} of {stall['duration_ns'] / 1e6:.0f} ms"
                    for memory, stall in reported[:5]))
    if len(reported) < 3:
        yield f"only {len(reported)} of {len(stalls)} stalls have {part}"
    for memory, stall in reported:
        yield from check(memory, stall)
    sums = [line["memory"][part] for line in lines
            if line["type"] == "loop_summary" and "memory" in line]
    if not any(sums):
        yield f"no summary has {part}"


def main(path, of_max, of_high):
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    found = [*complaints(lines, int(of_max), "reclaim_ns", check_reclaim),
             *complaints(lines, int(of_high), "memory_high_ns", check_held)]
    for complaint in found[:5]:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
