"""What cannot be done is refused at once, with a sentence that helps."""

import os
import shutil
import subprocess
import sys
import time

from lib.case import NOBODY, each
from lib.checks import verify
from lib.processes import Failure, Process

AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
TRACES = ("Traceback", "Segmentation", "libbpf:", "core dumped")


def refused(result, status, *words):
    """The run ended with this status, and stderr is short and contains one of the words."""
    if result.status != status:
        raise Failure(f"{result.command}: status {result.status}, not {status}: {result.err!r}")
    if not result.err.strip():
        raise Failure(f"{result.command}: says nothing")
    for trace in TRACES:
        if trace in result.err:
            raise Failure(f"{result.command}: {result.err!r}")
    if words and not any(word.lower() in result.err.lower() for word in words):
        raise Failure(f"{result.command}: stderr {result.err!r} has none of {words}")


def sleeper(case, command):
    """A process that is not a target: it only sleeps."""
    process = Process(command, case.path("sleeper"), stdin=subprocess.DEVNULL,
                      stdout=subprocess.DEVNULL)
    case.own(process)
    time.sleep(0.5)
    return process


def test_wrong_usage(case):
    wrong = []
    for arguments in ([], ["-p"], ["-p", "abc"], ["-p", "0"], ["-p", "-1"], ["-p", "1,"],
                      ["--nonsense"], ["-p", "1", "-d", "-1"], ["-p", "1", "-d", "soon"],
                      ["-p", "1", "-t", "fast"], ["-p", "1", "-t", "-5ms"],
                      ["-p", "1", "-f", "nonsense"], ["-p", "1", "-i", "0"], ["nonsense"],
                      ["--"], ["-p", "1", "-a"], ["-p", "1", "--", "true"], ["report"],
                      ["-p", "99999999999999999999"]):
        result = case.run(*arguments)
        try:
            refused(result, 2)
        except Failure as failure:
            wrong.append(str(failure))
        if result.out:
            wrong.append(f"{arguments}: stdout {result.out[:200]!r}")
    verify(wrong)


def test_no_such_process(case):
    refused(case.run("-p", "4194303", "-d", "5"), 1, "4194303")


def test_kernel_thread(case):
    refused(case.run("-p", "2", "-d", "5"), 1, "2")


def test_not_python(case):
    process = sleeper(case, ["sleep", "60"])
    refused(case.run("-p", str(process.pid), "-d", "5"), 1, "python", "event loop", "asyncio")


@each(lambda interpreter: not interpreter.supported)
def test_python_that_is_not_supported(case):
    """The message names the supported versions."""
    process = sleeper(case, case.interpreter.command("-c", "import time; time.sleep(60)"))
    refused(case.run("-p", str(process.pid), "-d", "5"), 1, "3.8 to 3.")


def copy_for_nobody(case):
    """A copy of loopprof that every user can run: the checkout may be readable for root only."""
    copy = case.path("loopprof")
    shutil.copy(case.loopprof, copy)
    os.chmod(copy, 0o755)
    return copy


def test_not_root(case):
    """One sentence names what would help."""
    target = case.start("idle.py", user=NOBODY, group=NOBODY, extra_groups=[])
    case.loopprof = copy_for_nobody(case)
    result = case.run("-p", str(target.pid), "-d", "5", prefix=AS_NOBODY)
    refused(result, 1, "root", "sudo", "CAP_")


