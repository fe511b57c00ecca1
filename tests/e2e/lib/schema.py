"""The JSON lines as they are documented: fields, their types, and which must be there."""

NUMBER = (int,)
TEXT = (str,)
NONE = type(None)
MAYBE_TEXT = (str, NONE)
MAYBE_NUMBER = (int, NONE)
LIST = (list,)
OBJECT = (dict,)
MAYBE_OBJECT = (dict, NONE)
FLAG = (bool,)

FRAME = {"function": TEXT, "file": MAYBE_TEXT, "line": MAYBE_NUMBER, "kind": TEXT}
HIST = {"count": NUMBER, "sum_ns": NUMBER, "min_ns": NUMBER, "max_ns": NUMBER,
        "p50_ns": NUMBER, "p90_ns": NUMBER, "p99_ns": NUMBER, "scale": NUMBER,
        "zero_count": NUMBER, "offset": NUMBER, "buckets": LIST}
CALLBACK = {"kind": TEXT, "name": TEXT, "file": MAYBE_TEXT, "line": MAYBE_NUMBER,
            "task": MAYBE_TEXT, "task_id": MAYBE_TEXT}
TIMES = {"on_cpu_ns": NUMBER, "blocked_ns": NUMBER, "gil_ns": NUMBER, "run_queue_ns": NUMBER,
         "gc_ns": MAYBE_NUMBER}
BLOCKED = {"syscall": TEXT, "duration_ns": NUMBER, "count": NUMBER, "target": MAYBE_TEXT,
           "stack": LIST}
SAMPLE = {"count": NUMBER, "cause": TEXT, "collecting": FLAG, "stack": LIST}
HOLDER = {"thread": TEXT, "tid": MAYBE_NUMBER, "stack": LIST}
DELAYED = {"callbacks": NUMBER, "events": NUMBER}
TOP = {"name": TEXT, "file": MAYBE_TEXT, "line": MAYBE_NUMBER, "count": NUMBER,
       "total_ns": NUMBER}

# Why something was slow, of slow callbacks and slow iterations.
REASONS = {"time": OBJECT, "blocked": LIST, "samples": LIST, "gil": MAYBE_OBJECT}
CAUSES = ("on_cpu", "blocked", "gil", "run_queue", "gc")
FRAME_KINDS = ("python", "native", "kernel")

REQUIRED = {
    "header": {"version": TEXT, "tool": TEXT, "mode": TEXT, "threshold_ns": NUMBER,
               "start_ns": NUMBER, "start_unix_ns": NUMBER, "host": TEXT},
    "loop": {"loop_id": NUMBER, "pid": NUMBER, "tid": NUMBER, "comm": TEXT, "runtime": TEXT,
             "runtime_version": TEXT, "exe": TEXT, "container": MAYBE_TEXT},
    "slow_callback": {"loop_id": NUMBER, "start_ns": NUMBER, "duration_ns": NUMBER,
                      "in_progress": FLAG, "callback": OBJECT, "delayed": MAYBE_OBJECT,
                      "await_chain": LIST, **REASONS},
    "slow_iteration": {"loop_id": NUMBER, "start_ns": NUMBER, "duration_ns": NUMBER,
                       "in_progress": FLAG, "callbacks": NUMBER, "top": LIST, **REASONS},
    "cause_summary": {"loop_id": NUMBER, "cause": TEXT, "syscall": MAYBE_TEXT,
                      "frame": MAYBE_OBJECT, "target": MAYBE_TEXT, "held_by": MAYBE_TEXT,
                      "count": NUMBER, "total_ns": NUMBER},
    "loop_summary": {"loop_id": NUMBER, "wall_ns": NUMBER, "busy_ns": NUMBER,
                     "idle_ns": NUMBER, "utilization": (int, float), "iterations": NUMBER,
                     "callbacks": NUMBER, "slow_callbacks": NUMBER, "iteration": OBJECT},
    "callback_summary": {"loop_id": NUMBER, "kind": TEXT, "name": TEXT, "file": MAYBE_TEXT,
                         "line": MAYBE_NUMBER, "count": NUMBER, "slow": NUMBER, "run": OBJECT,
                         "queue": MAYBE_OBJECT},
    "footer": {"end_ns": NUMBER, "reason": TEXT, "lost_events": NUMBER},
}


def fields(where, record, wanted):
    for key, types in wanted.items():
        if key not in record:
            yield f"{where} has no {key}"
        elif not isinstance(record[key], types) or (
                isinstance(record[key], bool) and bool not in types):
            yield f"{where}: {key} is {record[key]!r}"


def frames(where, stack):
    for frame in stack:
        yield where, frame, FRAME


def reasons(record):
    """Why it was slow."""
    yield "time", record["time"], TIMES
    for key, wanted in (("samples", SAMPLE), ("blocked", BLOCKED)):
        for entry in record[key]:
            yield key, entry, wanted
            yield from frames(f"{key} frame", entry.get("stack", ()))
    if record["gil"] is not None:
        yield "gil", record["gil"], HOLDER
        yield from frames("gil frame", record["gil"].get("stack", ()))


def parts(record):
    """Objects and lists inside a record, with what they must hold."""
    kind = record["type"]
    if kind in ("slow_callback", "slow_iteration"):
        yield from reasons(record)
    if kind == "slow_callback":
        yield "callback", record["callback"], CALLBACK
        yield from frames("await_chain", record["await_chain"])
        if record["delayed"] is not None:
            yield "delayed", record["delayed"], DELAYED
    if kind == "slow_iteration":
        for entry in record["top"]:
            yield "top", entry, TOP
    if kind == "cause_summary" and record["frame"] is not None:
        yield "frame", record["frame"], FRAME
    if kind == "loop_summary":
        yield "iteration", record["iteration"], HIST
    if kind == "callback_summary":
        yield "run", record["run"], HIST
        if record["queue"] is not None:
            yield "queue", record["queue"], HIST


def words(record):
    """Words that a tool may look for are from a fixed set."""
    if record["type"] == "cause_summary":
        if record["cause"] not in CAUSES:
            yield f"cause_summary: cause {record['cause']!r}"
        if (record["syscall"] is not None) != (record["cause"] == "blocked"):
            yield f"cause_summary: syscall {record['syscall']!r} of {record['cause']}"
    for entry in record.get("samples", ()):
        if entry.get("cause") not in ("on_cpu", "gil", "run_queue"):
            yield f"{record['type']}: a sample's cause {entry.get('cause')!r}"
    for where, part, wanted in parts(record):
        if wanted is FRAME and part.get("kind") not in FRAME_KINDS:
            yield f"{record['type']} {where}: kind {part.get('kind')!r}"


def documented(records):
    """Every record has the documented fields; the first is the header, the last the footer."""
    order = [record["type"] for record in records.all]
    if order[:1] != ["header"] or order[-1:] != ["footer"]:
        yield f"begins with {order[:1]}, ends with {order[-1:]}"
    if records.all and not str(records.all[0].get("version")).startswith("1."):
        yield f"version {records.all[0].get('version')}"
    # 0 is for callbacks that found no room, whatever loop ran them.
    known = {0}
    for record in records.all:
        wrong = list(fields(record["type"], record, REQUIRED.get(record["type"], {})))
        yield from wrong
        if wrong:
            continue
        if record["type"] == "loop":
            known.add(record["loop_id"])
        elif record.get("loop_id", None) not in known | {None}:
            yield f"{record['type']} of the unknown loop {record['loop_id']}"
        for where, part, wanted in parts(record):
            yield from fields(f"{record['type']} {where}", part, wanted)
        yield from words(record)
