"""All ways to stall a loop, one after the other, and much that is not slow."""

import asyncio
import contextvars
import functools
import os
import signal
import socket
import sys
import time
import types

from truth import GroundTruth, compute, loop_waits_for_go

REUSED = 200
SHORT_CALLBACKS = 30
TICKS = 40


# ---- callbacks that are not tasks ----


class Stalls:
    """Callables of one object; `done` lets the main coroutine wait for each."""

    def __init__(self, truth):
        self.truth = truth
        self.done = None

    def finish(self, *ignored):
        self.done.set_result(None)

    def method(self):
        self.truth.stall(of=self.method)
        self.finish()

    @staticmethod
    def static(self):
        self.truth.stall(of=Stalls.static)
        self.finish()

    @classmethod
    def of_class(cls, self):
        self.truth.stall(of=cls.of_class)
        self.finish()


class CallableInstance:
    def __init__(self, stalls):
        self.stalls = stalls

    def __call__(self):
        self.stalls.truth.stall(of="CallableInstance")
        self.stalls.finish()


def plain(stalls):
    stalls.truth.stall(of=plain)
    stalls.finish()


def in_partial(stalls, keyword):
    stalls.truth.stall(of=in_partial)
    stalls.finish()


def in_context(stalls):
    stalls.truth.stall(of=in_context)
    stalls.finish()


def on_timer(stalls):
    stalls.truth.stall(of=on_timer)
    stalls.finish()


def on_signal(stalls):
    stalls.truth.stall(of=on_signal)
    stalls.finish()


def when_done(stalls, task):
    stalls.truth.stall(of=when_done)
    stalls.finish()


def handler(function):
    """A decorator that hides its function behind a wrapper, as frameworks do."""

    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


@handler
def decorated(stalls):
    # functools.wraps sets the wrapper's name, but not the name of its code.
    stalls.truth.stall(of=decorated)
    stalls.finish()


def computing(stalls):
    stalls.truth.stall(of=computing, work=compute)
    stalls.finish()


def on_readable(stalls, reader):
    reader.recv(1)
    asyncio.get_running_loop().remove_reader(reader)
    stalls.truth.stall(of=on_readable)
    stalls.finish()


class Receiver(asyncio.Protocol):
    """A transport's callback calls these methods; in uvloop they have no callback around them."""

    def __init__(self, stalls):
        self.stalls = stalls

    def data_received(self, data):
        transport = asyncio.selector_events._SelectorSocketTransport
        own = isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop)
        self.stalls.truth.stall(of=transport._read_ready if own else self.data_received)
        self.stalls.finish()


async def done(stalls, start):
    """Calls `start`, which schedules something, and waits until that has run."""
    stalls.done = asyncio.get_running_loop().create_future()
    start()
    await stalls.done
    await asyncio.sleep(0.002)


async def stall_in_functions(stalls):
    loop = asyncio.get_running_loop()
    soon = loop.call_soon
    function = lambda: (stalls.truth.stall(of=function), stalls.finish())  # noqa: E731
    await done(stalls, lambda: soon(plain, stalls))
    await done(stalls, lambda: soon(function))
    await done(stalls, lambda: soon(functools.partial(in_partial, stalls, keyword=1)))
    await done(stalls, lambda: soon(functools.partial(stalls.method)))
    await done(stalls, lambda: soon(stalls.method))
    await done(stalls, lambda: soon(Stalls.static, stalls))
    await done(stalls, lambda: soon(Stalls.of_class, stalls))
    await done(stalls, lambda: soon(CallableInstance(stalls)))
    await done(stalls, lambda: soon(decorated, stalls))
    await done(stalls, lambda: soon(computing, stalls))
    await done(stalls, lambda: soon(in_context, stalls, context=contextvars.copy_context()))
    await done(stalls, lambda: loop.call_later(0.01, on_timer, stalls))
    await done(stalls, lambda: loop.call_soon_threadsafe(plain, stalls))


async def stall_on_events(stalls):
    loop = asyncio.get_running_loop()
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    loop.add_reader(reader, on_readable, stalls, reader)
    await done(stalls, lambda: writer.send(b"x"))
    transport, _ = await loop.create_connection(lambda: Receiver(stalls), sock=reader)
    await done(stalls, lambda: writer.send(b"x"))
    transport.close()
    writer.close()

    loop.add_signal_handler(signal.SIGUSR1, on_signal, stalls)
    await done(stalls, lambda: os.kill(os.getpid(), signal.SIGUSR1))
    loop.remove_signal_handler(signal.SIGUSR1)

    async def short():
        pass

    await done(
        stalls,
        lambda: loop.create_task(short()).add_done_callback(functools.partial(when_done, stalls)),
    )


