"""Messages on stderr: no name in them can do harm, and the message names the true fault."""

import os
import re
import shutil
import subprocess
import time

from lib.case import NOBODY
from lib.checks import verify
from lib.processes import Failure, Process, wait_for_child, wait_for_loop
from test_refusals import copy_for_nobody

# Clears the screen, sets title and clipboard, begins a line that resembles one of loopprof.
EXECUTABLE = "x\x1b[2J\x1b]0;t\x07\x1b]52;c;cm0=\x07\x9b\u202e\r\nloopprof: error: run this"
COMM = b"\x1b[2J\x07\r\nlo\xc2\x9b"
HOSTILE_TARGET = ("import asyncio, ctypes, time\n"
                  f"ctypes.CDLL(None).prctl(15, {COMM!r}, 0, 0, 0)\n"
                  "async def main():\n"
                  "    while True:\n"
                  "        time.sleep(0.12)\n"
                  "        await asyncio.sleep(0.02)\n"
                  "asyncio.run(main())\n")
LIMIT_S = 30
CAPABILITIES = ("bpf", "perfmon", "sys_ptrace", "dac_read_search", "checkpoint_restore",
                "sys_admin", "syslog")


def run(case, *arguments, prefix=(), program=None, **environment):
    """(status, stdout, stderr) of a run; the outputs are bytes."""
    done = subprocess.run([*prefix, program or case.loopprof, *arguments], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=LIMIT_S,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", **environment})
    return done.returncode, done.stdout, done.stderr


def dirt(what, out, err):
    """Parts of the output that would move a cursor, or resemble a line of loopprof."""
    wrong = []
    for name, data in (("stdout", out), ("stderr", err)):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            wrong.append(f"{what}: {name} is no UTF-8: {error}")
            text = data.decode("utf-8", "replace")
        found = re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text)
        if found:
            wrong.append(f"{what}: {name} has {found[:5]!r}: {text[:300]!r}")
    for line in err.decode("utf-8", "replace").splitlines():
        if not line.startswith("loopprof: ") or line.startswith("loopprof: error: run this"):
            wrong.append(f"{what}: a line on stderr is {line[:100]!r}")
    return wrong


def start(case, command, **options):
    process = Process(command, case.path("started"), stdin=subprocess.DEVNULL,
                      stdout=subprocess.DEVNULL, **options)
    case.own(process)
    return process


def hostile_target(case, *prefix):
    """A Python process that has given itself this name."""
    process = start(case, [*prefix, *case.interpreter.command("-c", HOSTILE_TARGET)])
    wait_for_loop(process.pid)
    return process


def test_name_of_a_program(case):
    """The executable of a process that is not Python, and a COMMAND that does not exist."""
    path = os.path.join(case.directory, EXECUTABLE)
    shutil.copy("/bin/sleep", path)
    process = start(case, [path, "60"])
    time.sleep(0.3)
    wrong = []
    for arguments in (["-p", str(process.pid)], ["-v", "-p", str(process.pid)],
                      ["tasks", "-p", str(process.pid)], ["--", path, "0"],
                      ["--", path + "\n\x1b[2J"], [path], ["report", path],
                      ["record", "-p", "1", "-o", path + "/x"], ["-p", "1", "-f", "\x1b[2J\n"],
                      ["-p", "1", "-o", "\x1b[2J\n"], ["diff", path, path],
                      ["-p", "1", "--export", f"prom={path}/x"], ["-a", "--cgroup", "/\x1b[2J\n"]):
        status, out, err = run(case, *arguments)
        if not status and arguments[0] != "--":
            wrong.append(f"{arguments}: status 0")
        wrong += dirt(arguments, out, err)
    verify(wrong)


