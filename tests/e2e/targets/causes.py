"""Stalls of every cause, one after the other; causetruth.py describes the ground truth.

Each is in an iteration of its own, where nothing else takes any time: its preparations
are made in an earlier one. "# here" marks the lines that hold the loop.
"""

import asyncio
import ctypes
import functools
import gc
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import slowdns
from causetruth import Causes
from rundelay import blocked_time, own_time, run_delay_ns
from truth import loop_waits_for_go

HOLD_S = 0.13
# A thread lives on for so long: its name is read from outside, on a busy machine some tenths of a
# second later, and is not known any more once it has ended.
READ_S = 0.7
BRIEF_S = 0.012
BRIEF_ONES = 10
NAP_S = 0.002
NAPS = 200
DEPTH = 200
RIVALS = 4
CYCLES = 300_000
SYNCED_BYTES = 1 << 18
ONCE = [1, 1]

# Up to 3.10, time.sleep() is a select(); the C library decides which system call that is.
SLEEP = ["clock_nanosleep"] if sys.version_info >= (3, 11) else ["select", "pselect6"]
POLL = ["poll", "ppoll"]

# The child ends by itself, as nobody else would end it if this program were killed.
RIVAL = """
import sys, time
sys.stdin.read(1)
end = time.monotonic() + 0.6
while time.monotonic() < end:
    pass
"""

# Functions of a PyDLL keep the GIL.
holding_libc = ctypes.PyDLL(None)


async def next_iteration():
    """Returns in a new iteration; callbacks that became ready meanwhile wait for the next one."""
    await asyncio.sleep(0.005)


def ending(path):
    """A pattern for a path with this end, in whatever root it is read."""
    return re.escape("/".join(path.split("/")[-2:])) + "$"


class Later(threading.Thread):
    """A thread that does something HOLD_S after the request."""

    def __init__(self, action):
        super().__init__(name="later", daemon=True)
        self._action = action
        self.asked = threading.Event()
        self.start()

    def run(self):
        self.asked.wait()
        time.sleep(HOLD_S)
        self._action()


# ---- blocked ----


async def sleeps(causes):
    with causes.held("blocked", SLEEP, calls=ONCE):
        time.sleep(HOLD_S)  # here


def sleeps_in_callback(causes, done):
    with causes.held("blocked", SLEEP, of=sleeps_in_callback, calls=ONCE):
        time.sleep(HOLD_S)  # here
    done()


async def receives_from_tcp(causes):
    server = socket.create_server(("127.0.0.1", 0))
    address = server.getsockname()
    client = socket.create_connection(address)
    peer, _ = server.accept()
    later = Later(lambda: peer.send(b"!"))
    await next_iteration()
    with causes.held("blocked", ["recvfrom"], calls=ONCE,
                     target=r"^tcp 127\.0\.0\.1:%d$" % address[1]):
        later.asked.set()
        client.recv(1)  # here
    await next_iteration()
    for each in (client, peer, server):
        each.close()


async def receives_with_timeout(causes):
    """A socket with a timeout polls before it receives."""
    server = socket.create_server(("127.0.0.1", 0))
    address = server.getsockname()
    client = socket.create_connection(address)
    client.settimeout(30)
    peer, _ = server.accept()
    later = Later(lambda: peer.send(b"!"))
    await next_iteration()
    with causes.held("blocked", POLL, calls=ONCE, target=r"^tcp 127\.0\.0\.1:%d$" % address[1]):
        later.asked.set()
        client.recv(1)  # here
    await next_iteration()
    for each in (client, peer, server):
        each.close()


async def receives_from_unix(causes):
    path = causes.path + ".socket"
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    peer, _ = server.accept()
    later = Later(lambda: peer.send(b"!"))
    await next_iteration()
    with causes.held("blocked", ["recvfrom"], calls=ONCE, target="^unix .*" + ending(path)):
        later.asked.set()
        client.recv(1)  # here
    await next_iteration()
    for each in (client, peer, server):
        each.close()
    os.unlink(path)


async def reads_from_pipe(causes):
    reader, writer = os.pipe()
    later = Later(lambda: os.write(writer, b"!"))
    await next_iteration()
    with causes.held("blocked", ["read"], calls=ONCE,
                     target=r"^pipe:\[%d\]$" % os.fstat(reader).st_ino):
        later.asked.set()
        os.read(reader, 1)  # here
    await next_iteration()
    os.close(reader)
    os.close(writer)


def waits_for_lock(causes, lock, later, done):
    with causes.held("blocked", ["futex"], of=waits_for_lock, calls=ONCE, target="^lock "):
        later.asked.set()
        lock.acquire()  # here
    done()


async def waits_for_locks(causes):
    lock = threading.Lock()
    lock.acquire()
    later = Later(lock.release)
    await next_iteration()
    await called(waits_for_lock, causes, lock, later)


def on_disk(path):
    """A directory on a real disk, if there is one: other file systems sync at once."""
    candidates = [os.path.dirname(path), "/var/tmp", "/"]
    for directory in candidates:
        if os.access(directory, os.W_OK) and os.major(os.stat(directory).st_dev) != 0:
            return directory
    return candidates[0]


