"""The documented JSON lines: fields, their types, and which fields are required."""

NUMBER = (int,)
TEXT = (str,)
NONE = type(None)
MAYBE_TEXT = (str, NONE)
MAYBE_NUMBER = (int, NONE)
LIST = (list,)
OBJECT = (dict,)
MAYBE_OBJECT = (dict, NONE)
MAYBE_LIST = (list, NONE)
FLAG = (bool,)
MAYBE_FLAG = (bool, NONE)

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

# Fields of slow callbacks and of slow iterations that explain them.
REASONS = {"time": OBJECT, "blocked": LIST, "samples": LIST, "gil": MAYBE_OBJECT}
EXCEPTION = {"type": TEXT, "message": TEXT}
LOST_KINDS = ("never_awaited", "exception_never_retrieved", "destroyed_pending",
              "pending_at_close", "closed_loop", "no_running_loop", "wrong_thread", "other_loop")
CAUSES = ("on_cpu", "blocked", "gil", "run_queue", "gc")
FRAME_KINDS = ("python", "native", "kernel")

REQUIRED = {
    "header": {"version": TEXT, "tool": TEXT, "mode": TEXT, "threshold_ns": NUMBER,
               "start_ns": NUMBER, "start_unix_ns": NUMBER, "host": TEXT},
    "loop": {"loop_id": NUMBER, "pid": NUMBER, "tid": NUMBER, "comm": TEXT, "runtime": TEXT,
             "runtime_version": TEXT, "exe": TEXT, "container": MAYBE_TEXT,
             "unit": MAYBE_TEXT, "pod": MAYBE_TEXT, "host": MAYBE_TEXT},
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
                     "callbacks": NUMBER, "slow_callbacks": NUMBER, "untold": NUMBER,
                     "untold_iterations": NUMBER, "traced_ns": NUMBER, "iteration": OBJECT},
    "callback_summary": {"loop_id": NUMBER, "kind": TEXT, "name": TEXT, "file": MAYBE_TEXT,
                         "line": MAYBE_NUMBER, "count": NUMBER, "slow": NUMBER, "run": OBJECT,
                         "queue": MAYBE_OBJECT},
    "lost": {"loop_id": NUMBER, "time_ns": NUMBER, "kind": TEXT, "name": MAYBE_TEXT,
             "file": MAYBE_TEXT, "line": MAYBE_NUMBER, "task": MAYBE_TEXT,
             "task_id": MAYBE_TEXT, "exception": MAYBE_OBJECT, "created_at": MAYBE_OBJECT,
             "stack": MAYBE_LIST, "pid": NUMBER, "tid": NUMBER, "parked": MAYBE_OBJECT,
             "late_ns": MAYBE_NUMBER, "noticed": MAYBE_FLAG, "loop_stack": MAYBE_LIST},
    "lost_summary": {"loop_id": NUMBER, "kind": TEXT, "name": MAYBE_TEXT, "file": MAYBE_TEXT,
                     "line": MAYBE_NUMBER, "count": NUMBER, "place": MAYBE_OBJECT,
                     "created_at": MAYBE_OBJECT, "exception": MAYBE_OBJECT},
    "task_summary": {"loop_id": NUMBER, "name": TEXT, "file": MAYBE_TEXT, "line": MAYBE_NUMBER,
                     "returned": NUMBER, "raised": NUMBER, "cancelled": NUMBER,
                     "destroyed": NUMBER, "life": OBJECT, "running": OBJECT, "queued": OBJECT,
                     "waiting": OBJECT},
    "self": {"wall_ns": NUMBER, "cpu_ns": NUMBER, "probe_hits": NUMBER, "probe_ns": NUMBER,
             "hook_hits": NUMBER, "hook_ns": NUMBER, "bursts": NUMBER, "attach_failures": NUMBER,
             "resident_bytes": NUMBER, "map_bytes": NUMBER, "targets": NUMBER, "loops": NUMBER,
             "frequency": NUMBER, "budget_ppm": NUMBER},
    "limited": {"pid": NUMBER, "comm": MAYBE_TEXT, "unit": MAYBE_TEXT, "events": NUMBER,
                "loops": NUMBER, "callbacks": NUMBER, "causes": NUMBER},
    "footer": {"end_ns": NUMBER, "reason": TEXT, "lost_events": NUMBER},
}


# Records of `loopprof tasks`; its loop records are those of other runs.
TASK = {"loop_id": NUMBER, "task": TEXT, "task_id": TEXT, "state": TEXT, "name": TEXT,
        "file": MAYBE_TEXT, "line": MAYBE_NUMBER, "parked": MAYBE_OBJECT,
        "since_ns": MAYBE_NUMBER, "awaits": MAYBE_OBJECT, "awaited_by": LIST,
        "await_chain": LIST, "exception": MAYBE_OBJECT, "partial": FLAG, "holds": LIST,
        "created_at": MAYBE_OBJECT, "cut": FLAG}
