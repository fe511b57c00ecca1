"""Parks a task in every way; parkedtruth.py describes the ground truth.

    parked.py TRUTH

When the target is ready, the task "busy" holds its loop until it reads a line. The lines where
tasks are parked have a mark.
"""

import asyncio
import os
import select
import socket
import subprocess
import sys
import threading

from parkedtruth import ParkedTruth

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "site-packages"))
import connection  # pylint: disable=wrong-import-position
import duplex  # pylint: disable=wrong-import-position

HAS_GROUPS = sys.version_info >= (3, 11)
# Before 3.11, a task has no record of its cancellation once it was woken up for it.
CANCELLING = ("cancelling",) if HAS_GROUPS else ("cancelling", "waiting")
DEPTH = 20


async def parks():
    """Coroutines that other tasks await."""
    await asyncio.sleep(3600)


# ---- time, futures and tasks ----


async def sleeps():
    await asyncio.sleep(3600)  # parked


async def awaits(awaitable):
    await awaitable  # parked


async def gathers(*others):
    await asyncio.gather(*others)  # parked


async def waits_for_any(others):
    await asyncio.wait(others)  # parked


async def waits_with_timeout(other):
    await asyncio.wait_for(other, 3600)  # parked


async def shields(other):
    await asyncio.shield(other)  # parked


async def descends(depth):
    if depth == 1:
        await asyncio.get_running_loop().create_future()  # parked
    else:
        await descends(depth - 1)  # parked


async def generates(event):
    yield 1
    await event.wait()  # parked
    yield 2


async def iterates(event):
    async for _ in generates(event):  # parked
        pass


async def cleans_up(event):
    try:
        await asyncio.sleep(3600)
    finally:
        await event.wait()  # parked


async def leads_group(truth):
    async with asyncio.TaskGroup() as group:  # parked
        for name in ("grouped 1", "grouped 2"):
            truth.adopt(name, parks(), group.create_task, kinds=["timer"])
        truth.waits("group", "grouped 1", "grouped 2")


async def goes_on():
    """Does not end when the group cancels it."""
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        await asyncio.sleep(3600)  # parked


async def leads_failing_group(truth):
    async with asyncio.TaskGroup() as group:  # parked
        truth.adopt("goes on", goes_on(), group.create_task, goes_on, states=["cancelling"],
                    kinds=["timer"])
        group.create_task(fails(ValueError("as planned")))
        truth.waits("failing group", "goes on")


def time_and_tasks(truth):
    loop = asyncio.get_running_loop()
    truth.task("sleep", sleeps(), sleeps, kinds=["timer"], detail="3[56]..")
    truth.task("future", awaits(loop.create_future()), awaits, kinds=["future"],
               of_class="Future")
    for name in ("awaited", "gathered 1", "gathered 2", "waited for 1", "waited for 2", "timed",
                 "shielded"):
        truth.task(name, parks(), kinds=["timer"])
    tasks = truth.tasks
    truth.task("task", awaits(tasks["awaited"]), awaits, kinds=["task"])
    truth.waits("task", "awaited")
    truth.task("gather", gathers(tasks["gathered 1"], tasks["gathered 2"]), gathers,
               kinds=["task"], detail="2 of 2")
    truth.waits("gather", "gathered 1", "gathered 2")
    truth.task("wait", waits_for_any([tasks["waited for 1"], tasks["waited for 2"]]),
               waits_for_any, kinds=["task"], detail="2 of 2")
    truth.waits("wait", "waited for 1", "waited for 2")
    truth.task("wait_for", waits_with_timeout(tasks["timed"]), waits_with_timeout, kinds=["task"],
               detail="timeout in 3[56]..")
    truth.waits("wait_for", "timed")
    truth.task("shield", shields(tasks["shielded"]), shields, kinds=["task"],
               detail="shielded")
    truth.waits("shield", "shielded")
    truth.task("deep", descends(DEPTH), frames=[descends] * DEPTH, kinds=["future"])
    event = asyncio.Event()
    truth.task("generator", iterates(event), frames=[iterates, generates], kinds=["lock"],
               of_class="Event")
    truth.task("cleaning up", cleans_up(event), cleans_up, states=CANCELLING, kinds=["lock"],
               of_class="Event")


# ---- locks and queues ----


async def holds(lock):
    async with lock:
        await asyncio.sleep(3600)  # parked


