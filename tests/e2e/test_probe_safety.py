"""False statements of a process about its functions lead to no probe in another one's code."""

import glob
import os
import shutil
import subprocess
import time

from lib.case import NOBODY, each, on_every_python
from lib.checks import verify
from lib.processes import Failure
from lib.uvloops import is_host, with_uvloop

AS_NOBODY = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
ALL_PROBES = ["--queue", "--find", "all", "--origins", "--lifetimes"]
FUNCTIONS = {"warn": "warnings.warn", "heappush": "heapq.heappush",
             "running_loop": "_asyncio._set_running_loop", "append": "deque.append",
             "close": "epoll.close", "init": "Task.__init__", "finalize": "Task.__del__",
             "exception": "BaseException.__new__", "handle": "uvloop's Handle._run",
             "timer": "uvloop's TimerHandle._run",
             "threadsafe": "uvloop's Loop.call_soon_threadsafe",
             "loop_close": "uvloop's Loop.close"}
FORGERIES = [("warn", 1), ("warn", 0), ("heappush", 1), ("running_loop", 1), ("append", 1),
             ("close", 1), ("init", 0), ("finalize", 1), ("exception", 1)]


def library(case):
    """A copy of a library that belongs to root, and that only this test uses."""
    found = glob.glob("/lib/x86_64-linux-gnu/libz.so.1") + glob.glob("/usr/lib*/libz.so.1")
    path = case.path("libz.so")
    shutil.copyfile(found[0], path)
    os.chmod(path, 0o644)
    return path


def changed(process, path):
    """Offsets of bytes that differ between the file's code and the process's memory of it."""
    found = []
    with open(f"/proc/{process.pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{process.pid}/mem", "rb") as memory, open(path, "rb") as file:
        lines = [line.split() for line in maps if line.rstrip().endswith(path)]
        code = [line for line in lines if "x" in line[1]]
        if not code:
            raise Failure(f"process {process.pid} has no code of {path}")
        for line in code:
            begin, end = (int(number, 16) for number in line[0].split("-"))
            memory.seek(begin)
            file.seek(int(line[2], 16))
            there = memory.read(end - begin)
            here = file.read(end - begin)
            found += [int(line[2], 16) + at for at, (one, other) in enumerate(zip(here, there))
                      if one != other]
    return found


def refusal(function, pid):
    return f"{function} is not probed in process {pid}"


def check_forgeries(case, forgeries, options, name=None, **start):
    """Forgers run at the same time; each is refused, none is probed, and no library code changes.

    name(path) makes another name for the library's file, by which the forgers load it.
    """
    # Other users cannot run Pythons in root's directories.
    if is_host(case.interpreter):
        start = {**AS_NOBODY, **start}
    path = library(case)
    user = case.start("checksums.py", path)
    shown = name(path) if name else path
    forgers = [(case.start("forged.py", what, shown, "adler32", str(offset), **start),
                what) for what, offset in forgeries]
    pids = [str(forger.pid) for forger, _ in forgers]
    profiler = case.profile(*options(pids), "-v", "-j", *ALL_PROBES)
    wrong = []
    for forger, what in forgers:
        profiler.wait_for_text(refusal(FUNCTIONS[what], forger.pid))
    time.sleep(0.5)
    for process in [user] + [forger for forger, _ in forgers]:
        wrong += [f"byte {at:#x} of the library is another one in process {process.pid}"
                  for at in changed(process, path if process is user else shown)]
    profiler.interrupt()
    result = profiler.finish().expect(0)
    if "were not probed" not in result.err:
        wrong.append(f"the end says nothing: {result.err[-500:]!r}")
    user.go()
    user.finish()
    truth = case.truth(user)
    if truth.fact("wrong") or not truth.fact("right"):
        wrong.append(f"{truth.fact('wrong')} of the library's results were wrong")
    for forger, _ in forgers:
        if not forger.running:
            wrong.append(f"a forger ended: {forger.errors()[-300:]}")
    verify(wrong)


def test_forged_functions_of_all_processes(case):
    check_forgeries(case, FORGERIES, lambda pids: ["-a"])


def test_forged_functions_of_one_process(case):
    check_forgeries(case, FORGERIES[:3], lambda pids: ["-p", ",".join(pids)])


@each(lambda interpreter: not is_host(interpreter) and not interpreter.root
      and interpreter.version[:2] in ((3, 8), (3, 13)))
def test_forged_functions_elsewhere(case):
    check_forgeries(case, [("warn", 1), ("finalize", 0), ("append", 1)], lambda pids: ["-a"])


@each(is_host)
def test_forged_functions_of_uvloop(case):
    interpreter = with_uvloop(case.interpreter)
    check_forgeries(case, [("handle", 1), ("handle", 0), ("timer", 1), ("threadsafe", 1),
                           ("loop_close", 0)],
                    lambda pids: ["-a"], interpreter=interpreter)


def module_path(case, module):
    """The path of a file that would be named like this module; the file does not exist."""
    directory = case.path("modules")
    os.mkdir(directory, 0o755)
    return os.path.join(directory, f"{module}.cpython-311-x86_64-linux-gnu.so")


@each(is_host)
def test_a_hard_link_makes_no_module_of_a_library(case):
    """A file is judged by its contents, not by the name that a user gave to it."""
    def link(path):
        shown = module_path(case, "_heapq")
        os.link(path, shown)
        return shown

    check_forgeries(case, [("heappush", 0), ("heappush", 1)], lambda pids: ["-a"], name=link)


