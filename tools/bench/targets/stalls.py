"""Stalls its loop for known times, half of them above a threshold and half below.

Arguments: how many, the threshold in milliseconds, and the path of the library of hold.c. Waits
for a line on stdin and answers with a JSON list of [start_ns, duration_ns, clock]. clock is
"Python" for the steps of tasks, which read the clock themselves, and "C" for callbacks in C, which
do so without the interpreter in between.
"""

import asyncio
import ctypes
import json
import os
import random
import sys
import time

# Closer to the threshold than this, a late wake-up would change the verdict.
MARGIN_S = 0.003


def compute(seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pass


async def stall(truth, work, seconds):
    start = time.monotonic_ns()
    work(seconds)
    truth.append((start, time.monotonic_ns() - start, "Python"))


async def hold_in_c(truth, hold, computes, seconds):
    times = (ctypes.c_int64 * 2)()
    asyncio.get_running_loop().call_soon(hold, int(seconds * 1e9), computes, times)
    await asyncio.sleep(0.001)
    truth.append((times[0], times[1] - times[0], "C"))


async def main(number, threshold_s, library):
    hold = ctypes.CDLL(library).hold
    hold.argtypes = [ctypes.c_int64, ctypes.c_int, ctypes.c_void_p]
    hold.restype = None
    truth = []
    chance = random.Random(1)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, os.read, 0, 64)
    for i in range(number):
        away = MARGIN_S + chance.random() * threshold_s / 2
        seconds = threshold_s + away if i % 2 else threshold_s - away
        computes = i // 2 % 2
        if i // 4 % 2:
            await hold_in_c(truth, hold, computes, seconds)
        else:
            await asyncio.create_task(stall(truth, (time.sleep, compute)[computes], seconds))
        await asyncio.sleep(0.002)
    # The last callback has to be reported before the loop ends.
    await asyncio.sleep(0.2)
    print(json.dumps(truth), flush=True)
    os.read(0, 64)


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) / 1000, sys.argv[3]))
