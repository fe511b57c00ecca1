"""Findings: what a program loses, and calls that it makes on the wrong loop."""

import re
import subprocess

from lib import checks, lost, schema
from lib.truth import Truth
from lib.case import ALL_ATTACHED, each, on_every_python
from lib.checks import verify
from lib.interpreters import HOST_PYTHON
from lib.processes import Failure, Process
from test_command import run_command
from test_refusals import refused

FREE = ("never_awaited", "exception_never_retrieved", "destroyed_pending", "pending_at_close",
        "no_running_loop", "other_loop")


def observe(case, *options, script="lost.py"):
    """Profiles the program that loses everything.  Returns records, truth and PID."""
    target = case.start_preferred(script)
    profiler = case.attach_all(target, *options)
    target.go()
    target.finish()
    return profiler.finish().expect(0).records, case.truth(target), target.pid


def in_debug_mode(case):
    """Starts the same program without loopprof, but with all of Python's own diagnostics."""
    command, _ = case.python("lost.py")
    executable = command.index(case.interpreter.executable)
    command[executable + 1:executable + 1] = ["-X", "dev", "-W", "always"]
    return case.own(Process(command, case.path("debug.err"), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL))


def knows_coroutines(case):
    """Whether the creation of coroutines can be probed.

    Debian's stripped 3.11 has no symbol for it.
    """
    return not (case.interpreter.executable == HOST_PYTHON
                and case.interpreter.version[:2] == (3, 11))


@on_every_python
def test_every_loss_is_found(case):
    """Each loss is found as often as it was made, and as debug mode reports it."""
    debug = in_debug_mode(case)
    records, truth, pid = observe(case, "--find", "all", "--origins")
    if debug.wait() != 0:
        raise Failure(f"in debug mode: {debug.errors()[-2000:]}")
    lost.check(case, records, truth, pid, origins=True if knows_coroutines(case) else None)
    verify(lost.same_as_interpreter(records, truth, debug.errors()))


@on_every_python
def test_nothing_is_found_where_nothing_is_lost(case):
    """No finding in a clean program; the lifetimes of its tasks and their parts are right."""
    records, truth, _ = observe(case, "--find", "all", "--origins", "--lifetimes",
                                script="clean.py")
    verify(schema.documented(records), checks.sums(records))
    verify(lost.nothing(records), lost.lifetimes(records, truth))


@each(lambda interpreter: interpreter.version[:2] == (3, 8)
      or interpreter.executable == HOST_PYTHON)
def test_losses_in_sample_mode(case):
    """Without a probe in the loop, the kinds that cost nothing are still found."""
    records, truth, pid = observe(case, "-m", "sample")
    lost.check(case, records, truth, pid, kinds=FREE)


def test_what_sample_mode_cannot_find(case):
    refused(case.run("-p", "1", "-m", "sample", "--find", "wrong_thread"), 2, "probe")
    refused(case.run("-p", "1", "--find", "nonsense"), 2, "nonsense")


def test_costly_kinds_are_found_if_asked_for(case):
    """Each costly kind alone, together with the default ones."""
    for kind in lost.COSTLY:
        records, truth, pid = observe(case, "--find", kind)
        lost.check(case, records, truth, pid, kinds=(*FREE, kind))


def test_no_kind_is_found_if_none_is_enabled(case):
    records, _, _ = observe(case, "--find", "none")
    verify(schema.documented(records), lost.nothing(records))


def test_destroyed_tasks_have_a_life(case):
    records, truth, _ = observe(case, "--lifetimes")
    for row in lost.expected(truth, ("destroyed_pending",)):
        # This task's loop never ran, so loopprof does not know it.
        if row["name"] == "destroyed_unbegun":
            continue
        ended = [record for record in records.final("task_summary")
                 if lost.of(record) == lost.of(row)]
        if [record["destroyed"] for record in ended] != [1]:
            raise Failure(f"{lost.describe(row)}: {ended}")


def test_losses_in_a_capture(case):
    """A capture has the findings, and the report is that of a live run."""
    capture = case.path("capture.lpc")
    target = case.start("lost.py")
    profiler = case.profile("record", "-o", capture, "-p", str(target.pid), "--find", "all",
                            "--origins", "-v")
    profiler.wait_for_text(ALL_ATTACHED)
    target.go()
    target.finish()
    profiler.finish().expect(0)
    records = case.run("report", "-j", capture).expect(0).records
    lost.check(case, records, case.truth(target), target.pid,
               origins=True if knows_coroutines(case) else None)


