"""Compares findings with the truth, and with the reports of the interpreter itself.

targets/losttruth.py describes the truth.  Each function yields complaints.
"""

import re
from collections import Counter

from . import schema
from .causes import is_at, places, wanted
from .checks import milliseconds, verify
from .processes import Failure

# These kinds are only detected if --find names them.
COSTLY = ("closed_loop", "wrong_thread")
# A finding has the time of its detection; the program knows only a span around it.
SLACK_NS = 50_000_000
# A message that was cut has at least this length.
LEAST_MESSAGE = 60
# The words of the interpreter's debug mode.
WARNING = re.compile(r"RuntimeWarning: coroutine '(.*)' was never awaited$", re.M)
TASK = re.compile(r"^Task (exception was never retrieved|was destroyed but it is pending)!?\n"
                  r"(?:source_traceback: .*\n(?: .*\n)*)?"
                  r"(?:future|task): <Task \w+ name='(.*?)'(?: coro=<(.*?)\(\))?(.*)", re.M)
FUTURE = re.compile(r"^Future exception was never retrieved\n"
                    r"(?:source_traceback: .*\n(?: .*\n)*)?"
                    r"future: <Future finished exception=(\w+)\(", re.M)
REFUSED = re.compile(r"^refused: (\S+) - Non-thread-safe operation", re.M)


def expected(truth, kinds=None):
    """The losses in the ground truth, all or those of some kinds."""
    rows = [fact["lost"] for fact in truth.facts if "lost" in fact]
    if kinds is None:
        return rows
    return [row for row in rows
            if row["kind"] in kinds and (row["needs"] is None or row["needs"] in kinds)]


def of(row):
    """Name, file and line of the finding's subject; null and an empty text mean the same."""
    return row["name"] or None, row["file"] or None, row["line"] or None


def own_frame(stack, file):
    """The innermost frame of the program itself; frames of asyncio may be above it."""
    for frame in stack or ():
        if frame["file"] == file:
            return frame
    return None


def describe(row):
    return f"{row['kind']} {row['name'] or ''} {row['task'] or ''}".strip()


def belongs(record, row):
    if record["kind"] != row["kind"]:
        return False
    # A finding about another thread has the name of the function that made the mistake.
    if row["name"] is not None and row["kind"] != "wrong_thread":
        return of(record) == of(row) and (record["task"] or None) == row["task"]
    frame = own_frame(record["stack"], row["at"]["file"])
    return (frame is not None and is_at(frame, row["at"])
            and (row["kind"] == "wrong_thread" or (record["task"] or None) == row["task"]))


# ---- each finding ----


def nameless(record, row):
    """A finding whose subject has no definition has the name of the place where it was lost."""
    if row["name"] is not None and (row["kind"] != "wrong_thread" or of(record) == of(row)):
        return
    if record["name"] and not any(
            (frame["function"], frame["file"], frame["line"]) == of(record)
            for frame in record["stack"] or ()):
        yield f"{describe(row)} goes by the name {of(record)}, at {places(record['stack'] or [])}"


def place(record, row):
    if row["at"] is None:
        return
    frame = own_frame(record["stack"], row["at"]["file"])
    # The method of a coroutine may end with the same line.
    if frame is None or not is_at(frame, row["at"]):
        yield f"{describe(row)}: lost at {places(record['stack'] or [])}, not {wanted(row['at'])}"
    elif record["stack"][0] is not frame and not any(
            part in record["stack"][0]["file"] for part in ("/asyncio/", "/selectors", "/uvloop/")):
        yield f"{describe(row)}: lost at {places(record['stack'])}"


def exception(record, row):
    true, found = row["exception"], record["exception"]
    if true is None or (found is None and row["kind"] != "exception_never_retrieved"):
        return
    if found is None or found["type"] != true["type"]:
        yield f"{describe(row)}: exception {found}"
        return
    message = found["message"].rstrip("….")
    if message != true["message"] and not (
            len(message) >= LEAST_MESSAGE and true["message"].startswith(message)):
        yield f"{describe(row)}: message {found['message']!r}, not {true['message']!r}"


