"""A loop waits for locks that one thread acquired and others release.

    woken.py TRUTH

After "go" the task 'in_turn' waits for a lock until the thread 'releaser-A' lets it go, after
another line, and then for one that 'releaser-B' lets go. Then the task 'gives_up' waits for a lock
that 'releaser-C' lets go, and for an event until its timeout.
"""

import asyncio
import os
import sys
import threading
import time

from truth import GroundTruth, attended, loop_waits_for_go


class Turn:
    """A lock that a thread lets go some time after the loop has begun to wait for it."""

    def __init__(self, truth, name, seconds, told=False):
        self._truth, self._seconds, self._told = truth, seconds, told
        self._lock, self._begun, self._waiting = threading.Lock(), threading.Event(), None
        taker = threading.Thread(target=self._lock.acquire)
        taker.start()
        taker.join()
        threading.Thread(target=self._let_go, name=name, daemon=True).start()

    def wait(self):
        self._waiting = threading.get_ident()
        self._begun.set()
        self._lock.acquire()

    def _let_go(self):
        self._begun.wait()
        if self._told and attended():
            os.read(0, 64)
        while sys._current_frames()[self._waiting].f_code is not Turn.wait.__code__:
            time.sleep(0.01)
        time.sleep(self._seconds)
        self._truth.fact(**{threading.current_thread().name:
                            (threading.get_native_id(), sys._getframe().f_lineno + 1)})
        self._lock.release()
        # the thread lives on while its name is read
        threading.Event().wait(10)


async def in_turn(first, second):
    first.wait()
    second.wait()  # the shorter wait


async def gives_up(first, never):
    first.wait()
    never.wait(0.8)


async def main(path):
    truth = GroundTruth(path)
    turns = [Turn(truth, "releaser-A", 0.4, told=True), Turn(truth, "releaser-B", 0.2)]
    again = Turn(truth, "releaser-C", 0.5)
    await loop_waits_for_go()
    loop = asyncio.get_running_loop()
    for steps in (in_turn(*turns), gives_up(again, threading.Event())):
        task = loop.create_task(steps)
        task.set_name(steps.__name__)
        await task
    # the places of the calls that a thread ended last
    truth.fact(in_turn=in_turn.__code__.co_firstlineno + 2)
    truth.fact(gives_up=gives_up.__code__.co_firstlineno + 1)
    truth.write()


asyncio.run(main(sys.argv[1]))