AWAITS = {"kind": TEXT, "class": TEXT, "id": TEXT, "detail": MAYBE_TEXT}
GROWING = {"name": TEXT, "file": MAYBE_TEXT, "line": MAYBE_NUMBER, "created_at": MAYBE_OBJECT,
           "count": NUMBER, "grown_by": NUMBER, "since_ns": NUMBER}
TASK_STATES = ("running", "ready", "waiting", "cancelling", "done")
AWAIT_KINDS = ("task", "future", "lock", "queue", "timer", "socket", "other")
TASKS_REQUIRED = {
    "header": {"version": TEXT, "tool": TEXT, "start_ns": NUMBER, "start_unix_ns": NUMBER,
               "host": TEXT},
    # A loop that does not run has no thread.
    "loop": dict(REQUIRED["loop"], tid=MAYBE_NUMBER),
    "task": TASK,
    "deadlock": {"loop_id": NUMBER, "tasks": LIST, "names": LIST},
    "tasks_change": {"pid": NUMBER, "time_ns": NUMBER, "born": LIST, "ended": LIST,
                     "growing": LIST, "unchanged": LIST},
    "footer": {"end_ns": NUMBER, "reason": TEXT, "lost_events": NUMBER, "partial": FLAG,
               "paused_ns": MAYBE_NUMBER},
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
    """The nested objects of a breakdown."""
    yield "time", record["time"], TIMES
    for key, wanted in (("samples", SAMPLE), ("blocked", BLOCKED)):
        for entry in record[key]:
            yield key, entry, wanted
            yield from frames(f"{key} frame", entry.get("stack", ()))
    if record["gil"] is not None:
        yield "gil", record["gil"], HOLDER
        yield from frames("gil frame", record["gil"].get("stack", ()))


def lost(record):
    """The nested objects of a finding, or of a count of findings."""
    for key in ("created_at", "parked", "place"):
        if record.get(key) is not None:
            yield key, record[key], FRAME
    for key in ("stack", "loop_stack"):
        yield from frames(f"{key} frame", record.get(key) or ())
    if record["exception"] is not None:
        yield "exception", record["exception"], EXCEPTION


def task(record):
    for key in ("created_at", "parked"):
        if record[key] is not None:
            yield key, record[key], FRAME
    yield from frames("await_chain", record["await_chain"])
    if record["awaits"] is not None:
        yield "awaits", record["awaits"], AWAITS
    if record["exception"] is not None:
        yield "exception", record["exception"], EXCEPTION


def parts(record):
    """Yields each object and list inside a record, with the fields that it must have."""
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
    if kind in ("lost", "lost_summary"):
        yield from lost(record)
    if kind == "task":
        yield from task(record)
    if kind == "tasks_change":
        for group in record["growing"]:
            yield "growing", group, GROWING
    if kind == "task_summary":
        for key in ("life", "running", "queued", "waiting"):
            yield key, record[key], HIST


def words(record):
    """Words that tools may compare with are from a fixed set."""
    if record["type"] == "cause_summary":
        if record["cause"] not in CAUSES:
            yield f"cause_summary: cause {record['cause']!r}"
        if (record["syscall"] is not None) != (record["cause"] == "blocked"):
            yield f"cause_summary: syscall {record['syscall']!r} of {record['cause']}"
    if record["type"] == "task":
        if record["state"] not in TASK_STATES:
            yield f"task {record['task']}: state {record['state']!r}"
        if record["awaits"] and record["awaits"].get("kind") not in AWAIT_KINDS:
            yield f"task {record['task']}: awaits {record['awaits']}"
    if record["type"] in ("lost", "lost_summary") and record["kind"] not in LOST_KINDS:
        yield f"{record['type']}: kind {record['kind']!r}"
    for entry in record.get("samples", ()):
        if entry.get("cause") not in ("on_cpu", "gil", "run_queue"):
            yield f"{record['type']}: a sample's cause {entry.get('cause')!r}"
    for where, part, wanted in parts(record):
        if wanted is FRAME and part.get("kind") not in FRAME_KINDS:
            yield f"{record['type']} {where}: kind {part.get('kind')!r}"


def documented(records, required=REQUIRED):
    """Records have the documented fields; the first one is the header, the last one the footer."""
    order = [record["type"] for record in records.all]
    if order[:1] != ["header"] or order[-1:] != ["footer"]:
        yield f"begins with {order[:1]}, ends with {order[-1:]}"
    if records.all and not str(records.all[0].get("version")).startswith("1."):
        yield f"version {records.all[0].get('version')}"
    # Loop 0 has the callbacks that no loop had space for.
    known = {0}
    for record in records.all:
        wrong = list(fields(record["type"], record, required.get(record["type"], {})))
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