def test_name_of_a_process(case):
    """The target's comm, in the output of each command."""
    pid = str(hostile_target(case).pid)
    capture = os.path.join(case.directory, "n\x1b[2J\nloopprof: fine.lpc")
    wrong = []
    for arguments in (["-p", pid, "-v", "-d", "0.5"], ["-a", "-v", "-d", "0.5"],
                      ["tasks", "-v", "-p", pid], ["record", "-v", "-p", pid, "-d", "1", "-o", capture],
                      ["report", "-v", capture], ["report", capture, capture],
                      ["export", "-f", "folded", capture], ["diff", capture, capture]):
        status, out, err = run(case, *arguments, LC_ALL="C.UTF-8")
        if status:
            wrong.append(f"{arguments}: status {status}: {err!r}")
        wrong += dirt(arguments, out, err)
    verify(wrong)


def test_names_where_the_locale_is_ascii(case):
    """stdout and stderr have no byte that the terminal cannot show."""
    for arguments in (["caf\u00e9"], ["-p", "\u4efb"], ["report", "/nonexistent/caf\u00e9"]):
        _, out, err = run(case, *arguments, LC_ALL="C")
        if not err.isascii() or not out.isascii() or b"?" not in err:
            raise Failure(f"{arguments}: {err!r}")


def test_capture_of_somebody_elses(case):
    """The texts in a capture's header are hostile: anyone may have made it."""
    target = case.start("idle.py")
    path = case.path("x.lpc")
    run(case, "record", "-p", str(target.pid), "-d", "0.2", "-o", path, "--host", "h" * 60)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    at = data.index(b"h" * 60)
    text = b"\x1b[2J\x1b]0;x\x07\nloopprof: error: run this\xff"
    data[at:at + len(text)] = text
    tool = data.index(b"loopprof ")
    data[tool:tool + 9] = b"\x1b[2J\n\xe2\x80\xae"[:9].ljust(9, b"x")
    with open(path, "wb") as file:
        file.write(data)
    wrong = []
    for arguments in (["report", path], ["diff", path, path], ["report", "--by", "host", path],
                      ["report", "-v", path, path]):
        wrong += dirt(arguments, *run(case, *arguments)[1:])
    data[8] += 1
    with open(path, "wb") as file:
        file.write(data)
    wrong += dirt("a later version", *run(case, "report", path)[1:])
    verify(wrong)


def test_host_of_the_command_line(case):
    """--host is written to every format, and printed."""
    pid = str(case.start("idle.py").pid)
    host = "\x1b[2J\x9b\u202e\nhost"
    wrong = []
    for arguments in (["-j"], ["-f", "hlog"], []):
        status, out, err = run(case, "-p", pid, "-d", "0.2", "--host", host, *arguments)
        if status:
            wrong.append(f"{arguments}: status {status}: {err!r}")
        wrong += dirt(arguments, out, err)
    verify(wrong)


def test_damaged_sudo_variables(case):
    """COMMAND is not started, as it would run as root."""
    made = case.path("made")
    wrong = []
    for variables in ({"SUDO_UID": ""}, {"SUDO_UID": "x"}, {"SUDO_UID": "4294967296"},
                      {"SUDO_UID": "4294967295"}, {"SUDO_GID": "-1"}, {"SUDO_USER": "root"},
                      {"SUDO_UID": None}, {"SUDO_GID": None}):
        whole = {"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY), "SUDO_USER": "nobody",
                 **variables}
        unset = [f"--unset={key}" for key, value in whole.items() if value is None]
        given = [f"{key}={value}" for key, value in whole.items() if value is not None]
        status, _, err = run(case, "--", "/usr/bin/touch", made,
                             prefix=["env", *unset, *given])
        if os.path.exists(made) or status != 1 or b"SUDO_" not in err:
            wrong.append(f"{variables}: status {status}, made {os.path.exists(made)}: {err!r}")
    verify(wrong)