async def stall_in_builtin(stalls):
    """A builtin cannot time itself, so that callbacks before and after it do."""
    loop = asyncio.get_running_loop()
    clock = []
    loop.call_soon(lambda: clock.append(time.monotonic_ns()))
    loop.call_soon(time.sleep, 0.12)
    loop.call_soon(lambda: clock.append(time.monotonic_ns()))
    await asyncio.sleep(0.01)
    stalls.truth.stalled(clock[0], clock[1], of="time.sleep")


# ---- steps of tasks ----


async def simple(truth):
    truth.stall()


async def outermost(truth):
    await between(truth)


async def between(truth):
    await asyncio.sleep(0)
    await innermost(truth)


async def innermost(truth):
    truth.stall()


async def twice_in_a_step(truth):
    """Two short stalls make one slow step."""
    start = time.monotonic_ns()
    time.sleep(0.06)
    time.sleep(0.065)
    truth.stalled(start, time.monotonic_ns())


async def größe_計算(truth):
    truth.stall()


async def last_step(truth):
    await asyncio.sleep(0.001)
    truth.stall()


async def stepped_often(truth):
    for _ in range(20):
        await asyncio.sleep(0)
    truth.stall()


@types.coroutine
def old_style(truth):
    yield
    truth.stall()


async def awaits_generator(truth):
    await old_style(truth)


async def items(truth):
    yield 1
    truth.stall()
    yield 2


async def iterates(truth):
    async for _ in items(truth):
        pass


class Guard:
    def __init__(self, truth):
        self.truth = truth

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exception):
        self.truth.stall()


async def leaves_context(truth):
    async with Guard(truth):
        pass


class Handlers:
    async def method(self, truth):
        truth.stall()


async def waited_for(truth):
    truth.stall()


async def gathered(truth):
    truth.stall()


async def raises(truth):
    truth.stall()
    raise ValueError("expected")


async def cancelled(truth):
    try:
        await asyncio.sleep(60)
    finally:
        truth.stall()


async def reused_even(truth, slow):
    if slow:
        truth.stall()


async def reused_odd(truth, slow):
    await asyncio.sleep(0)
    if slow:
        truth.stall()


class OwnTask(asyncio.Task):
    """A subclass, as some libraries have."""


def named(coroutine, name):
    return asyncio.get_running_loop().create_task(coroutine, name=name)


async def stall_in_tasks(truth):
    await named(simple(truth), "named")
    await named(simple(truth), "T\xe2sk")
    await named(simple(truth), "任務")
    await named(simple(truth), "\U0001f40d task")
    await named(simple(truth), "n" * 200)
    await asyncio.create_task(simple(truth))
    await named(outermost(truth), "nested")
    await named(twice_in_a_step(truth), "twice")
    await named(größe_計算(truth), "unicode name")
    await named(stepped_often(truth), "often")
    await named(Handlers().method(truth), "GET /report")
    await OwnTask(simple(truth), loop=asyncio.get_running_loop(), name="own class")
    await named(awaits_generator(truth), "generator")
    await named(iterates(truth), "async generator")
    await named(leaves_context(truth), "context manager")
    if sys.version_info < (3, 12):
        await asyncio.ensure_future(old_style(truth))
    await asyncio.wait_for(waited_for(truth), 30)
    await asyncio.gather(gathered(truth), gathered(truth))
    failing = named(raises(truth), "raises")
    await asyncio.wait([failing])
    failing.exception()
    cancelling = named(cancelled(truth), "cancelled")
    await asyncio.sleep(0.002)
    cancelling.cancel()
    await asyncio.wait([cancelling])
    # There is no reference to this task: it is freed as soon as its stall is over.
    named(last_step(truth), "forgotten")
    await asyncio.sleep(0.3)


async def reuse_addresses(truth):
    """Tasks and coroutines that are freed at once: the next ones have the same addresses."""
    for i in range(REUSED):
        reused = reused_odd if i % 2 else reused_even
        await named(reused(truth, i % 40 in (13, 38)), "reuse-%d" % i)


# ---- what is not slow ----


def short():
    time.sleep(0.02)


async def ticker():
    for _ in range(TICKS):
        await asyncio.sleep(0.001)


async def not_slow(truth):
    loop = asyncio.get_running_loop()
    # A slow iteration without a slow callback.
    for _ in range(SHORT_CALLBACKS):
        loop.call_soon(short)
    await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    for _ in range(3):
        truth.stall(seconds=0.09)
        await asyncio.sleep(0)
    await asyncio.create_task(ticker())
    truth.count(short, SHORT_CALLBACKS)
    # A first step, and one wake-up per tick.
    truth.count(ticker, TICKS + 1)


async def main(path):
    truth = GroundTruth(path)
    stalls = Stalls(truth)
    await loop_waits_for_go()
    await named(stall_in_functions(stalls), "driver")
    await stall_on_events(stalls)
    await stall_in_builtin(stalls)
    await stall_in_tasks(truth)
    await reuse_addresses(truth)
    # reused_odd has two steps.
    truth.count(reused_even, REUSED // 2)
    truth.count(reused_odd, REUSED)
    await not_slow(truth)
    return truth


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1])).write()
