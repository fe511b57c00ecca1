"""The demonstration, which is what many people try first."""

import os
import subprocess

from lib.processes import Failure

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "demo",
                    "demo.sh")


def test_demo(case):
    """The output has the handlers that block and compute; no process is left."""
    environment = dict(os.environ, LOOPPROF=case.loopprof, DURATION="4")
    demo = subprocess.run([DEMO], env=environment, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=90,
                          check=False)
    if demo.returncode != 0:
        raise Failure(f"status {demo.returncode}: {demo.stderr[-2000:]!r}")
    # The loop runs aiohttp's coroutine; the stacks lead from there to these handlers.
    for wanted in ("execute", "fetch_report", "compute"):
        if wanted not in demo.stdout:
            raise Failure(f"has no {wanted}: {demo.stdout[-3000:]!r}")
    left = subprocess.run(["pgrep", "-u", "nobody", "-f", "server.py"], stdout=subprocess.PIPE,
                          text=True, check=False).stdout.split()
    if left:
        raise Failure(f"left running: {left}")
