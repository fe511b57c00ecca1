#!/usr/bin/env python3
"""Runs `loopprof -a` for a while amid churn, and checks that its resources do not grow.

Processes with loops start and are killed, and so do threads with loops, thousands of programs
that are not Python, Pythons without asyncio, and programs that replace themselves, all of
them in cgroups that come and go as containers' do. After a warm-up, neither memory nor
descriptors, links or entries of BPF maps may grow; once all have ended, none are left.
"""

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

from lib import census  # noqa: E402: the module is in the directory of the end-to-end tests
from lib.cgroups import Cgroup  # noqa: E402

PYTHON = "/usr/bin/python3"
SERVER = """
import asyncio, random, sys, threading, time
async def job():
    await asyncio.sleep(random.random() / 50)
    if random.random() < 0.02:
        time.sleep(0.12)
async def serve(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        exec(f"async def made_{random.randrange(1000)}(): pass", names := {})
        await asyncio.gather(*(job() for _ in range(5)), *(f() for n, f in list(names.items())
                                                           if n.startswith("made_")))
seconds = float(sys.argv[1])
threads = [threading.Thread(target=lambda: asyncio.run(serve(seconds * random.random())))
           for _ in range(int(sys.argv[2]))]
for thread in threads:
    thread.start()
asyncio.run(serve(seconds))
for thread in threads:
    thread.join()
"""
REPLACE = "import asyncio, os, sys\nasync def main():\n    await asyncio.sleep(0.2)\n" \
          "asyncio.run(main())\nos.execv('/bin/sleep', ['sleep', '0.1'])"
FORK = "import asyncio, os, sys\nasync def main():\n    await asyncio.sleep(0.3)\n" \
       "children = [os.fork() for _ in range(2)]\nasyncio.run(main())\n"
# Noise of the memory: an allocator retains a different amount at each measurement.
MEMORY_ROOM = 4 << 20
LIVE = 12
LINGER_S = 8


class Churn:
    """The processes of the churn in their cgroups; all end with the block."""

    def __init__(self, cgroup):
        self._cgroup = cgroup
        self._running = []
        self.started = {}
        self._serial = 0

    def _start(self, kind, command):
        self._serial += 1
        name = f"docker-{self._serial % 50:064x}.scope"
        prefix = self._cgroup.prefix("system.slice", name)
        self._running.append(subprocess.Popen([*prefix, *command], stdin=subprocess.DEVNULL,
                                              stderr=subprocess.DEVNULL))
        self.started[kind] = self.started.get(kind, 0) + 1

    def step(self):
        kind = random.choices(("server", "true", "python", "replace", "fork"),
                              (3, 40, 6, 2, 2))[0]
        if kind == "server" and len(self._running) < LIVE:
            self._start(kind, [PYTHON, "-c", SERVER, str(random.uniform(0.5, 8)),
                               str(random.randrange(4))])
        elif kind == "true":
            self._start(kind, ["/bin/true"])
        elif kind == "python":
            self._start(kind, [PYTHON, "-c", "pass"])
        elif kind == "replace":
            self._start(kind, [PYTHON, "-c", REPLACE])
        elif kind == "fork":
            self._start(kind, [PYTHON, "-c", FORK])
        if random.random() < 0.02 and self._running:
            random.choice(self._running).kill()
        while len(self._running) > 2 * LIVE:
            self.reap()
            time.sleep(0.01)
        self.reap()

    def reap(self):
        self._running = [process for process in self._running if process.poll() is None]

    def run(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.step()

    def end(self):
        for process in self._running:
            process.kill()
        for process in self._running:
            process.wait()
        self._running = []


def own_cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def complaints(baseline, after, left):
    """Complaints about resources that have grown or are left."""
    if after["resident"] > baseline["resident"] + MEMORY_ROOM:
        yield f"memory grew from {baseline['resident']} to {after['resident']} bytes"
    for what in ("descriptors", "links"):
        if left[what] > baseline[what]:
            yield f"{what}: {baseline[what]} before, {left[what]} left"
    for what in census.COUNTED:
        if left.get(what):
            yield f"{left[what]} entries are left in the map {what}"


def quiet(profiler, churn):
    """Measures once the churn has stopped and its probes are detached."""
    churn.end()
    time.sleep(LINGER_S)
    before, now = None, census.take(profiler.pid)
    # The kernel takes its time to remove each link.
    while before is None or now["links"] < before["links"]:
        time.sleep(5)
        before, now = now, census.take(profiler.pid)
    return now


def wait_for(path, text):
    """Waits until loopprof has written the text."""
    for _ in range(600):
        with open(path, encoding="utf-8", errors="replace") as file:
            if text in file.read():
                return
        time.sleep(0.1)
    raise SystemExit(f"soak: loopprof never said {text!r}")


def soak(options, directory):
    log = os.path.join(directory, "stderr")
    with contextlib.ExitStack() as stack:
        cgroup = stack.enter_context(Cgroup("loopprof-soak"))
        out = stack.enter_context(open(os.path.join(directory, "out.jsonl"), "wb"))
        err = stack.enter_context(open(log, "wb"))
        profiler = subprocess.Popen(
            [options.loopprof, "-a", "--cgroup", cgroup.path, "-j", "-i", "10", "--export",
             f"prom={directory}/loops.prom"], stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        stack.callback(profiler.kill)
        wait_for(log, "following")
        churn = Churn(cgroup)
        stack.callback(churn.end)
        churn.run(options.warm_up)
        baseline = quiet(profiler, churn)
        print(f"soak: after the warm-up {baseline}", flush=True)
        cpu, begun, deadline = own_cpu_s(profiler.pid), time.monotonic(), 0.0
        deadline = begun + options.seconds
        while time.monotonic() < deadline and profiler.poll() is None:
            churn.run(min(60, deadline - time.monotonic()))
            print(f"soak: {time.monotonic() - begun:.0f} s {census.take(profiler.pid)} "
                  f"{churn.started}", flush=True)
        if profiler.poll() is not None:
            raise SystemExit(f"soak: loopprof ended with status {profiler.returncode}")
        after = census.take(profiler.pid)
        share = (own_cpu_s(profiler.pid) - cpu) / (time.monotonic() - begun)
        left = quiet(profiler, churn)
        profiler.send_signal(signal.SIGINT)
        status = profiler.wait(60)
        print(f"soak: left {left}; own CPU {100 * share:.2f} % meanwhile", flush=True)
        found = list(complaints(baseline, after, left))
        if status != 0:
            found.append(f"status {status} at its end")
        with open(log, encoding="utf-8", errors="replace") as file:
            warnings = re.findall(r"^loopprof: (?:warning|error).*", file.read(), re.MULTILINE)
        for warning in warnings[:10]:
            print(f"soak: it said: {warning}")
        return found


def main():
    parser = argparse.ArgumentParser(description="Leaves loopprof on amid churn; as root.")
    parser.add_argument("--loopprof", default=os.path.join(ROOT, "build", "loopprof"))
    parser.add_argument("--seconds", type=float, default=3600, help="default: an hour")
    parser.add_argument("--warm-up", type=float, default=180, metavar="SECONDS",
                        help="until everything that is bounded is full, default 180")
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("must be run as root")
    with tempfile.TemporaryDirectory(prefix="loopprof-soak.") as directory:
        found = soak(options, directory)
    for complaint in found:
        print(f"FAIL soak: {complaint}")
    print(f"{0 if found else 1} passed, {len(found)} failed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