def test_pid_namespace(case):
    """The kernel's process IDs differ from those in this namespace: profiling is refused."""
    inside = ["unshare", "--pid", "--fork", "--mount-proc"]
    wrong = []
    for arguments in (["-p", "1", "-d", "1"], ["-a", "-d", "1"], ["--", "true"],
                      ["record", "-p", "1", "-d", "1", "-o", case.path("x.lpc")]):
        status, out, err = run(case, *arguments, prefix=inside)
        if status != 1 or out or b"PID namespace" not in err:
            wrong.append(f"{arguments}: status {status}: {err!r} {out[:200]!r}")
    status, out, err = run(case, "check", prefix=inside)
    if status != 1 or b"NO   process IDs" not in out:
        wrong.append(f"check: status {status}: {out!r}")
    # without a /proc of its own, a PID is ambiguous for tasks as well
    status, _, err = run(case, "tasks", "-p", "1", prefix=["unshare", "--pid", "--fork"])
    if status != 1 or b"/proc" not in err:
        wrong.append(f"tasks: status {status}: {err!r}")
    verify(wrong)


def test_user_namespace(case):
    """The namespace's root has no rights for BPF programs or for processes outside."""
    target = case.start("idle.py")
    pid = str(target.pid)
    inside = ["unshare", "--user", "--map-root-user"]
    wrong = []
    for arguments in (["-p", pid, "-d", "1"], ["-a", "-d", "1"], ["tasks", "-p", pid]):
        status, out, err = run(case, *arguments, prefix=inside)
        if status != 1 or out or b"user namespace" not in err or b"ulimit" in err:
            wrong.append(f"{arguments}: status {status}: {err!r} {out[:200]!r}")
    status, out, _ = run(case, "check", prefix=inside)
    if status != 1 or b"NO   users" not in out or b"NO   CAP_SYS_PTRACE" not in out:
        wrong.append(f"check: status {status}: {out!r}")
    verify(wrong)


def test_target_in_a_pid_namespace(case):
    """A target is profiled by the PID that it has in loopprof's own namespace."""
    process = start(case, ["unshare", "--pid", "--fork", "--kill-child",
                           *case.interpreter.command("-c", HOSTILE_TARGET)])
    pid = str(wait_for_child(process.pid))
    wait_for_loop(pid)
    status, out, err = run(case, "-p", pid, "-d", "1")
    if status or b"main" not in out:
        raise Failure(f"status {status}: {err!r} {out!r}")


def test_time_namespace(case):
    """The kernel's clocks differ from those in this namespace, unless its offsets are 0."""
    target = case.start("idle.py")
    pid = str(target.pid)
    for offset in ("100000", "-1"):
        status, out, err = run(case, "-p", pid, "-d", "1", prefix=[
            "unshare", "--time", "--fork", "--monotonic", offset])
        if status != 1 or out or b"time namespace" not in err:
            raise Failure(f"{offset}: status {status}: {err!r} {out[:200]!r}")
    run_status, _, err = run(case, "-p", pid, "-d", "0.2", prefix=["unshare", "--time", "--fork"])
    if run_status:
        raise Failure(f"without offsets: status {run_status}: {err!r}")


def test_tasks_of_a_target_in_a_time_namespace(case):
    """The target's timers are shown by the clock of its own namespace."""
    script = "import asyncio; asyncio.run(asyncio.wait_for(asyncio.sleep(900), 800))"
    process = start(case, ["unshare", "--time", "--monotonic", "100000", "--fork", "--kill-child",
                           *case.interpreter.command("-c", script)])
    pid = str(wait_for_child(process.pid))
    wait_for_loop(pid)
    _, out, err = run(case, "tasks", "-p", pid)
    if not re.search(r"timeout in (7\d\d|800) s", out.decode()):
        raise Failure(f"{out.decode()!r} {err!r}")


def with_capabilities(*names):
    given = ",".join(["-all", *(f"+{name}" for name in names)])
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
            f"--inh-caps={given}", f"--ambient-caps={given}", f"--bounding-set={given}"]


