"""A callback with run times of three sizes, each of which the program times itself.

paced.py TRUTH SECONDS
"""

import asyncio
import sys
import time

from truth import GroundTruth, loop_waits_for_go

# Of ten runs, six are short and one is long.
RUNS_S = (0.003, 0.024, 0.003, 0.003, 0.1, 0.003, 0.024, 0.003, 0.024, 0.003)


def paced(state):
    start = time.monotonic_ns()
    time.sleep(RUNS_S[len(state["runs"]) % len(RUNS_S)])
    state["runs"].append(time.monotonic_ns() - start)
    loop = asyncio.get_running_loop()
    if time.monotonic() < state["end"]:
        loop.call_later(0.001, paced, state)
    else:
        state["done"].set_result(None)


async def main(path, seconds):
    truth = GroundTruth(path)
    await loop_waits_for_go()
    loop = asyncio.get_running_loop()
    state = {"runs": [], "end": time.monotonic() + float(seconds), "done": loop.create_future()}
    loop.call_soon(paced, state)
    await state["done"]
    truth.fact(runs_ns=state["runs"])
    truth.write()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
