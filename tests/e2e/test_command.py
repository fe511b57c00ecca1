"""loopprof -- COMMAND."""

import os
import signal

from lib import checks, schema
from lib.truth import Truth
from lib.case import NOBODY, on_every_python, patient
from lib.checks import verify
from lib.processes import Failure


def run_command(case, command, *options, **environment):
    """Profiles a command that writes nothing to loopprof's stdout."""
    results = case.path("jsonl")
    result = case.run("-t", "100ms", "-j", "-o", results, *options, "--", *command,
                      results=results, env=dict(os.environ, **environment))
    return result


@on_every_python
@patient
def test_command_from_its_first_callback(case):
    """All callbacks of the command are counted; its first and its last one are slow."""
    command, truth_path = case.python("numbered.py")
    records = run_command(case, command).expect(0).records
    truth = Truth(truth_path)
    verify(schema.documented(records), checks.sums(records), checks.counts(records, truth))
    checks.stalls(records, truth, note=case.note)
    (loop,) = records.of("loop")
    if loop["pid"] != truth.fact("pid"):
        raise Failure(f"loop of {loop['pid']}, the command is {truth.fact('pid')}")


@patient
def test_command_behind_a_shell(case):
    """The shell stays the parent: its child is followed with -s, maybe after its first callback."""
    command, truth_path = case.python("load.py", "1")
    shell = ["sh", "-c", '"$@"; exit 6', "sh", *command]
    records = run_command(case, shell, "-s").expect(6).records
    verify(schema.documented(records), checks.sums(records))
    checks.stalls(records, Truth(truth_path), note=case.note)


def test_start_of_the_command_is_no_replacement(case):
    """That loopprof itself has made the process run the command is not reported."""
    command, _ = case.python("numbered.py")
    for options in ((), ("-s",), ("-m", "sample", "-s")):
        result = run_command(case, command, *options).expect(0)
        if "replaced" in result.err:
            raise Failure(f"{options}: {result.err}")


def test_status_of_the_command(case):
    command, _ = case.python("numbered.py", "7")
    records = run_command(case, command).expect(7).records
    if records.one("footer")["reason"] != "target_exited":
        raise Failure(f"the reason of the end is {records.one('footer')['reason']}")
    run_command(case, case.interpreter.command(
        "-c", "import os; os.kill(os.getpid(), 15)")).expect(128 + signal.SIGTERM)


def test_status_of_a_command_without_python(case):
    """A command that is not Python is not profiled, but loopprof still ends with its status."""
    for command, status in ((["sh", "-c", "exit 5"], 5), (["true"], 0),
                            (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM)):
        run_command(case, command).expect(status)


def test_command_that_cannot_be_run(case):
    """The exit status is that of shells, and one sentence says why."""
    for command, status in (("/nonexistent/command", 127), ("/etc/passwd", 126)):
        result = run_command(case, [command]).expect(status)
        if result.err.count("\n") != 1 or f"cannot start {command}: " not in result.err:
            raise Failure(f"stderr {result.err!r}")


def test_command_runs_as_the_caller_of_sudo(case):
    command, truth_path = case.python("numbered.py")
    result = run_command(case, command, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY),
                         SUDO_USER="nobody")
    result.expect(0)
    truth = Truth(truth_path)
    ids = [truth.fact(key) for key in ("uid", "gid", "groups")]
    if ids[:2] != [NOBODY, NOBODY] or 0 in ids[2]:
        raise Failure(f"uid, gid, groups: {ids}")
    verify(checks.counts(result.records, truth))


def test_command_keeps_its_descriptors_and_signals(case):
    """The command inherits no descriptor of loopprof, and no blocked or ignored signal."""
    state = case.path("state")
    script = ("import os, signal; "
              "fds = [int(fd) for fd in os.listdir('/proc/self/fd')]; "
              "extra = [fd for fd in fds if fd > 2 and os.path.exists('/proc/self/fd/%d' % fd)]; "
              "status = open('/proc/self/status').read(); "
              "masks = [line for line in status.splitlines() if line.startswith('SigBlk')]; "
              "handler = signal.getsignal(signal.SIGINT) is signal.default_int_handler; "
              f"print(extra, masks, handler, file=open({state!r}, 'w'))")
    run_command(case, case.interpreter.command("-c", script)).expect(0)
    with open(state, encoding="utf-8") as file:
        found = file.read().strip()
    if found != "[] ['SigBlk:\\t0000000000000000'] True":
        raise Failure(found)


def names(records, task):
    """Name, file name and function of the handler of the stall of a task."""
    (slow,) = [slow for slow in records.slow() if slow["callback"]["task"] == task]
    named = slow.get("handler", slow["callback"])
    function = named.get("function", named.get("name")).rpartition(".")[2]
    return function, os.path.basename(named["file"])


@on_every_python
def test_generated_code_is_the_programs_only_if_the_program_has_no_file(case):
    """The functions that dataclasses generates have the same file name as those of `python -c`."""
    command, truth_path = case.python("generated.py")
    script = os.path.join(os.path.dirname(truth_path), "targets", "generated.py")
    with open(script, encoding="utf-8") as file:
        text = file.read()
    typed = case.interpreter.command("-c", text, truth_path,
                                     os.path.join(os.path.dirname(script), "site-packages"))
    for file, started in (("generated.py", command), ("<string>", typed)):
        records = run_command(case, started).expect(0).records
        verify(schema.documented(records))
        if names(records, "handler") != ("handler", file):
            raise Failure(f"{file}: the handler is {names(records, 'handler')}")
        if file != "<string>" and names(records, "dataclass") != ("make", "records.py"):
            raise Failure(f"{file}: the dataclass is {names(records, 'dataclass')}")