def test_missing_capabilities(case):
    """The message names the capability that is missing, and no other."""
    program = copy_for_nobody(case)
    pid = str(case.start("idle.py").pid)
    own = str(case.start("idle.py", user=NOBODY, group=NOBODY, extra_groups=[]).pid)
    tracing = [name for name in CAPABILITIES if name != "syslog"]
    cases = [
        ([], ["-p", own], "CAP_BPF"),
        (["perfmon"], ["-p", own], "CAP_BPF"),
        (["bpf"], ["-p", own], "CAP_PERFMON"),
        ([name for name in tracing if name not in ("sys_admin",)], ["-p", pid], "CAP_SYS_ADMIN"),
        ([name for name in tracing if name != "sys_ptrace"], ["-p", pid], "CAP_SYS_PTRACE"),
        # without the file in /proc/PID/map_files only its name is known, which is not probed
        ([name for name in tracing if name != "checkpoint_restore"], ["-p", pid],
         "CAP_CHECKPOINT_RESTORE"),
        ([], ["tasks", "-p", pid], "CAP_SYS_PTRACE"),
        (tracing, ["-p", pid, "-d", "0.2"], None),
        (["sys_ptrace"], ["tasks", "-p", pid], None),
        ([], ["tasks", "-p", own], None),
    ]
    wrong = []
    for names, arguments, missing in cases:
        status, _, err = run(case, *arguments, prefix=with_capabilities(*names), program=program)
        said = re.findall(r"CAP_\w+", err.decode())
        if missing is None and status:
            wrong.append(f"{names} {arguments}: status {status}: {err!r}")
        if missing and (status != 1 or missing not in said or b"has just ended" in err):
            wrong.append(f"{names} {arguments}: status {status}, no {missing}: {err!r}")
    verify(wrong)


def test_check_has_a_row_for_each_right(case):
    """The table fits into 80 columns, and lists what works without rights."""
    program = copy_for_nobody(case)
    for names in (CAPABILITIES, ("bpf", "perfmon"), ()):
        status, out, err = run(case, "check", prefix=with_capabilities(*names), program=program)
        lines = out.decode().splitlines()
        if max(map(len, lines)) > 80 or err:
            raise Failure(f"{names}: {[line for line in lines if len(line) > 80]} {err!r}")
        for name in CAPABILITIES:
            rows = [line for line in lines if f"CAP_{name.upper()}" in line]
            marks = {line[:2] for line in rows}
            # CAP_SYS_ADMIN includes the others
            wanted = {"ok"} if name in names or "sys_admin" in names else {"NO"}
            if not rows or not marks <= wanted | ({"ok"} if name == "dac_read_search" else set()):
                raise Failure(f"{names}: {name}: {rows}")
        if (status == 0) != (names == CAPABILITIES):
            raise Failure(f"{names}: status {status}")
        if "ok   report, export, diff" not in out.decode():
            raise Failure(f"{names}: {out!r}")


def test_another_users_process_has_not_ended(case):
    """A process that may not be signalled is not reported as ended."""
    program = copy_for_nobody(case)
    target = case.start("idle.py")
    status, _, err = run(case, "tasks", "-p", str(target.pid), prefix=with_capabilities(),
                         program=program)
    if status != 1 or b"ended" in err or b"CAP_SYS_PTRACE" not in err:
        raise Failure(f"status {status}: {err!r}")


def test_cgroup_that_is_not_there(case):
    """A cgroup that does not exist is an error, and not waited for."""
    status, _, err = run(case, "--cgroup", "/no/such", "-d", "1")
    if status != 1 or b"/no/such" not in err or b"--cgroup" not in err:
        raise Failure(f"status {status}: {err!r}")
    status, _, err = run(case, "-a", "--cgroup", "../..", "-d", "1")
    if status != 2 or b"--cgroup" not in err:
        raise Failure(f"status {status}: {err!r}")
