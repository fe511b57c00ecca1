"""loopprof tasks: where each task is parked, what it awaits, and which tasks await it."""

import os
import signal
import sys
import time

from lib import schema, tasks
from lib.case import each, on_every_python
from lib.checks import verify
from lib.interpreters import HOST_PYTHON
from lib.processes import Failure, Target, wait_until
from lib.profiler import Records
from test_refusals import refused, sleeper

CROWD = 100_000
CROWD_LIMIT_S = 10
CROWD_LIMIT_KB = 200 * 1024
# Runs a command, and prints the maximum of its resident memory in kB on stderr.
MEASURED = [sys.executable, "-c", """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""]
SNAPSHOTS = 20
KILLS = 5
GAP_LIMIT_NS = 1_000_000_000


def in_pid_namespace(target, case):
    """The PID, in the host's namespace, of a target that runs as a grandchild."""
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != target.pid:
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().decode().split("\0")
            except OSError:
                continue
            if words[0] == case.interpreter.executable and target.truth_path in words:
                return int(entry)
    raise Failure(f"no process of {target}")


@on_every_python
def test_every_parked_task(case):
    """All tasks are as in the program's ground truth, and as an independent reader finds them."""
    target = case.start("parked.py")
    found = tasks.snapshot(case, target.pid)
    truth = case.truth(target)
    verify(tasks.whole(found), tasks.parked(found, truth), tasks.deadlocks(found, truth))
    if not os.path.exists(tasks.PROBE):
        case.note("pyprobe.py is not there to compare with")
    elif case.interpreter.version[:2] <= (3, 13):
        verify(tasks.same_as_probe(found, target.pid))
    target.go()
    target.finish()


@each(lambda interpreter: interpreter.supported and interpreter.version >= (3, 14)
      and interpreter.root)
def test_awaits_as_asyncio_reports_them(case):
    """The edges are those that `python -m asyncio ps` prints."""
    target = tasks.start_with_proc(case, "parked.py")
    names, edges = tasks.edges_by_asyncio(case, target.pid)
    verify(tasks.same_as_asyncio(tasks.snapshot(case, target.pid), names, edges))


def test_created_at_in_debug_mode(case):
    """In asyncio's debug mode tasks record where they were created."""
    target = case.start("parked.py", env=dict(os.environ, PYTHONASYNCIODEBUG="1"))
    found = tasks.snapshot(case, target.pid)
    for name in tasks.expected(case.truth(target)):
        created = found.tasks[name]["created_at"]
        if name not in ("Task-1", "grouped 1", "grouped 2") and (
                created is None or created["function"].rpartition(".")[2] != "adopt"):
            raise Failure(f"{name} was created at {created}")


def test_tasks_as_text(case):
    """The text has all tasks and the deadlock, and with --stack the whole await chains."""
    target = case.start("parked.py")
    pid = str(target.pid)
    true = tasks.expected(case.truth(target))
    text = case.run("tasks", "-p", pid).expect(0).out
    stacks = case.run("tasks", "-p", pid, "--stack").expect(0).out
    for name in true:
        if name not in text or name not in stacks:
            raise Failure(f"{name} is not in the text: {text}")
    if "deadlock" not in text.lower():
        raise Failure(f"no deadlock: {text}")
    descends = true["deep"]["frames"]
    if stacks.count("descends") < len(descends):
        raise Failure(f"descends() {stacks.count('descends')} times of {len(descends)}: {stacks}")


@on_every_python
def test_odd_tasks(case):
    """Strange names do no harm, deep chains are complete or marked as cut, loops have threads."""
    target = case.start("odd.py")
    found = tasks.snapshot(case, target.pid)
    shown = case.run("tasks", "-p", str(target.pid), "--stack").expect(0).out
    truth = case.truth(target)
    verify(tasks.in_their_loops(found, truth), tasks.harmless(found, shown))
    deep = found.tasks["deep"]
    depth = sum(frame["function"].endswith("descends") for frame in deep["await_chain"])
    if depth != 800 and not (deep["cut"] and depth >= 100):
        raise Failure(f"{depth} frames of 800, cut: {deep['cut']}")
    parked = [task for task in found.all if task["name"] == "parks"]
    if len(parked) != 10:
        raise Failure(f"parked: {[task['task'] for task in parked]}")
    if found.tasks["stranded"]["state"] != "ready":
        raise Failure(f"never begun: {found.tasks['stranded']}")


# ---- one snapshot, and many ----


def test_hundred_thousand_tasks(case):
    """The snapshot takes neither long nor much memory."""
    target = case.start("crowds.py", "stands", str(CROWD))
    start = time.monotonic()
    result = case.run("tasks", "-p", str(target.pid), "-j", prefix=MEASURED)
    seconds = time.monotonic() - start
    kilobytes = int(result.expect(0).err.split()[-1])
    records = result.records
    case.note(f"{CROWD} tasks in {seconds:.2f} s, {kilobytes / 1024:.0f} MB at most")
    standing = [task for task in records.of("task") if task["name"] == "stands"]
    if len(standing) != CROWD:
        raise Failure(f"{len(standing)} tasks of {CROWD}")
    if any(task["awaits"]["kind"] != "lock" for task in standing):
        raise Failure("not all wait for an event")
    if seconds > CROWD_LIMIT_S or kilobytes > CROWD_LIMIT_KB:
        raise Failure(f"{seconds:.1f} s, {kilobytes} KB")
    text = case.run("tasks", "-p", str(target.pid)).expect(0).out
    if len(text.splitlines()) > 200:
        raise Failure(f"{len(text.splitlines())} lines for tasks that are all alike")


@each(lambda interpreter: interpreter.version[:2] == (3, 8)
      or interpreter.executable == HOST_PYTHON)
def test_tasks_that_come_and_go(case):
    """Tasks that change while they are read do no harm."""
    target = case.start("crowds.py", "churns")
    for _ in range(SNAPSHOTS):
        found = tasks.snapshot(case, target.pid)
        steady = [task for task in found.all if task["name"] == "steady"]
        if len(steady) != 5 and not found.records.one("footer")["partial"]:
            raise Failure(f"{len(steady)} of 5 tasks that stay")
        for task in steady:
            if task["state"] != "waiting" or task["awaits"]["kind"] != "timer":
                raise Failure(f"a task that sleeps: {task}")
    target.go()
    target.finish()


def test_group_that_grows(case):
    """--watch reports the tasks that only accumulate, and none of a constant number."""
    target = case.start("crowds.py", "grows")
    profiler = case.profile("tasks", "-p", str(target.pid), "--watch", "300ms", "-j")
    profiler.wait_for("tasks_change", 6)
    profiler.interrupt()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records, "tasks"))
    target.go()
    target.finish()
    grown = case.truth(target).fact("grown")
    changes = records.of("tasks_change")
    groups = [[(group["name"], group["file"], group["line"]) for group in change["growing"]]
              for change in changes]
    if groups[-1] != [(grown["name"], grown["file"], grown["line"])]:
        raise Failure(f"growing: {groups}, not {grown}")
    if any(len(found) > 1 for found in groups):
        raise Failure(f"growing: {groups}")
    born = {identity for change in changes for identity in change["born"]}
    reported = [task for task in records.of("task") if task["task_id"] in born]
    if len(reported) != len(born) or {task["name"] for task in reported} != {"leaked"}:
        raise Failure(f"{len(born)} were born, {len(reported)} reported: {reported[:2]}")