@each(lambda interpreter: interpreter.version[:2] == (3, 12)
      or not interpreter.root and interpreter.executable == HOST_PYTHON)
def test_losses_of_a_command(case):
    """Losses are found from the first one on."""
    command, truth_path = case.python("lost.py")
    records = run_command(case, command, "--find", "all").expect(0).records
    lost.check(case, records, Truth(truth_path), None)


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 13))
      and interpreter.executable != HOST_PYTHON)
def test_origins_in_a_command(case):
    """Creation sites are found although the interpreter is being loaded at the first scan."""
    command, truth_path = case.python("lost.py")
    result = run_command(case, command, "--find", "all", "--origins").expect(0)
    if "cannot find" in result.err:
        raise Failure(result.err)
    lost.check(case, result.records, Truth(truth_path), None, origins=True)


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 12)))
def test_nothing_is_found_in_a_clean_command(case):
    """The probes are right, whatever part of asyncio was loaded at the first scan."""
    command, _ = case.python("clean.py")
    records = run_command(case, command, "--find", "all").expect(0).records
    verify(schema.documented(records), lost.nothing(records))


def test_losses_as_text(case):
    """The text has a line for each kind, with names to search for; --explain adds explanations.

    All losses after the message that loopprof is attached are in it.
    """
    target = case.start("lost.py")
    profiler = case.profile("-p", str(target.pid), "--find", "all", "--explain")
    profiler.wait_for_text("Ctrl-C")
    target.go()
    target.finish()
    text = profiler.finish().expect(0).out
    missing = [row for row in lost.expected(case.truth(target))
               if row["name"] and not row.get("least") == 0 and row["name"] not in text]
    if missing:
        raise Failure(f"not in the text: {[lost.describe(row) for row in missing]}")
    for word in ("never awaited", "never retrieved", "käse ∑", "in vain", "lost.py"):
        if word not in text:
            raise Failure(f"{word!r} is not in the text: {text[:500]}")
    explained(text)


def explained(text):
    """There are sentences about each kind."""
    for title in ("never awaited", "never retrieved", "destroyed while pending",
                  "when its loop closed", "loop is closed", "no running loop", "wrong thread",
                  "another loop"):
        if title not in text:
            raise Failure(f"{title!r} is not explained: {text[-500:]}")
    if len(re.findall(r"\w{3,}\.\s", text)) < 8:
        raise Failure(f"no sentences: {text[-500:]}")


def test_explaining_alone(case):
    """--explain alone, without a target, explains each kind."""
    explained(case.run("--explain").expect(0).out)


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 13))
      or interpreter.executable == HOST_PYTHON)
def test_who_cancelled(case):
    """A task that ends as cancelled is reported with who cancelled it; one that survives is not."""
    target = case.start("cancels.py")
    profiler = case.attach_all(target, "--cancels", "-m", "sample")
    target.go()
    target.finish()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records))
    found = [record for record in records.of("lost") if record["kind"] == "cancelled"]
    if sorted(record["name"] for record in found) != ["handle"] * 3 + ["part"] * 6:
        raise Failure(f"cancelled were {[record['name'] for record in found]}")
    for record in found:
        lasted = record["time_ns"] - record["cancelled_ns"]
        if not 0 < lasted < 10**9:
            raise Failure(f"it ended {lasted} ns after the call: {record}")
        callers = [frame["function"] for frame in record["stack"]]
        passed_on = record["passed_on"] and record["passed_on"]["function"]
        if record["name"] == "handle":
            if callers[:2] != ["shut_down", "main"] or passed_on:
                raise Failure(f"handle was cancelled by shut_down, not {callers}, {passed_on}")
            message = record["exception"]["message"]
            if message != ("too slow" if case.interpreter.version[:2] > (3, 8) else ""):
                raise Failure(f"its message is {message!r}")
        # 3.12 and later: a timer of the loop cancels what the task waits for
        elif "time_out" not in callers and passed_on != "main":
            raise Failure(f"part was cancelled in time_out, not {callers}, {passed_on}")
