"""Rights that a run gives up once it has begun."""

import os
import time

from lib.processes import Failure

# Numbers of include/uapi/linux/capability.h.
SETUID, NET_ADMIN, SYS_MODULE, SYS_RAWIO = 7, 12, 16, 17
CONFINED_S = 10
FILTERED = "2"  # proc_pid_status(5): Seccomp


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def confined(pid):
    fields = status(pid)
    effective = int(fields["CapEff"], 16)
    for number in (SETUID, NET_ADMIN, SYS_MODULE, SYS_RAWIO):
        if effective >> number & 1:
            raise Failure(f"process {pid} has capability {number}: {fields['CapEff']}")
    if fields["NoNewPrivs"] != "1" or fields["Seccomp"] != FILTERED:
        raise Failure(f"process {pid}: NoNewPrivs {fields['NoNewPrivs']}, "
                      f"Seccomp {fields['Seccomp']}")


def wait_confined(pid):
    """Waits until the run has confined itself, which it does after its last privileged step."""
    end = time.monotonic() + CONFINED_S
    while status(pid)["Seccomp"] != FILTERED and time.monotonic() < end:
        time.sleep(0.05)
    confined(pid)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def test_a_run_is_confined_and_profiles_all_the_same(case):
    target = case.start("load.py", "1")
    profiler = case.attach(target, "--native", "--kernel")
    wait_confined(profiler.pid)
    # The workers that read targets, and the process that forks them.
    for reader in [reader for child in children(profiler.pid)
                   for reader in [child, *children(child)]]:
        if os.path.exists(f"/proc/{reader}"):
            confined(reader)
    target.go()
    target.finish()
    if not profiler.finish().expect(0).records.callbacks("worker"):
        raise Failure("the summary has no worker")


def test_both_processes_of_tasks_are_confined(case):
    """One process reads the target; its parent passes on what it prints."""
    target = case.start("idle.py")
    profiler = case.profile("tasks", "-p", str(target.pid), "--watch", "1", "-j")
    profiler.wait_for("task")
    wait_confined(profiler.pid)
    readers = children(profiler.pid)
    if len(readers) != 1:
        raise Failure(f"{len(readers)} children")
    confined(readers[0])
    profiler.interrupt()
    profiler.finish().expect(0)


# It waits for its child as vfork() does, where no tracer can stop it.
HELD = """
import ctypes, os, signal, sys, time

def child(_):
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.02)
    os._exit(0)

stack = ctypes.create_string_buffer(1 << 20)
entry = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(child)
ctypes.CDLL(None).clone(entry, ctypes.c_void_p(ctypes.addressof(stack) + (1 << 20) - 64),
                        0x4000 | signal.SIGCHLD, None)
"""


def test_a_run_is_confined_though_its_program_cannot_be_let_go_yet(case):
    release = case.path("release")
    profiler = case.profile("--", *case.interpreter.command("-c", HELD, release))
    try:
        wait_confined(profiler.pid)
        traced = [child for child in children(profiler.pid)
                  if status(child)["TracerPid"] == str(profiler.pid)]
        if not traced:
            raise Failure("the trace of the program has ended")
    finally:
        with open(release, "w", encoding="ascii"):
            pass
    profiler.finish().expect(0)


def test_a_program_that_is_started_keeps_its_own_rights(case):
    out = case.path("status")
    case.run("--", "sh", "-c", f"cat /proc/self/status > {out}; exit 7").expect(7)
    with open(out, encoding="ascii") as file:
        text = file.read()
    if "NoNewPrivs:\t0" not in text or "Seccomp:\t0" not in text:
        raise Failure(text)


def test_the_unit_allows_what_confining_needs(case):
    """The unit's filter refuses groups of calls, but allows those in them that a run needs."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    unit = os.path.join(root, "tools", "packaging", "systemd", "loopprof.service")
    with open(unit, encoding="ascii") as file:
        filters = [line.strip().partition("=")[2] for line in file
                   if line.startswith("SystemCallFilter=")]
    allowed = set(filters[-1].split())
    needed = {"bpf", "perf_event_open", "process_vm_readv", "memfd_create", "seccomp", "capset",
              "pidfd_send_signal"}
    if filters[-1].startswith("~") or needed - allowed:
        raise Failure(f"the last filter lacks {needed - allowed}")
    case.note(f"{len(allowed)} calls")
