#!/usr/bin/env python3
"""Measures what loopprof promises, in one run, and prints a table.

Each part compares slices that take turns, since a shared machine is a fifth faster
or slower from one minute to the next; results are medians with their quartiles.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time

import part_accuracy
import part_attach
import part_budget
import part_http
import part_lost
import part_memory
import part_others
import part_peers
import part_programs
import part_scale
import part_spin
from figures import Row, table
from processes import NotMeasured
from setting import Python, Setting

PARTS = ("others", "spin", "roots", "lost", "http", "budget", "attach", "memory", "scale",
         "accuracy", "peers", "programs")
ROOTS = {"trixie": "3.13", "sid": "3.14"}


class Bench:
    def __init__(self, setting):
        self._setting = setting
        self.rows = []
        self.raw = {}

    def part(self, name, measure, rows=None):
        """Runs one part; a part that cannot be measured is a line of the table too."""
        self._setting.say(name)
        begun = time.monotonic()
        try:
            result = measure()
        except NotMeasured as reason:
            self.rows.append(Row(name, "", f"not measured: {reason}"))
            self.raw[name] = {"not_measured": str(reason)}
            return None
        self.rows += rows(result) if rows else result.rows()
        self.raw[name] = dict(result.raw(), seconds=round(time.monotonic() - begun, 1))
        return result

    def _root(self, name):
        return Python(name, os.path.join(os.path.abspath(self._setting.roots), name))

    def run(self, wanted):
        setting, seconds = self._setting, self._setting.seconds
        others = spin = None
        if "others" in wanted:
            others = self.part("others", lambda: part_others.measure(setting, seconds(40, 4)))
        if "spin" in wanted:
            spin = self.part("spin", lambda: part_spin.measure(setting, Python("the host's"),
                                                               seconds(200, 12)))
        if "roots" in wanted:
            for name, version in ROOTS.items():
                self.part(f"spin, Python {version}", lambda name=name: part_spin.measure(
                    setting, self._root(name), seconds(80, 6)))
        if "lost" in wanted:
            self.part("lost", lambda: part_lost.measure(setting, Python("the host's"),
                                                        seconds(45, 6)))
            # Debian's stripped 3.11 has no symbol for the creation of coroutines.
            if not setting.quick:
                self.part("lost, Python 3.13", lambda: part_lost.measure(
                    setting, self._root("trixie"), 25))
        if "http" in wanted:
            self.part("http", lambda: part_http.measure(setting, seconds(300, 12)),
                      lambda http: http.rows(spin, others))
        if "budget" in wanted:
            self.part("budget", lambda: part_budget.measure(setting, seconds(600, 12)))
        for name, module in (("attach", part_attach), ("memory", part_memory),
                             ("scale", part_scale),
                             ("accuracy", part_accuracy), ("peers", part_peers),
                             ("programs", part_programs)):
            if name in wanted:
                self.part(name, lambda module=module: module.measure(setting))


def describe():
    """The machine and the programs of the measurement."""
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return (f"Linux {platform.release()}, {os.cpu_count()} x {model}, "
            f"{time.strftime('%Y-%m-%d')}")


def parse():
    parser = argparse.ArgumentParser(description="Measures loopprof against its goals; as root.")
    parser.add_argument("--loopprof", default="build/loopprof", metavar="PROGRAM")
    parser.add_argument("--empty", default="build/bench-empty", metavar="PROGRAM",
                        help="the empty uprobe of empty.c")
    parser.add_argument("--syscalls", default="build/bench-syscalls", metavar="PROGRAM",
                        help="the system call loop of syscall_loop.c")
    parser.add_argument("--switches", default="build/bench-switches", metavar="PROGRAM",
                        help="the two processes of switch_loop.c")
    parser.add_argument("--hold", default="build/bench-hold.so", metavar="LIBRARY",
                        help="the callback of hold.c")
    parser.add_argument("--roots", default="build/roots", metavar="DIR",
                        help="Debian roots with other Pythons, by tests/e2e/roots.sh")
    parser.add_argument("--peers", default="build/peers", metavar="DIR",
                        help="profilers to compare with, by peers.sh")
    parser.add_argument("--py-spy", metavar="PROGRAM",
                        help="whose attaching to compare with (default: that of peers.sh)")
    parser.add_argument("--parts", default=",".join(PARTS),
                        help="some of " + ",".join(PARTS) + " (default: all)")
    parser.add_argument("--quick", action="store_true", help="two minutes, for a smoke test")
    parser.add_argument("--json", metavar="FILE", help="write every single value there")
    arguments = parser.parse_args()
    for part in arguments.parts.split(","):
        if part not in PARTS:
            parser.error(f"there is no part {part}")
    if not os.path.exists(arguments.loopprof):
        parser.error(f"there is no {arguments.loopprof}: run make")
    if os.geteuid() != 0:
        parser.error("must be run as root")
    return arguments


def main():
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    setting = Setting(arguments)
    bench = Bench(setting)
    bench.run(arguments.parts.split(","))
    print(describe() + "; medians, with the quartiles in brackets")
    print()
    print(table(bench.rows))
    if setting.disturbed:
        print(f"\nIn {setting.disturbed} phases another loopprof ran as well.")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"host": describe(), "disturbed": setting.disturbed, "parts": bench.raw},
                      file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
