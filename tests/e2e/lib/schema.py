"""The JSON lines as they are documented: fields, their types, and which must be there."""

NUMBER = (int,)
TEXT = (str,)
NONE = type(None)
MAYBE_TEXT = (str, NONE)
MAYBE_NUMBER = (int, NONE)
LIST = (list,)
OBJECT = (dict,)
MAYBE_OBJECT = (dict, NONE)

FRAME = {"function": TEXT, "file": MAYBE_TEXT, "line": MAYBE_NUMBER, "kind": TEXT}
HIST = {"count": NUMBER, "sum_ns": NUMBER, "min_ns": NUMBER, "max_ns": NUMBER,
        "p50_ns": NUMBER, "p90_ns": NUMBER, "p99_ns": NUMBER, "scale": NUMBER,
        "zero_count": NUMBER, "offset": NUMBER, "buckets": LIST}
CALLBACK = {"kind": TEXT, "name": TEXT, "file": MAYBE_TEXT, "line": MAYBE_NUMBER,
            "task": MAYBE_TEXT, "task_id": MAYBE_TEXT}

REQUIRED = {
    "header": {"version": TEXT, "tool": TEXT, "mode": TEXT, "threshold_ns": NUMBER,
               "start_ns": NUMBER, "start_unix_ns": NUMBER, "host": TEXT},
    "loop": {"loop_id": NUMBER, "pid": NUMBER, "tid": NUMBER, "comm": TEXT, "runtime": TEXT,
             "runtime_version": TEXT, "exe": TEXT, "container": MAYBE_TEXT},
    "slow_callback": {"loop_id": NUMBER, "start_ns": NUMBER, "duration_ns": NUMBER,
                      "in_progress": (bool,), "callback": OBJECT},
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


def parts(record):
    """Objects and lists inside a record, with what they must hold."""
    kind = record["type"]
    if kind == "slow_callback":
        yield "callback", record["callback"], CALLBACK
        for key in ("samples", "blocked"):
            for entry in record.get(key) or []:
                for frame in entry["stack"]:
                    yield f"{key} frame", frame, FRAME
    if kind == "loop_summary":
        yield "iteration", record["iteration"], HIST
    if kind == "callback_summary":
        yield "run", record["run"], HIST
        if record["queue"] is not None:
            yield "queue", record["queue"], HIST


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