def test_nothing_grows_where_nothing_does(case):
    target = case.start("crowds.py", "stands", "50")
    profiler = case.profile("tasks", "-p", str(target.pid), "--watch", "0.2", "-j")
    changes = profiler.wait_for("tasks_change", 6)
    if any(change["growing"] or change["born"] or change["ended"] for change in changes):
        raise Failure(f"changes: {changes}")
    target.go()
    target.finish()
    reason = profiler.finish().expect(0).records.one("footer")["reason"]
    if reason != "target_exited":
        raise Failure(f"the reason of the end is {reason}")


def test_watch_of_tasks_that_come_and_go(case):
    """Tasks that end do not accumulate, however many there are in each snapshot."""
    target = case.start("crowds.py", "churns")
    profiler = case.profile("tasks", "-p", str(target.pid), "--watch", "0.1", "-j")
    profiler.wait_for("tasks_change", 12)
    profiler.interrupt()
    records = profiler.finish().expect(0).records
    verify(schema.documented(records, "tasks"))
    growing = [change["growing"] for change in records.of("tasks_change") if change["growing"]]
    if growing:
        raise Failure(f"growing: {growing}")


def test_consistent_snapshot_pauses_briefly(case):
    """The target is stopped only briefly, and goes on."""
    target = case.start("crowds.py", "stands", "5000")
    for _ in range(3):
        found = tasks.snapshot(case, target.pid, "--consistent")
        paused = found.records.one("footer")["paused_ns"]
        if not paused or len(found.all) < 5000:
            raise Failure(f"paused for {paused}, {len(found.all)} tasks")
        time.sleep(0.1)
    target.go()
    target.finish()
    gap = case.truth(target).fact("worst_gap_ns")
    case.note(f"paused for {paused / 1e6:.1f} ms, the loop for {gap / 1e6:.1f} ms at most")
    if gap > GAP_LIMIT_NS:
        raise Failure(f"the loop stood still for {gap / 1e6:.0f} ms")