def origin(record, row, origins):
    """origins: whether they were requested; None: requested, but not available for coroutines."""
    made = record["created_at"]
    if origins is False:
        if made is not None:
            yield f"{describe(row)} has an unexpected origin: {places([made])}"
        return
    if made is None:
        a_coroutine = row["kind"] == "never_awaited"
        if row["made"] and row["kind"] not in ("wrong_thread", "other_loop") and not (
                a_coroutine and origins is None):
            yield f"{describe(row)}: not known where it was made"
    elif row["made"] and not is_at(made, row["made"]):
        yield f"{describe(row)}: made at {places([made])}, not {wanted(row['made'])}"


def time_and_thread(record, row, pid):
    # The PID of a command is not known to the process that starts loopprof.
    pid = pid or record["pid"]
    if (record["pid"], record["tid"]) != (pid, row["tid"]):
        yield (f"{describe(row)} in thread {record['tid']} of {record['pid']}, "
               f"not {row['tid']} of {pid}")
    first, last = row["moments"]
    if last > first and not first - SLACK_NS <= record["time_ns"] <= last + SLACK_NS:
        yield f"{describe(row)}: {milliseconds(record['time_ns'] - first)} after it happened"


def lateness(record, row):
    if row["kind"] != "wrong_thread":
        return
    earliest, latest = row["late_ns"]
    if not record["noticed"]:
        yield f"{describe(row)}: not noticed"
    elif not earliest - SLACK_NS <= record["late_ns"] <= latest + SLACK_NS:
        yield (f"{describe(row)}: noticed after {milliseconds(record['late_ns'])}, "
               f"not {milliseconds(latest)}")
    # The loop sleeps in its poll, whose frames are the same for all loops, and left out.  A loop of
    # uvloop has no frames, so that its place is the function that runs the loop.
    loop = record["loop_stack"] or []
    if not loop or loop[0]["function"].rpartition(".")[2] != "select" and not (
            loop[0]["file"].endswith("asyncio/runners.py")):
        yield f"{describe(row)}: meanwhile the loop was at {places(loop)}"


def finding(record, row, pid, origins):
    yield from nameless(record, row)
    yield from place(record, row)
    yield from exception(record, row)
    yield from origin(record, row, origins)
    yield from time_and_thread(record, row, pid)
    yield from lateness(record, row)
    yield from parked(record, row)


def parked(record, row):
    found = record["parked"]
    if row["parked"] is None or row["kind"] == "wrong_thread":
        return
    if found is None:
        # The collector may end the coroutine before the task, and then its frame does not exist.
        if row["kind"] != "destroyed_pending":
            yield f"{describe(row)}: not known where it is parked"
    elif not is_at(found, row["parked"]):
        yield f"{describe(row)}: parked at {places([found])}, not {wanted(row['parked'])}"


# ---- all of them ----


def every_finding(records, truth, pid, kinds=None, origins=False):
    """Each loss is found as often as it was made, and there are no other findings."""
    rows = expected(truth, kinds)
    if not rows:
        yield "the target lost nothing"
    found = records.of("lost")
    for row in rows:
        mine = [record for record in found if belongs(record, row)]
        if not row.get("least", row["count"]) <= len(mine) <= row["count"]:
            yield f"{describe(row)}: reported {len(mine)} times, not {row['count']}"
        for record in mine:
            yield from finding(record, row, pid, origins)
    for record in found:
        if not any(belongs(record, row) for row in rows):
            yield (f"invented: {describe(record)} {record['file']}:{record['line']} "
                   f"{record['exception']} at {places(record['stack'] or [])}")


def summaries(records):
    """The summaries' counts are the numbers of findings."""
    lines = Counter((record["kind"], *of(record)) for record in records.of("lost"))
    summed = Counter()
    for record in records.final("lost_summary"):
        summed[(record["kind"], *of(record))] += record["count"]
    for key in lines.keys() | summed.keys():
        if lines[key] != summed[key]:
            yield f"{key} reported {lines[key]} times, {summed[key]} in the summary"


def nothing(records):
    for record in records.of("lost") + records.of("lost_summary"):
        yield (f"invented: {record['kind']} {record['name']} {record['file']}:{record['line']} "
               f"{record['exception']} at {places(record.get('stack') or [])}")


# ---- what the interpreter says ----


