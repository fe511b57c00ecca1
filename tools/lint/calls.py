#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that the files of a folder call each other in one direction: no file needs a function or
variable of another one that needs one of the first, over any number of steps.

The symbols are those of the objects, so that calls are exact, whatever headers declare them.  Calls
through pointers to functions are not counted: they are how a lower file calls a higher one.

usage: calls.py OBJECT...
"""
import collections
import os
import subprocess
import sys

from includes import circles


def symbols_of(objects):
    """Each global symbol's object, and the symbols that each object needs from others."""
    home, needed = {}, {}
    listed = subprocess.check_output(["nm", "-A", "-P", "-g", *objects], text=True)
    for line in listed.splitlines():
        path, name, kind = line.split()[:3]
        path = path.rstrip(":")
        if kind in "Uwv":
            needed.setdefault(path, []).append(name)
        else:
            home[name] = path
    return home, needed


def main():
    objects = sys.argv[1:]
    if not objects:
        sys.exit("calls.py: name the objects")
    home, needed = symbols_of(objects)
    graph, names = collections.defaultdict(set), collections.defaultdict(list)
    for path in objects:
        for name in needed.get(path, []):
            other = home.get(name, path)
            if other != path and os.path.dirname(other) == os.path.dirname(path):
                graph[path].add(other)
                graph[other].update()
                names[path, other].append(name)
    found = circles(graph)
    for circle in found:
        print("a circle of calls:", file=sys.stderr)
        for path, other in sorted(names):
            if path in circle and other in circle:
                print(f"  {path} needs {', '.join(names[path, other])} of {other}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