def test_consistent_snapshot_that_is_killed(case):
    """The target does not stay stopped, whatever happens to loopprof."""
    target = case.start("crowds.py", "stands", "20000")
    for delay in (0, 0.01, 0.03):
        # a snapshot may be over before this process has run again
        if not any(killed_while_stopped(case, target, delay) for _ in range(KILLS)):
            raise Failure("it never was in the stopped state")
        wait_until(lambda: state(target.pid) not in "tT", "it runs again", 1)
    target.go()
    target.finish()


def killed_while_stopped(case, target, delay):
    """Kills a snapshot after its target was stopped; returns whether it had not ended before."""
    profiler = case.profile("tasks", "-p", str(target.pid), "--consistent", "-j")
    wait_until(lambda: state(target.pid) == "t" or not profiler.running, "it is stopped", 10)
    time.sleep(delay)
    profiler.signal(signal.SIGKILL)
    return profiler.wait() != 0


def state(pid):
    """The kernel's letter for the state of a process."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


# ---- targets in namespaces and roots ----


def test_tasks_in_a_pid_namespace(case):
    """The target is named by the PID that it has outside."""
    command, truth_path = case.python("parked.py")
    target = case.own(Target(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
                              *command], case.path("target.err"), truth_path))
    target.wait_ready()
    found = tasks.snapshot(case, in_pid_namespace(target, case))
    verify(tasks.parked(found, case.truth(target)))


def test_no_tasks_to_list(case):
    """The message says why there are no tasks; a Python without tasks is not an error."""
    refused(case.run("tasks", "-p", "4194303"), 1, "4194303")
    refused(case.run("tasks"), 2, "-p")
    plain = sleeper(case, ["sleep", "60"])
    refused(case.run("tasks", "-p", str(plain.pid)), 1, "python", "asyncio")
    python = sleeper(case, case.interpreter.command("-c", "import time; time.sleep(60)"))
    result = case.run("tasks", "-p", str(python.pid))
    if result.status not in (0, 1) or "asyncio" not in result.err + result.out:
        raise Failure(f"Python without asyncio: status {result.status}, {result.err!r}")
    idle = sleeper(case, case.interpreter.command("-c", "import asyncio, time; time.sleep(60)"))
    result = case.run("tasks", "-p", str(idle.pid), "-j").expect(0)
    if result.records.of("task"):
        raise Failure(f"tasks of a program that has none: {result.out}")
    said = case.run("tasks", "-p", str(idle.pid)).expect(0)
    if "no tasks, as no event loop runs" not in " ".join(said.out.split()):
        raise Failure(f"no tasks: {said.out!r}, {said.err!r}")


def test_tasks_of_several_processes(case):
    """Each task belongs to a loop of its process."""
    targets = [case.start("crowds.py", "stands", count) for count in ("3", "7")]
    pids = ",".join(str(target.pid) for target in targets)
    records = Records(case.run("tasks", "-p", pids, "-j").expect(0).out)
    for target, count in zip(targets, (3, 7)):
        (loop,) = records.loops(pid=target.pid)
        standing = [task for task in records.of("task")
                    if task["loop_id"] == loop["loop_id"] and task["name"] == "stands"]
        if len(standing) != count:
            raise Failure(f"{len(standing)} tasks of {count} in {loop}")


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 13), (3, 14))
      or interpreter.executable == HOST_PYTHON)
def test_ready_task_of_a_loop_that_sleeps(case):
    """A task that is ready while its loop sleeps in its poll is one that nothing woke it for."""
    for way, asleep in (("thread", True), ("signal", True), ("held", False)):
        target = case.start("unwoken.py", way)

        def ready():
            return [task for task in tasks.snapshot(case, target.pid).all
                    if task["name"] == "waits" and task["state"] == "ready"
                    and task.get("loop_asleep", False) == asleep]

        wait_until(ready, f"the task of {way} is ready, and the loop sleeps: {asleep}")
        if not ready():
            raise Failure(f"{way}: it is not so in a second snapshot")
        said = case.run("tasks", "-p", str(target.pid)).expect(0).out
        if ("call_soon_threadsafe" in said) != asleep:
            raise Failure(f"{way}: {said}")
        target.kill()


def test_tasks_of_another_class_are_named_as_unread(case):
    """A note explains why no task is shown; a loop that has no tasks gets no such note."""
    for script, explained in (("owntasks.py", True), ("idle.py", False)):
        target = case.start(script)
        result = case.run("tasks", "-p", str(target.pid)).expect(0)
        if ("OwnLoop" in result.err) != explained:
            raise Failure(f"{script}: {result.out} {result.err}")
        target.go()
        target.wait()


@on_every_python
def test_exhausted_pools(case):
    """Threads and what is queued, and who holds the permits of a semaphore, as far as it shows."""
    target = case.start("pools.py")
    expected = {
        ("default executor", 2, 2, 3, 0, 0),
        ("executor 'converter'", 1, 1, 1, 0, 0),
        ("asyncio.BoundedSemaphore", 2, 2, 3, 2, 3),
        ("asyncio.Semaphore", None, None, 2, 0, 2),
    }
    snapshots = []

    def is_shown():
        snapshots.append(tasks.snapshot(case, target.pid))
        pools = snapshots[-1].records.of("pool")
        return expected == {(pool["name"], pool["limit"], pool["out"], pool["waiting"],
                             len(pool["holders"]), len(pool["waiters"])) for pool in pools}

    wait_until(is_shown, "all pools are shown as they are")
    pools = {pool["name"]: pool for pool in snapshots[-1].records.of("pool")}
    names = {task["task_id"]: task for task in snapshots[-1].all}
    for task in pools["asyncio.BoundedSemaphore"]["holders"]:
        if names[task]["name"] != "limited" or names[task]["awaits"]["class"] != \
                "asyncio.locks.Event":
            raise Failure(f"a holder is {names[task]}")
    queued = pools["default executor"]["queued"]
    if queued != [{"function": "render", "count": 3}]:
        raise Failure(f"queued: {queued}")
    threads = pools["executor 'converter'"]["threads"]
    lines = [frame["function"] for thread in threads for frame in thread["stack"]]
    if [thread["function"] for thread in threads] != ["convert"] or "convert" not in lines:
        raise Failure(f"threads: {threads}")
    said = case.run("tasks", "-p", str(target.pid)).expect(0).out
    for line in ("default executor: 2 of 2 threads busy, 3 queued", "queued: 3 render",
                 "asyncio.BoundedSemaphore: 2 of 2 out, 3 wait", "held by whom is not known"):
        if line not in said:
            raise Failure(f"{line}: {said}")
    target.go()
    target.finish()


@on_every_python
def test_a_pending_future_is_shown_with_what_will_set_it(case):
    """A job is queued only if the queue of an executor has it."""
    # A chroot has no file system for the semaphores that a pool of processes needs.
    arguments = () if case.interpreter.root else ("processes",)
    target = case.start("pending.py", *arguments)
    unknown = "pending, and it is not known what will set it"
    expected = {
        "runs": "executor, running", "queued": "executor, queued",
        "dropped-runs": "executor, running", "dropped": "executor, queued",
        "other": None, "bare": unknown,
        "not-begun": "result of a coroutine that its loop has not started yet",
        "ended": "done, not noticed by its loop yet",
        **{"process": "executor, queued" for _ in arguments},
    }
    if case.interpreter.version >= (3, 9):
        expected["thread-ended"] = "thread pool: Event.wait, done, not noticed by its loop yet"
    snapshots = []

    def is_shown():
        snapshots.append(tasks.snapshot(case, target.pid))
        found = {task["task"]: task["awaits"] for task in snapshots[-1].all}
        return found.keys() >= expected.keys() and expected == {
            name: found[name]["detail"] for name in expected}

    wait_until(is_shown, "all waits are shown as they are")
    found = {task["task"]: task for task in snapshots[-1].all}
    if not found["shielded"]["awaits"]["detail"].startswith(f"{unknown}, shielded, timeout in "):
        raise Failure(f"shielded: {found['shielded']}")
    (awaited,) = [task for task in snapshots[-1].all if task["name"] == "elsewhere"]
    if awaited["awaited_by"] != [found["other"]["task_id"]] or \
            found["other"]["awaits"]["kind"] != "task":
        raise Failure(f"the task of the other loop: {awaited}, {found['other']}")
    said = case.run("tasks", "-p", str(target.pid)).expect(0).out
    if f"awaits '{awaited['task']}' of loop {awaited['loop_id']}" not in said:
        raise Failure(f"the task of the other loop is not named: {said}")
    target.go()
    target.finish()


@each(lambda interpreter: interpreter.version[:2] in ((3, 8), (3, 11), (3, 14)))
def test_other_end_of_what_blocks_the_loop(case):
    """A callback reads from a pipe that a child process holds."""
    target = case.start("other_end.py")
    target.go()
    wait_until(lambda: os.path.exists(target.truth_path), "the target is about to block")
    child = case.truth(target).fact("child")

    def standing():
        return tasks.snapshot(case, target.pid).records.one("loop").get("stands_in")

    wait_until(standing, "the loop is blocked")
    stands = standing()
    (peer,) = stands["processes"]
    seen = [stands["syscall"], stands["kind"], stands["at"]["function"], stands["itself"],
            peer["pid"], peer["waits_for_this"]]
    if seen != ["read", "pipe", "reads", False, child, False]:
        raise Failure(f"stands in {stands}")
    said = " ".join(case.run("tasks", "-p", str(target.pid)).expect(0).out.split())
    if f"its other end is held by pid {child} (" not in said:
        raise Failure(said)
    os.kill(child, signal.SIGKILL)
    target.wait()