async def syncs(causes):
    """Many calls, none of which is slow; one of them may wait for the disk several times."""
    descriptor, path = tempfile.mkstemp(dir=on_disk(causes.path))
    content = bytes(SYNCED_BYTES)
    await next_iteration()
    calls = 0
    deadline = own_time() + HOLD_S
    with causes.held(None, ["fsync"], target=ending(path)) as held:
        while own_time() < deadline:
            os.pwrite(descriptor, content, 0)
            os.fsync(descriptor)  # here
            calls += 1
        held.expect(calls=[calls // 2, 4 * calls])
    await next_iteration()
    os.close(descriptor)
    os.unlink(path)


async def waits_for_child(causes):
    """The child is an executable of the name sleep, if there is one."""
    command = [shutil.which("sleep"), "0.2"]
    if command[0] is None:
        command = [sys.executable, "-S", "-E", "-c", "import time; time.sleep(0.2)"]
    child = subprocess.Popen(command)
    name = os.path.basename(command[0])[:15]
    # Before exec, the child has this program's name. A chroot may have no /proc.
    await asyncio.sleep(0.03)
    comm = f"/proc/{child.pid}/comm"
    while os.path.exists(comm) and open(comm, encoding="ascii").read().rstrip() != name:
        await asyncio.sleep(0.01)
    await next_iteration()
    with causes.held("blocked", ["wait4", "waitid"], calls=ONCE,
                     innermost=(subprocess.Popen._try_wait, "os.waitpid("),
                     target=r"^child %d \(%s\)$" % (child.pid, re.escape(name))):
        child.wait()  # here


async def looks_up_name(causes):
    server = slowdns.SlowServer(HOLD_S)
    slowdns.ask_only(server.port)
    await next_iteration()
    with causes.held("blocked", POLL, calls=ONCE, target=r"^udp 127\.0\.0\.1:%d$" % server.port,
                     innermost=(socket.getaddrinfo, "_socket.getaddrinfo(")):
        socket.getaddrinfo(slowdns.NAME, 80, socket.AF_INET, socket.SOCK_STREAM)  # here


# ---- on the CPU ----


def computes(causes, done):
    deadline = time.thread_time() + HOLD_S
    with causes.held("on_cpu", of=computes):
        while time.thread_time() < deadline:  # here
            pass  # here
    done()


def count_that_holds():
    """A number to count to that takes longer than HOLD_S; the first try may be the slower one."""
    count = 1_000_000
    start = time.thread_time()
    sum(range(count))
    return int(count * 1.8 * HOLD_S / (time.thread_time() - start))


async def computes_in_c(causes):
    """One call that holds the GIL and runs no Python code."""
    count = count_that_holds()
    await next_iteration()
    with causes.held("on_cpu"):
        sum(range(count))  # here


async def make_garbage():
    """Makes lists that refer to themselves, which only the collector can free."""
    for number in range(CYCLES):
        cycle = []
        cycle.append(cycle)
        # To make all of them at once would be a stall of its own.
        if number % (CYCLES // 20) == 0:
            await asyncio.sleep(0)


async def collects(causes):
    gc.disable()
    await make_garbage()
    await next_iteration()
    deadline = time.thread_time() + HOLD_S
    with causes.held("gc"):
        while time.thread_time() < deadline:
            gc.collect()  # here
    gc.enable()


# ---- waiting for the GIL ----


def crunches(stop):
    while not stop:  # here
        pass  # here


async def waits_for_cruncher(causes):
    """Each call releases the GIL, and waits for a switch interval to get it back, unless the
    other thread gets no CPU to take it.
    """
    stop = []
    cruncher = threading.Thread(target=crunches, args=(stop,), name="cruncher")
    cruncher.start()
    await next_iteration()
    deadline = blocked_time() + 0.9 * HOLD_S
    with causes.held("gil", holder=("cruncher", crunches)):
        while blocked_time() < deadline:  # here
            os.stat("/")  # here
    await asyncio.sleep(READ_S)
    stop.append(True)
    await next_iteration()
    cruncher.join()


def sleeps_with_gil(seconds, start, done, end):
    start.wait()
    holding_libc.usleep(int(seconds * 1e6))  # here
    done.append(True)
    end.wait()


class HolderOfGil:
    """A thread, an event that starts it, and a list that is empty until it is done."""

    def __init__(self, seconds):
        self.start, self.done, self._end = threading.Event(), [], threading.Event()
        self._thread = threading.Thread(target=sleeps_with_gil, name="usleeper",
                                        args=(seconds, self.start, self.done, self._end))
        self._thread.start()

    async def ends(self):
        await asyncio.sleep(READ_S)
        self._end.set()
        await next_iteration()
        self._thread.join()


async def waits_for_c_call(causes):
    """One call of another thread does not release the GIL."""
    holder = HolderOfGil(HOLD_S)
    await next_iteration()
    with causes.held("gil", holder=("usleeper", sleeps_with_gil)):
        holder.start.set()
        while not holder.done:
            time.sleep(0.005)  # here
    await holder.ends()


async def waits_after_poll(causes):
    """The timer is due while another thread holds the GIL; its callback is short.

    The iteration begins when the thread has a CPU, and is slow even if that is late.
    """
    loop = asyncio.get_running_loop()
    holder = HolderOfGil(2 * HOLD_S)
    await next_iteration()
    ran = loop.create_future()
    timer = loop.call_later(0.01, lambda: ran.set_result((time.monotonic_ns(), run_delay_ns())))
    holder.start.set()
    delay = run_delay_ns()
    end, delay_at_end = await ran
    # The loop's clock is CLOCK_MONOTONIC; its polls return at the next millisecond.
    causes.iteration(int(timer.when() * 1e9), end, "gil", delay_at_end - delay,
                     holder=("usleeper", sleeps_with_gil))
    await holder.ends()


# ---- waiting for a CPU ----


def compute_until(deadline):
    while time.monotonic() < deadline:  # here
        pass  # here


async def waits_for_cpu(causes):
    """Other processes compute on the only CPU that this process may use."""
    allowed = os.sched_getaffinity(0)
    cpu = {max(allowed)}
    rivals = []
    for _ in range(RIVALS):
        # To start all of them at once would be a stall of its own.
        rivals.append(subprocess.Popen([sys.executable, "-S", "-E", "-c", RIVAL],
                                       stdin=subprocess.PIPE))
        os.sched_setaffinity(rivals[-1].pid, cpu)
        await next_iteration()
    await asyncio.sleep(0.2)
    os.sched_setaffinity(0, cpu)
    for rival in rivals:
        rival.stdin.close()
    await asyncio.sleep(0.05)
    with causes.held("run_queue", at=compute_until):
        compute_until(time.monotonic() + 1.5 * HOLD_S)
    os.sched_setaffinity(0, allowed)
    for rival in rivals:
        rival.kill()
    await next_iteration()
    for rival in rivals:
        rival.wait()


# ---- many small ones ----


def blocks_briefly(moments):
    moments.append(time.monotonic_ns())
    time.sleep(BRIEF_S)
    moments.append(time.monotonic_ns())


async def many_callbacks(causes):
    """No callback is slow, but their iteration is."""
    moments = []
    await next_iteration()
    delay = run_delay_ns()
    for _ in range(BRIEF_ONES):
        asyncio.get_running_loop().call_soon(blocks_briefly, moments)
    await next_iteration()
    delay = run_delay_ns() - delay
    total = sum(moments[1::2]) - sum(moments[::2])
    causes.iteration(moments[0], moments[-1], "blocked", delay, blocks_briefly, BRIEF_ONES, total)


async def naps(causes):
    """Short sleeps in iterations that are not slow."""
    total = 0
    for _ in range(NAPS):
        await asyncio.sleep(0)
        delay, start = run_delay_ns(), time.monotonic_ns()
        time.sleep(NAP_S)  # here
        total += time.monotonic_ns() - start - (run_delay_ns() - delay)
    causes.sum("blocked", SLEEP, naps, NAPS, total)


# ---- stacks ----


def sleeps_in_helper():
    time.sleep(HOLD_S)  # here


async def awaited_innermost(causes):
    await asyncio.sleep(0)
    chain = (awaits_outermost, awaits_between, awaited_innermost)
    with causes.held("blocked", SLEEP, calls=ONCE, at=sleeps_in_helper, chain=chain):
        sleeps_in_helper()  # here


async def awaits_between(causes):
    await asyncio.sleep(0)
    await awaited_innermost(causes)  # here


async def awaits_outermost(causes):
    await awaits_between(causes)  # here


def sleeps_below(depth):
    if depth > 1:
        sleeps_below(depth - 1)
    else:
        time.sleep(HOLD_S)  # here


async def recurses(causes):
    with causes.held("blocked", SLEEP, calls=ONCE, at=sleeps_below, frames=DEPTH):
        sleeps_below(DEPTH)


TASKS = [sleeps, receives_from_tcp, receives_with_timeout, receives_from_unix, reads_from_pipe,
         waits_for_locks, syncs, waits_for_child, looks_up_name, computes_in_c, collects,
         waits_for_cruncher, waits_for_c_call, waits_after_poll, waits_for_cpu, many_callbacks,
         naps, awaits_outermost, recurses]


async def called(callback, *arguments):
    """A callback of the loop; it calls its last argument at the end."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_soon(callback, *arguments, functools.partial(done.set_result, None))
    await done


async def main(path):
    causes = Causes(path)
    await loop_waits_for_go()
    for callback in (sleeps_in_callback, computes):
        await called(callback, causes)
        await next_iteration()
    loop = asyncio.get_running_loop()
    for coroutine in TASKS:
        await loop.create_task(coroutine(causes), name=coroutine.__name__.replace("_", " "))
        await next_iteration()
    return causes


if __name__ == "__main__":
    # the source is read for it, which would be a stall of the loop
    asyncio.run(main(sys.argv[1])).write()