@each(is_host)
def test_a_bind_mount_makes_no_module_of_a_library(case):
    def mounted(path):
        shown = module_path(case, "_heapq")
        with open(shown, "w", encoding="ascii"):
            pass
        prefix[-2] = f'mount --bind {path} {shown} && exec setpriv --reuid={NOBODY} ' \
                     f'--regid={NOBODY} --clear-groups "$@"'
        return shown

    prefix = ["unshare", "--mount", "sh", "-c", "", "sh"]
    check_forgeries(case, [("heappush", 0), ("heappush", 1)], lambda pids: ["-a"], name=mounted,
                    prefix=prefix, user=0, group=0)


LYING = """
typedef struct { const char *name; void *function; long flags; const char *doc; } method;
/* To the tables, a function begins one byte into the first instruction of answer(). */
__asm__(".text; .globl answer; .type answer, @function; answer: .byte 0xb8; "
        ".globl lie; .type lie, @function; lie: .cfi_startproc; .long 3; ret; .cfi_endproc; "
        ".size answer, . - answer; .size lie, . - lie");
extern int answer(void), lie(void);
method methods[] = {{"heappop", answer, 1, 0}, {"heappush", lie, 1, 0},
                    {"heapify", answer, 1, 0}, {0}};
void *PyInit__heapq(void) { return methods; }
"""


@each(is_host)
def test_tables_that_lie_harm_their_own_process_only(case):
    """The tables in a user's file may be false, so it is only probed for the process itself."""
    source, path = case.path("lying.c"), module_path(case, "_heapq")
    with open(source, "w", encoding="ascii") as file:
        file.write(LYING)
    subprocess.run(["cc", "-shared", "-fPIC", "-nostdlib", "-o", path, source], check=True)
    os.chown(path, NOBODY, NOBODY)
    other = case.start("mapsfile.py", path)
    forger = case.start("forged.py", "heappush", path, "lie", "0", **AS_NOBODY)
    profiler = case.profile("-a", "-m", "trace", "-j", "-v", *ALL_PROBES)
    profiler.wait_for("loop", pid=forger.pid)
    time.sleep(1)
    wrong = [f"byte {at:#x} of the file is another one in a process of root's"
             for at in changed(other, path)]
    profiler.interrupt()
    profiler.finish().expect(0)
    verify(wrong)


def test_another_function_of_the_same_file(case):
    """A process cannot choose which function of its interpreter is probed."""
    forger = case.start("forged.py", "warn", "", "PyList_New", "0", **AS_NOBODY)
    profiler = case.profile("-p", str(forger.pid), "-j", *ALL_PROBES)
    profiler.wait_for_text(refusal("warnings.warn", forger.pid))
    profiler.interrupt()
    profiler.finish().expect(0)


def check_own_copy(case, owner, mode, expected):
    """Compares whether a probe in a copy of the interpreter shows in a process that maps it."""
    path = case.path("python3")
    shutil.copyfile(os.path.realpath(case.interpreter.executable), path)
    os.chown(path, owner, owner)
    os.chmod(path, mode)
    other = case.start("mapsfile.py", path)
    target = case.start("idle.py", executable=path, **AS_NOBODY)
    profiler = case.profile("-a", "-m", "trace", "-j", "-t", "100ms")
    profiler.wait_for("loop", pid=target.pid)
    time.sleep(1)
    at = changed(other, path)
    if not changed(target, path):
        raise Failure("the process itself is not probed")
    if bool(at) != expected:
        raise Failure(f"owner {owner}, mode {mode:o}: {len(at)} bytes of the file are others "
                      "in a process that does not run it")
    profiler.interrupt()
    profiler.finish().expect(0)
    case.stop_all()


@each(is_host)
def test_files_that_others_own_are_probed_for_one_process(case):
    check_own_copy(case, NOBODY, 0o755, False)


@each(is_host)
def test_files_that_others_can_write_are_probed_for_one_process(case):
    check_own_copy(case, 0, 0o777, False)


@each(is_host)
def test_files_of_the_system_are_probed_for_all(case):
    check_own_copy(case, 0, 0o755, True)


@on_every_python
def test_probes_beside_those_of_another_loopprof_are_not_refused(case):
    """The second loopprof accepts the breakpoints of the first one."""
    target = case.start("idle.py")
    first = case.profile("-p", str(target.pid), "-j", "-v", *ALL_PROBES)
    first.wait_for("loop", pid=target.pid)
    time.sleep(0.5)
    second = case.profile("-p", str(target.pid), "-j", "-v", *ALL_PROBES)
    second.wait_for("loop", pid=target.pid)
    time.sleep(0.5)
    for profiler in (first, second):
        profiler.interrupt()
        text = profiler.finish().expect(0).err
        lines = [line for line in text.splitlines()
                 if "not probed" in line and f"process {target.pid}" in line]
        if lines:
            raise Failure("; ".join(lines))


@each(is_host)
def test_an_overlay_of_a_user_namespace_is_not_probed(case):
    """The user who mounted it may have put it on a FUSE file system that never answers."""
    path = library(case)
    place = case.path("overlay")
    for name in ("", "lower", "upper", "work", "merged"):
        os.mkdir(os.path.join(place, name))
    shutil.copyfile(path, os.path.join(place, "lower", "libz.so"))
    mount = (f"cd {place} && mount -t overlay overlay "
             f'-o lowerdir=lower,upperdir=upper,workdir=work merged && cd / && exec "$@"')
    forger = case.start("forged.py", "heappush", f"{place}/merged/libz.so", "adler32", "0", prefix=[
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"])
    profiler = case.profile("-p", str(forger.pid), "-v", "-j", *ALL_PROBES)
    profiler.wait_for_text("on an overlay of a user namespace")
    profiler.interrupt()
    profiler.finish().expect(0)
