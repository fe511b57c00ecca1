"""The times of a loop add up to its whole window, whatever it did in it.

Shares are compared rather than times, which depend on the machine.
"""

from lib import checks, schema
from lib.case import THRESHOLD_NS, Late, each
from lib.checks import verify
from lib.processes import Failure
from lib.uvloops import is_host, with_uvloop

MODES = {"traced": ["-m", "trace"], "sampled": ["-m", "sample"], "in bursts": ["--budget", "5%"]}
# Share of a window for work beside the stalls, and for delays on a busy machine.
BESIDE = 0.1


def with_some(interpreter):
    """The host's Python, the oldest one, and one whose frames and contexts differ from both."""
    return is_host(interpreter) or (not interpreter.root
                                    and interpreter.version[:2] in ((3, 8), (3, 13)))


def runtimes(case):
    """The ways to run a target: by asyncio, and by uvloop if the host's Python has it."""
    yield "asyncio", ()
    if is_host(case.interpreter):
        case.interpreter = with_uvloop(case.interpreter)
        yield "uvloop", ("onuvloop.py",)


def start(case, prefix, how):
    return case.start(*prefix, "windows.py", how)


def whole(loop):
    """Busy and idle time add up to the window, and the utilization follows from them."""
    parts = loop["busy_ns"] + loop["idle_ns"]
    if parts != loop["wall_ns"]:
        yield f"busy {loop['busy_ns']} and idle {loop['idle_ns']} of {loop['wall_ns']} ns"
    if abs(loop["utilization"] - loop["busy_ns"] / max(parts, 1)) > 1e-6:
        yield f"utilization {loop['utilization']} of {loop}"


def of_all(case, modes, *arguments, how, act=lambda target: None):
    """The records of a run, for each mode and runtime."""
    for runtime, prefix in runtimes(case):
        for name in modes:
            target = start(case, prefix, how)
            profiler = case.profile("-p", str(target.pid), "-t", "100ms", "-j", *MODES[name],
                                    *arguments)
            profiler.wait_for("loop", pid=target.pid)
            # what the loop did at that moment has been read by now
            profiler.wait_for_text("Ctrl-C ends")
            act(target)
            records = profiler.finish().expect(0).records
            verify(schema.documented(records))
            for loop in records.of("loop_summary"):
                if loop["loop_id"]:
                    verify(f"{runtime} {name}: {text}" for text in whole(loop))
            yield f"{runtime} {name}", target, records
            target.kill()


def summary(records):
    (loop,) = records.final("loop_summary")
    return loop


@each(with_some)
def test_loop_that_never_wakes_up(case):
    for what, _, records in of_all(case, MODES, "-d", "1", how="never_wakes"):
        loop = summary(records)
        if loop["wall_ns"] < 900_000_000 or loop["utilization"] > BESIDE:
            raise Failure(f"{what}: {loop}")


def test_idle_loop_is_shown_as_long_as_it_was_watched(case):
    """The text of a summary, whose first line shows the window."""
    target = start(case, (), "never_wakes")
    result = case.run("-p", str(target.pid), "-d", "1").expect(0)
    if "\n0." in result.out or "s, idle" not in result.out:
        raise Failure(f"an idle loop is shown as {result.out!r}")


@each(with_some)
def test_share_of_one_stall(case):
    for what, target, records in of_all(case, MODES, "-d", "2", how="one_stall",
                                        act=lambda target: target.go()):
        (stall,) = case.truth(target).stalls
        loop = summary(records)
        least = stall["duration_ns"] / loop["wall_ns"]
        if not least <= loop["utilization"] <= least + BESIDE:
            raise Failure(f"{what}: busy {loop['utilization']}, at least {least:.3f}")
        if loop["slow_callbacks"] != 1:
            raise Failure(f"{what}: {loop['slow_callbacks']} slow callbacks")


def test_intervals_split_a_stall(case):
    """Each interval has its own part of the stall; the sum is the whole stall."""
    for what, _, records in of_all(case, ["traced", "sampled"], "-d", "3", "-i", "0.4",
                                   how="one_stall", act=lambda target: target.go()):
        # Summaries of intervals have the counts up to then.
        states = [loop for loop in records.of("loop_summary")]
        busy = [new["busy_ns"] - old["busy_ns"] for old, new in zip(states, states[1:])]
        wall = [new["wall_ns"] - old["wall_ns"] for old, new in zip(states, states[1:])]
        busy.insert(0, states[0]["busy_ns"])
        wall.insert(0, states[0]["wall_ns"])
        if any(not 0 <= part <= of for part, of in zip(busy, wall)):
            raise Failure(f"{what}: busy {busy} of {wall}")
        # A second touches at least three intervals of 0.4 s, or two that ended late.
        if len([part for part, of in zip(busy, wall) if part > of * BESIDE]) < 2:
            raise Failure(f"{what}: busy {busy} of {wall}")


