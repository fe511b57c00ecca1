"""A loop that gets stuck in a step of the task "stuck", in the way of its first argument.

    stuck.py TRUTH sleeps|holds_gil|stops|calls_c [SECONDS]

SECONDS: how long it sleeps or calls a function of C (default: 2.5).
calls_c: in a callback that is a function of C, without a task and a frame of its own.

The fact "stuck" describes that step before it begins, since it may never end.
"""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time

from truth import loop_waits_for_go, source_of
from causetruth import Causes, place

SLEEP = ["clock_nanosleep"] if sys.version_info >= (3, 11) else ["select", "pselect6"]
LONG_S = float(sys.argv[3]) if len(sys.argv) > 3 else 2.5
STOPPED_S = 0.3
TASK = "stuck"
ONCE = [1, 1]

# A child continues the process; twice, so that it cannot stay stopped.
CONTINUER = """
import os, signal, sys, time
sys.stdin.read(1)
for _ in range(2):
    time.sleep(%f)
    os.kill(os.getppid(), signal.SIGCONT)
""" % STOPPED_S


async def sleeps(causes):
    with causes.held("blocked", SLEEP, calls=ONCE):
        time.sleep(LONG_S)  # here


async def holds_gil(causes):
    """No thread of the process can run Python code any more."""
    ctypes.PyDLL(None).pause()  # here


async def stops(causes):
    """Stops all threads, as a debugger or Ctrl-Z does."""
    continuer = subprocess.Popen([sys.executable, "-S", "-E", "-c", CONTINUER],
                                 stdin=subprocess.PIPE)
    await asyncio.sleep(0.1)
    with causes.held("blocked", ["stopped"], calls=ONCE):
        continuer.stdin.close()
        os.kill(os.getpid(), signal.SIGSTOP)  # here
    await asyncio.sleep(0.005)
    continuer.kill()
    continuer.wait()


async def calls_c(causes):
    asyncio.get_running_loop().call_soon(time.sleep, LONG_S)
    await asyncio.sleep(0)


WAYS = {"sleeps": (sleeps, SLEEP), "holds_gil": (holds_gil, ["pause"]),
        "stops": (stops, ["stopped"]), "calls_c": (calls_c, SLEEP)}


async def main(path, how):
    causes = Causes(path)
    way, syscall = WAYS[how]
    causes.fact(stuck=dict(source_of(way), kind="task", task=TASK, at=place(way),
                           syscall=syscall))
    causes.write()
    await loop_waits_for_go()
    await asyncio.get_running_loop().create_task(way(causes), name=TASK)
    await asyncio.sleep(0.005)
    causes.write()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