def by_interpreter(text, rows):
    """Counts the reports of debug mode and of the loop's exception handler on stderr."""
    said = Counter()
    for name in WARNING.findall(text):
        said["never_awaited", name, None, None] += 1
    for what, task, name, rest in TASK.findall(text):
        if what.startswith("was"):
            said["destroyed_pending", name, task, None] += 1
        else:
            error = re.search(r" exception=(\w+)\(", rest)
            said["exception_never_retrieved", name or None, task, error and error.group(1)] += 1
    for error in FUTURE.findall(text):
        said["exception_never_retrieved", None, None, error] += 1
    refused = {row["refused"]: row for row in rows if "refused" in row}
    for name in REFUSED.findall(text):
        said["wrong_thread", refused[name]["at"]["function"], None, None] += 1
    return said


def by_loopprof(records, rows):
    """Counts findings in the same way, without those that the interpreter does not report."""
    found = Counter()
    for record in records.of("lost"):
        row = next((row for row in rows if belongs(record, row)), None)
        if row is None:
            found[record["kind"], record["name"], record["task"], None] += 1
        elif row["reported"]:
            found[reported_as(row, record["exception"])] += 1
    return found


def reported_as(row, error):
    """Kind, name, task and exception, as far as the interpreter reports them."""
    kind = row["kind"]
    if kind == "wrong_thread":
        return kind, row["at"]["function"], None, None
    return (kind, row["name"], row["task"] if kind != "never_awaited" else None,
            error["type"] if kind == "exception_never_retrieved" and error else None)


def same_as_interpreter(records, truth, text):
    rows = expected(truth)
    said = by_interpreter(text, rows)
    if sum(said.values()) < 30:
        raise Failure(f"the interpreter reports no more than {said}: {text[:2000]!r}")
    found = by_loopprof(records, rows)
    for key in sorted(said.keys() | found.keys(), key=str):
        if said[key] != found[key]:
            yield f"the interpreter reports {key} {said[key]} times, loopprof {found[key]}"


# ---- lifetimes ----


def within(what, value, least, most):
    if not least <= value <= most:
        yield f"{what}: {milliseconds(value)}, not {milliseconds(least)} to {milliseconds(most)}"


def lifetimes(records, truth):
    """The number of tasks by outcome, and the parts of their lifetimes."""
    for fact in truth.facts:
        if "life" not in fact:
            continue
        true = fact["life"]
        matching = [record for record in records.final("task_summary") if of(record) == of(true)]
        if len(matching) != 1:
            yield f"{len(matching)} summaries of the tasks of {true['name']}"
            continue
        (record,) = matching
        outcomes = ("returned", "raised", "cancelled")
        said = [record[key] for key in (*outcomes, "destroyed")]
        if said != [*[true[key] for key in outcomes], 0]:
            yield f"{true['name']}: {outcomes} and destroyed are {said}"
        yield from life(record, true)


def life(record, true):
    count = len(true["life_ns"])
    for part in ("life", "running", "queued", "waiting"):
        if record[part]["count"] != count:
            yield f"{true['name']}: {record[part]['count']} of {count} tasks in {part}"
            return
    slack = count * 5_000_000
    total = {part: record[part]["sum_ns"] for part in ("life", "running", "queued", "waiting")}
    name = true["name"]
    yield from within(f"lifetimes of {name}", total["life"], sum(true["life_ns"]) - slack,
                      sum(true["life_ns"]) + slack)
    yield from within(f"running of {name}", total["running"], sum(true["running_ns"]) * 0.9,
                      sum(true["running_ns"]) * 1.2 + slack)
    waited = sum(true["waiting_ns"])
    # A task that is ready waits for its turn, which the program cannot separate from waiting.
    yield from within(f"waiting of {name}", total["waiting"], waited - total["queued"] - slack,
                      waited + slack)
    parts = total["running"] + total["queued"] + total["waiting"]
    yield from within(f"parts of the lifetimes of {name}", parts, total["life"] * 0.98 - 1000,
                      total["life"] * 1.02 + 1000)


def check(case, records, truth, pid, kinds=None, origins=False):
    """Checks everything about the findings of one run."""
    verify(schema.documented(records))
    verify(every_finding(records, truth, pid, kinds, origins), summaries(records))