def at_intervals(records, kind):
    """The lines of each interval, which have the counts up to then, by its instant."""
    lines = {}
    for record in records.of(kind):
        if "now_ns" in record:
            lines.setdefault(record["now_ns"], []).append(record)
    return lines


def test_interval_has_what_lasts_at_its_end(case):
    """The stall counts as slow once, and each interval has its own part of the lost time."""
    for what, _, records in of_all(case, ["traced"], "-d", "3", "-i", "0.5", how="lasts",
                                   act=lambda target: target.go()):
        causes = at_intervals(records, "cause_summary")
        late = [(now, loop) for now, (loop,) in at_intervals(records, "loop_summary").items()
                if loop["busy_ns"] > 2 * THRESHOLD_NS]
        if len(late) < 3:
            raise Late(f"{what}: {len(late)} intervals in the stall")
        for now, loop in late:
            blocked = [cause["total_ns"] for cause in causes.get(now, ())
                       if cause["cause"] == "blocked"]
            if abs(sum(blocked) - loop["busy_ns"]) > loop["busy_ns"] * BESIDE:
                raise Failure(f"{what}: blocked {blocked} of {loop['busy_ns']} ns busy")
            if loop["slow_callbacks"] != 1:
                raise Failure(f"{what}: {loop['slow_callbacks']} slow callbacks")
        waits = [cause["count"] for cause in records.final("cause_summary")
                 if cause["cause"] == "blocked"]
        if sum(waits) != len(waits):
            raise Failure(f"{what}: one wait is counted as {waits}")


def test_interval_of_a_stall_is_not_idle(case):
    """The text of each interval, for people."""
    target = start(case, (), "lasts")
    profiler = case.profile("-p", str(target.pid), "-t", "100ms", "-d", "3", "-i", "0.5")
    profiler.wait_for_text("Ctrl-C ends")
    target.go()
    result = profiler.finish().expect(0)
    heads = [line for line in result.out.splitlines() if "thread" in line or " s, " in line]
    if any("idle" in line for line in heads[-3:]) or not heads:
        raise Failure(f"a stall is shown as {heads}")


def lasting(records):
    """A callback that lasts at the end counts as slow in each table, with its duration so far."""
    loop = summary(records)
    reports = [record for record in records.of("slow_callback") if record["in_progress"]]
    if loop["slow_callbacks"] != 1 or not reports:
        yield f"{loop['slow_callbacks']} slow callbacks, {len(reports)} reports"
        return
    longest = max(report["duration_ns"] for report in reports)
    rows = [row for row in records.final("callback_summary") if row["slow"]]
    if len(rows) != 1:
        yield f"{len(rows)} callbacks were slow"
        return
    for name, ns in (("callback", rows[0]["run"]["max_ns"]), ("lag", loop["iteration"]["max_ns"])):
        if abs(ns - longest) > longest * BESIDE:
            yield f"{name} {ns}, last reported after {longest} ns"
    lost = sum(row["total_ns"] for row in records.final("cause_summary"))
    if lost < longest * (1 - BESIDE):
        yield f"causes have {lost} of {longest} ns"


@each(with_some)
def test_stall_that_lasts_at_the_end(case):
    for what, _, records in of_all(case, ["traced", "sampled"], "-d", "2", how="lasts",
                                   act=lambda target: target.go()):
        verify(f"{what}: {text}" for text in lasting(records))


@each(with_some)
def test_attached_to_a_spin(case):
    """A stack that changes while it is read does not make the loop idle."""
    for what, _, records in of_all(case, ["traced"], "-d", "1", how="spins_before"):
        loop = summary(records)
        if loop["utilization"] < 1 - BESIDE or loop["slow_callbacks"] != 1:
            raise Failure(f"{what}: {loop['utilization']}, {loop['slow_callbacks']} slow")


@each(with_some)
def test_attached_in_the_middle_of_a_callback(case):
    """The callback belongs to its loop, and has its name and its task's name."""
    for what, target, records in of_all(case, ["traced", "sampled"], "-d", "4",
                                        how="blocked_before"):
        expected = case.truth(target).fact("blocked")
        verify(checks.sums(records) if "traced" in what else ())
        if any(not record["loop_id"] for record in records.of("callback_summary")):
            raise Failure(f"{what}: a callback of no loop")
        (slow,) = records.slow()
        found = {key: slow["callback"][key] for key in ("name", "file", "line")}
        if found != {key: expected[key] for key in found} or slow["duration_ns"] < THRESHOLD_NS:
            raise Failure(f"{what}: {slow['callback']}, not {expected}")
        # In uvloop nothing on the stack refers to the task.
        if "asyncio" in what and slow["callback"]["task"] != expected["task"]:
            raise Failure(f"{what}: task {slow['callback']['task']!r}, not {expected['task']!r}")
