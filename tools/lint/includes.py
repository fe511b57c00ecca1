#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks the direction of #include: no file includes one of a floor above its own, no two files
include each other over any number of steps, and each header compiles by itself.

The floors are the block in user/README.md that begins with the line ```floors: one line a floor,
from the top down.  A folder includes folders of lower floors only; its own files, freely.

A module is a source with the header of the same name.  Headers named *_internal.h are shared by
the files of one folder and include the headers of its modules: a circle through one is no fault.

usage: includes.py [--headers "COMPILER FLAGS" "BPF COMPILER FLAGS"]
"""
import collections
import concurrent.futures
import os
import re
import subprocess
import sys

import lint

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def floors_of_user():
    with open("user/README.md", encoding="utf-8") as page:
        block = re.search(r"^```floors\n(.*?)^```", page.read(), re.S | re.M)
    if not block:
        sys.exit("includes.py: user/README.md has no block ```floors")
    return [line.split() for line in block[1].splitlines() if line.strip()]


def floors_of_bpf(files):
    """Each other folder is that of a runtime, and all of them are on one floor."""
    folders = {folder(path)[1] for path in files if path.startswith("bpf/")}
    return [["programs"], sorted(folders - {"programs", "loop", "wire"}), ["loop"], ["wire"]]


def folder(path):
    """The folder of a file below user/ or bpf/; "main" and "programs" are those of the top."""
    parts = path.split("/")
    if len(parts) > 2:
        return parts[0], parts[1]
    return parts[0], "main" if parts[0] == "user" else "programs"


def resolve(path, name, files):
    for base in (os.path.dirname(path), path.split("/")[0]):
        found = os.path.normpath(os.path.join(base, name))
        if found in files:
            return found
    return None


def edges_of(files):
    edges = []
    for path in sorted(files):
        with open(path, encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                match = INCLUDE.match(line)
                included = match and resolve(path, match[1], files)
                if included:
                    edges.append((path, number, included))
    return edges


def check_floors(edges, files):
    level = {}
    for top, floors in (("user", floors_of_user()), ("bpf", floors_of_bpf(files))):
        for number, names in enumerate(floors):
            level.update({(top, name): number for name in names})
    # shared files are on the lowest floor of either side
    level["bpf", "wire"] = 1000
    complaints = []
    present = {folder(path) for path in files}
    for room in sorted(present - set(level)):
        complaints.append(f"{'/'.join(room)}: a folder without a floor: add it to user/README.md")
    for room in sorted(set(level) - present):
        complaints.append(f"{'/'.join(room)}: a floor without a folder")
    for path, number, included in edges:
        above, below = folder(path), folder(included)
        if above == below or above not in level or below not in level:
            continue
        if above[0] != below[0] and below != ("bpf", "wire"):
            complaints.append(f"{path}:{number}: {included} is of the other side: only bpf/wire is shared")
        elif level[below] <= level[above]:
            complaints.append(f"{path}:{number}: {included} is not on a lower floor")
    return complaints


def circles(graph):
    """The strongly connected components with more than one node (Tarjan's algorithm)."""
    index, low, stack, result = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(component) > 1:
                result.append(sorted(component))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return result


def check_circles(edges):
    headers = collections.defaultdict(set)
    modules = collections.defaultdict(set)
    for path, _, included in edges:
        if path.endswith(".h"):
            headers[path].add(included)
            headers[included].update()
        if "_internal." in path or "_internal." in included:
            continue
        module, other = (re.sub(r"\.[ch]$", "", name) for name in (path, included))
        if module != other:
            modules[module].add(other)
            modules[other].update()
    return ["a circle: " + ", ".join(names) for names in circles(headers) + circles(modules)]


def check_headers(files, user_compiler, bpf_compiler):
    def compiles(path):
        compiler = bpf_compiler if path.endswith(".bpf.h") else user_compiler
        command = [*compiler.split(), "-Wno-unused-function", "-fsyntax-only", "-x", "c", path]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        return None if run.returncode == 0 else f"{path} does not compile by itself:\n{run.stderr}"

    headers = sorted(path for path in files if path.endswith(".h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [complaint for complaint in pool.map(compiles, headers) if complaint]


def main():
    lint.enter_root()
    sys.setrecursionlimit(10000)
    files = set(lint.tracked("user/*.[ch]", "bpf/*.[ch]"))
    edges = edges_of(files)
    complaints = check_floors(edges, files) + check_circles(edges)
    if len(sys.argv) == 4 and sys.argv[1] == "--headers":
        complaints += check_headers(files, sys.argv[2], sys.argv[3])
    lint.end(complaints)


if __name__ == "__main__":
    main()
