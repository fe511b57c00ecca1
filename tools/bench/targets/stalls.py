"""Stalls its loop for known times, half of them above a threshold and half below.

Arguments: how many, and the threshold in milliseconds. Waits for a line on stdin
and answers with a JSON list of [start_ns, duration_ns], by its own clock.
"""

import asyncio
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
    truth.append((start, time.monotonic_ns() - start))


async def main(number, threshold_s):
    truth = []
    chance = random.Random(1)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, os.read, 0, 64)
    for i in range(number):
        away = MARGIN_S + chance.random() * threshold_s / 2
        seconds = threshold_s + away if i % 2 else threshold_s - away
        await asyncio.create_task(stall(truth, (time.sleep, compute)[i // 2 % 2], seconds))
        await asyncio.sleep(0.002)
    # The last callback has to be reported before the loop ends.
    await asyncio.sleep(0.2)
    print(json.dumps(truth), flush=True)
    os.read(0, 64)


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) / 1000))