async def wants(lock):
    async with lock:  # parked
        pass


async def waits_for_event(event):
    await event.wait()  # parked


async def waits_for_condition(condition):
    async with condition:
        await condition.wait()  # parked


async def gets(queue):
    await queue.get()  # parked


async def puts(queue):
    await queue.put(2)  # parked


async def reaches_barrier(barrier):
    await barrier.wait()  # parked


def locks_and_queues(truth):
    lock, semaphore, full = asyncio.Lock(), asyncio.Semaphore(1), asyncio.Queue(1)
    truth.task("lock holder", holds(lock), holds, kinds=["timer"])
    truth.task("lock", wants(lock), wants, kinds=["lock"], of_class="Lock", detail="locked")
    truth.holds("lock holder", "lock")
    truth.task("semaphore holder", holds(semaphore), holds, kinds=["timer"])
    truth.task("semaphore", wants(semaphore), wants, kinds=["lock"], of_class="Semaphore",
               detail="value 0")
    truth.holds("semaphore holder", "semaphore")
    truth.task("event", waits_for_event(asyncio.Event()), waits_for_event, kinds=["lock"],
               of_class="Event")
    truth.task("condition", waits_for_condition(asyncio.Condition()), waits_for_condition,
               kinds=["lock"], of_class="Condition")
    truth.task("queue get", gets(asyncio.Queue()), gets, kinds=["queue"], of_class="Queue",
               detail="empty")
    full.put_nowait(1)
    truth.task("queue put", puts(full), puts, kinds=["queue"], of_class="Queue", detail="full")
    truth.task("priority", gets(asyncio.PriorityQueue()), gets, kinds=["queue"],
               of_class="PriorityQueue")
    if HAS_GROUPS:
        truth.task("barrier", reaches_barrier(asyncio.Barrier(2)), reaches_barrier, kinds=["lock"],
                   of_class="Barrier|Condition")


# ---- deadlocks ----


async def takes_both(first, second):
    async with first:
        await asyncio.sleep(0.01)
        async with second:  # parked
            pass


async def awaits_by_name(tasks, name):
    await asyncio.sleep(0.01)
    await tasks[name]  # parked


def deadlocks(truth):
    first, second = asyncio.Lock(), asyncio.Lock()
    truth.task("embrace 1", takes_both(first, second), takes_both, kinds=["lock"],
               of_class="Lock")
    truth.task("embrace 2", takes_both(second, first), takes_both, kinds=["lock"],
               of_class="Lock")
    truth.holds("embrace 1", "embrace 2")
    truth.holds("embrace 2", "embrace 1")
    truth.deadlock("embrace 1", "embrace 2")
    names = ["ring 1", "ring 2", "ring 3"]
    for name, follower in zip(names, names[1:] + names[:1]):
        truth.task(name, awaits_by_name(truth.tasks, follower), awaits_by_name, kinds=["task"])
    for name, follower in zip(names, names[1:] + names[:1]):
        truth.waits(name, follower)
    truth.deadlock(*names)


# ---- the world outside ----


async def reads_stream(reader):
    await reader.readline()  # parked


async def receives(sock):
    await asyncio.get_running_loop().sock_recv(sock, 16)  # parked


async def uses_connection(of_package):
    await of_package.receive()  # parked


async def awaits(of_package):
    await of_package  # parked


async def handles():
    await asyncio.get_running_loop().create_future()  # parked


async def uses_executor(blocks):
    await asyncio.get_running_loop().run_in_executor(None, blocks)  # parked


async def waits_for_child(child):
    await child.wait()  # parked


async def packages(truth):
    """Futures and events of a package objects belong to a connection, or to none."""
    loop = asyncio.get_running_loop()
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = [listener.getsockname() for listener in listeners]
    wires = [(await loop.create_connection(duplex.Wire, *address))[1] for address in addresses]
    channel = duplex.Channel(wires[0])
    peer, none = r"tcp 127\.0\.0\.1:%d" % addresses[0][1], "^$"
    for name, coroutine, detail in (
            ("slot", duplex.Reader(wires[0]).read(), peer),
            ("further", duplex.Response(wires[0]).body(), peer),
            ("answer", channel.ask(7), peer),
            ("greeted", duplex.greet(addresses[0]), peer),
            ("pool", duplex.Pool(wires[0]).acquire(), none),
            ("bridge", duplex.Bridge(*wires).either(), none)):
        truth.task("package " + name, awaits(coroutine), awaits, kinds=["future"], detail=detail)
    truth.task("package event", awaits(channel.ends()), awaits, kinds=["lock"],
               detail=f"1 waiter, {peer}")
    closed = duplex.Reader(wires[1])
    truth.task("package closed", awaits(closed.read()), awaits, kinds=["future"], detail=none)
    truth.packages = (listeners, wires, channel)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    wires[1].transport.abort()