# Runs a program under a filter that answers process_vm_readv() with EPERM, as Yama and the filters
# of containers do: the mappings of a process can be read, but not its memory.
WITHOUT_MEMORY = """
import ctypes, os, struct, sys
code = b"".join(struct.pack("HBBI", *line) for line in
                ((0x20, 0, 0, 0), (0x15, 0, 1, 310), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000)))
lines = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxQ", 4, ctypes.addressof(lines))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit(99)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_memory_that_must_not_be_read(case):
    """A process whose memory cannot be read is refused, not shown as one without tasks."""
    target = case.start("idle.py")
    prefix = [sys.executable, "-c", WITHOUT_MEMORY]
    for arguments in (["-p", str(target.pid), "-d", "5"], ["tasks", "-p", str(target.pid)]):
        refused(case.run(*arguments, prefix=prefix), 1,
                f"cannot read the memory of process {target.pid}")


def test_all_without_a_right(case):
    """A run of all processes that may read none of them names the right that is missing."""
    case.start("idle.py", user=NOBODY, group=NOBODY, extra_groups=[])
    result = case.run("-a", "-m", "sample", "-d", "1",
                      prefix=["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"])
    if "CAP_SYS_PTRACE is missing" not in result.err:
        raise Failure(f"{result.command}: stderr {result.err!r}")


def test_few_open_files(case):
    """Any limit that is too low is named, wherever the run would have reached it."""
    target = case.start("idle.py")
    for most in (8, 24, 40, 64):
        result = case.run("-p", str(target.pid), "-d", "0.5",
                          prefix=["setpriv", "--bounding-set=-sys_resource",
                                  "--inh-caps=-sys_resource", "prlimit", f"--nofile={most}"])
        refused(result, 1, f"at most {most} are allowed; allow 1024")


def test_open_files_that_are_too_few_for_all(case):
    """A process that cannot be opened is not left out in silence."""
    target = case.start("idle.py")
    result = case.run("-a", "-j", "-m", "sample", "-d", "2",
                      prefix=["setpriv", "--bounding-set=-sys_resource",
                              "--inh-caps=-sys_resource", "prlimit", "--nofile=110"])
    found = result.expect(0).records.loops(pid=target.pid)
    if not found and "allow more (ulimit -n" not in result.err:
        raise Failure(f"no loop was found, and stderr is {result.err!r}")


def test_kernel_without_what_is_needed(case):
    """The sentence names what is missing, not the number of an error."""
    target = case.start("idle.py")
    for folder, word in (("/sys/kernel/btf", "CONFIG_DEBUG_INFO_BTF"),
                         ("/sys/bus/event_source/devices", "CONFIG_UPROBE_EVENTS")):
        hides = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                 f'mount -t tmpfs none {folder} && exec "$@"', "sh"]
        refused(case.run("-p", str(target.pid), "-d", "5", prefix=hides), 1, word)
        result = case.run("check", prefix=hides)
        if result.status != 1 or result.err:
            raise Failure(f"check without {folder}: status {result.status}, {result.err!r}")


def test_unwritable_output(case):
    """The error comes before anything is attached, not at the end of the run."""
    target = case.start("idle.py")
    pid = str(target.pid)
    for path in ("/nonexistent/directory/out.jsonl", case.directory):
        start = time.monotonic()
        refused(case.run("-p", pid, "-d", "5", "-j", "-o", path), 1, path)
        if time.monotonic() - start > 3:
            raise Failure(f"{path}: refused only at the end")
    refused(case.run("record", "-p", pid, "-d", "5", "-o", "/nonexistent/d/x"), 1,
            "/nonexistent/d/x")


def test_full_output(case):
    """Results that cannot be written are an error."""
    target = case.start("idle.py")
    refused(case.run("-p", str(target.pid), "-d", "1", "-j", "-o", "/dev/full"), 1,
            "No space left", "/dev/full")


def test_symbolic_link_as_output(case):
    """Root does not write through a symbolic link of another user."""
    victim, link = case.path("victim"), case.path("link.jsonl")
    with open(victim, "w", encoding="utf-8") as file:
        file.write("precious")
    os.symlink(victim, link)
    target = case.start("idle.py")
    case.run("-p", str(target.pid), "-d", "0.5", "-j", "-o", link)
    with open(victim, encoding="utf-8") as file:
        if file.read() != "precious":
            raise Failure("it wrote through the symbolic link")


def test_report_of_what_is_no_capture(case):
    empty, text = case.path("empty"), case.path("text")
    for path, content in ((empty, b""), (text, b"no capture at all\n" * 1000)):
        with open(path, "wb") as file:
            file.write(content)
    for path in (empty, text, case.directory, "/nonexistent/capture", "/dev/null", "/dev/zero"):
        refused(case.run("report", path), 1, path)
