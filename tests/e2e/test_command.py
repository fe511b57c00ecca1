"""loopprof -- COMMAND."""

import os
import signal
import time

from lib import checks, schema
from lib.truth import Truth
from lib.case import NOBODY, on_every_python, patient
from lib.checks import verify
from lib.processes import Failure, wait_until


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


# Handles the signals that it is given, and ends some time after one with status 9.
HANDLES = ("import asyncio, os, signal, sys\n"
           "async def main():\n"
           "    ended = asyncio.Event()\n"
           "    for name in sys.argv[3:]:\n"
           "        asyncio.get_running_loop().add_signal_handler("
           "getattr(signal, name), ended.set)\n"
           "    print(os.getpid(), file=open(sys.argv[1], 'w'), flush=True)\n"
           "    await ended.wait()\n"
           "    await asyncio.sleep(float(sys.argv[2]))\n"
           "    os._exit(9)\n"
           "asyncio.run(main())\n")
WAITS = "loopprof waits for its exit status"


def begin(case, *options, lasts_s=0.5, handles=("SIGTERM", "SIGINT", "SIGHUP"), **how):
    """Profiles a command that goes on until a signal.  Returns loopprof and the command's PID."""
    pid_path = case.path("pid")
    command = case.interpreter.command("-c", HANDLES, pid_path, str(lasts_s), *handles)
    profiler = case.profile("-t", "100ms", *options, "--", *command, **how)
    wait_until(lambda: os.path.exists(pid_path) and open(pid_path, encoding="ascii").read().strip(),
               "the command runs")
    with open(pid_path, encoding="ascii") as file:
        return profiler, int(file.read())


def is_running(pid):
    return os.path.exists(f"/proc/{pid}")


def test_signal_to_loopprof_alone_is_forwarded(case):
    """The command ends as it wants to; the summary is out, and the status is the command's."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        profiler, pid = begin(case)
        profiler.wait_for_text(f"pid {pid} (")
        profiler.signal(number)
        result = profiler.finish().expect(9)
        if is_running(pid) or "loop busy" not in result.out:
            raise Failure(f"{number}: {result.out!r}, {result.err!r}")


def test_signal_is_forwarded_to_a_command_of_another_user(case):
    profiler, pid = begin(case, env=dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY),
                                         SUDO_USER="nobody"), lasts_s=0)
    profiler.wait_for_text(f"pid {pid} (")
    profiler.signal(signal.SIGTERM)
    profiler.finish().expect(9)
    if is_running(pid):
        raise Failure("the command goes on")


def test_command_that_outlives_the_run(case):
    """That loopprof waits is said once the summary is out; a signal is then forwarded as well."""
    profiler, pid = begin(case, "-d", "1")
    profiler.wait_for_text(WAITS)
    if not is_running(pid):
        raise Failure("the command has ended with the run")
    profiler.signal(signal.SIGHUP)
    result = profiler.finish().expect(9)
    if "loop busy" not in result.out:
        raise Failure(result.out)


def test_second_signal_ends_loopprof_alone(case):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        profiler, pid = begin(case, lasts_s=60)
        profiler.wait_for_text(f"pid {pid} (")
        profiler.signal(number)
        profiler.wait_for_text("has not ended 2 s after")
        profiler.signal(number)
        profiler.finish().expect(-number)
        if not is_running(pid):
            raise Failure("the command has ended with loopprof")
        os.kill(pid, signal.SIGKILL)


def test_signal_for_a_command_that_is_stopped(case):
    """It is continued, as it could not end otherwise."""
    profiler, pid = begin(case, "-d", "1", lasts_s=0)
    profiler.wait_for_text(WAITS)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.3)
    profiler.signal(signal.SIGTERM)
    profiler.finish().expect(9)
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