async def outside(truth):
    near, far = socket.socketpair()
    listener = socket.create_server(("127.0.0.1", 0))
    dialled = socket.create_connection(listener.getsockname())
    dialled.setblocking(False)
    near.setblocking(False)
    reader, writer = await asyncio.open_unix_connection(sock=near)
    truth.task("stream", reads_stream(reader), reads_stream, kinds=["socket"], detail="unix")
    truth.task("sock_recv", receives(dialled), receives, kinds=["socket"],
               detail=r"tcp 127\.0\.0\.1:%d" % listener.getsockname()[1])
    _, of_package = await asyncio.get_running_loop().create_connection(
        connection.Connection, *listener.getsockname())
    truth.task("connection", uses_connection(of_package), uses_connection, kinds=["future"],
               detail=r"tcp 127\.0\.0\.1:%d" % listener.getsockname()[1])
    # this one waits for a future of the program, not for the connection
    truth.task("handler", of_package.serve(handles),
               frames=[connection.serve], kinds=["future"],
               detail="^$")
    stop = threading.Event()
    truth.task("executor", uses_executor(stop.wait), uses_executor, kinds=["future", "other"],
               detail="executor, running")
    # The child ends with its stdin, and so with this program.
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-E", "-c", "import sys; sys.stdin.read()", stdin=subprocess.PIPE)
    truth.task("child", waits_for_child(child), waits_for_child, kinds=["socket"],
               detail="child %d" % child.pid)
    # References keep these tasks alive.
    truth.outside = (far, listener, dialled, writer, stop, child)


# ---- done, ready and running ----


class Unlucky(Exception):
    pass


async def fails(error):
    raise error


async def succeeds():
    return 7


async def ended(truth):
    """Of the tasks that have ended, only those with an unretrieved exception are listed."""
    # From 3.14 on, tasks that have ended are in no list.
    if sys.version_info < (3, 14):
        truth.task("failed", fails(KeyError("missing")), states=["done"],
                   exception={"type": "KeyError", "message": "missing"})
        truth.task("failed too", fails(Unlucky("käse")), states=["done"],
                   exception={"type": "Unlucky", "message": "käse"})
    asked = asyncio.get_running_loop().create_task(fails(ValueError("dns_name")), name="dns_name")
    good = asyncio.get_running_loop().create_task(succeeds(), name="good")
    await asyncio.wait([asked, good])
    asked.exception()
    truth.ended = (asked, good)


async def busy():
    print("ready", flush=True)
    while not select.select([0], [], [], 0)[0]:  # parked
        for _ in range(10_000):  # parked
            pass  # parked
    os._exit(0)


async def yields():
    await asyncio.sleep(0.01)
    while True:
        await asyncio.sleep(0)  # parked


async def main(path):
    truth = ParkedTruth(path)
    itself = asyncio.current_task()
    truth.adopt("Task-1", itself.get_coro(), lambda coroutine, name: itself, main, kinds=["task"])
    time_and_tasks(truth)
    locks_and_queues(truth)
    deadlocks(truth)
    await outside(truth)
    await packages(truth)
    await ended(truth)
    if HAS_GROUPS:
        truth.task("group", leads_group(truth), leads_group, kinds=["task"])
        truth.task("failing group", leads_failing_group(truth), leads_failing_group,
                   states=["waiting", "cancelling"], kinds=["task"],
                   detail="1 pending, holds ValueError: as planned$")
    truth.task("yields", yields(), yields, states=["ready"])
    await asyncio.sleep(0.1)
    truth.tasks["cleaning up"].cancel()
    await asyncio.sleep(0.05)
    truth.task("busy", busy(), busy, states=["running"])
    truth.task("unbegun", succeeds(), states=["ready"])
    truth.task("asked to end", parks(), states=["cancelling"]).cancel()
    truth.waits("Task-1", "busy")
    truth.write()
    await truth.tasks["busy"]  # parked


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
