#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Line tables of real code objects, with the interpreter's own answers, as C.

`lines_fixture.py -` prints the initialisers of the interpreter that runs it.
`lines_fixture.py PYTHON... > lines_fixture.h` makes the header from several.
"""

import dis
import os
import subprocess
import sys

GAP = "\n" * 200

SOURCES = {
    "loop": """
def loop(items):
    total = 0
    for item in items:
        if item:
            total += item
            continue
        while total:
            total -= 1
    else:
        return None
    return total
""",
    "call": """
def call(a, b):
    return max(
        a,
        min(b,
            a),
        key=lambda x:
            x + b,
    )
""",
    "decorated": """
def outer(f):
    @f
    @f(
        1)
    def inner(
            x=f):

        return f, x
    return inner
""",
    "guarded": """
def guarded(f):
    try:
        with f() as g:
            g(
                1)
    except (ValueError,
            TypeError) as e:
        raise KeyError from e
    finally:
        f()
""",
    "generator": """
async def generator(x):
    async with x as y:
        yield [await z
               for z in y
               if z]
""",
    "far": "def far(f):\n    f()\n" + GAP + "    return f(\n" + GAP + "        1,\n        f())\n",
    "wide": "def wide(a):\n    b = (" + " + ".join(["a * a"] * 34) + ")\n    return (b,\n        a)\n",
    "backwards": "def backwards(f):\n    return [\n" + GAP + "        f(),\n" + GAP
    + "        f()][f() if\n f else 1]\n",
}


def code_objects(code):
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield constant
            yield from code_objects(constant)


def starts(code):
    """(offset, line) for each offset where another line begins; line 0: the table has none."""
    if sys.version_info >= (3, 10):
        found = [(start, line or 0) for start, end, line in code.co_lines() if start != end]
    else:
        found = list(dis.findlinestarts(code))
    merged = []
    for start, line in found:
        if not merged or merged[-1][1] != line:
            merged.append((start, line))
    return merged


def print_wrapped(words):
    line = "\t"
    for word in words:
        if len(line.expandtabs(8)) + len(word) > 99:
            print(line.rstrip())
            line = "\t  "
        line += word + " "
    print(line.rstrip())


def print_fixture(name, code):
    table = code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab
    spans = starts(code)
    words = ["{ %d, \"%s\"," % (sys.version_info[1], name)]
    words += ["%d," % number for number in
              (code.co_firstlineno, len(code.co_code), len(table), len(spans))]
    words += ["{"] + ["%d," % byte for byte in table] + ["},"]
    words += ["{"] + ["{%d,%d}," % span for span in spans] + ["} },"]
    print_wrapped(words)


def print_own():
    for name, source in SOURCES.items():
        for code in code_objects(compile(source, name, "exec")):
            print_fixture("%s:%s" % (name, code.co_name), code)


HEAD = """/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated, do not edit: tests/unit/lines_fixture.py PYTHON... > lines_fixture.h
 * with CPython 3.8 to 3.13, each of which printed its own tables and the lines
 * that dis.findlinestarts (3.8, 3.9) or co_lines (later) gave for them.
 */
#ifndef LP_TEST_LINES_FIXTURE_H
#define LP_TEST_LINES_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

/* A code object: from starts[i].offset on, the line is starts[i].line; 0 if it has none. */
struct lp_lines_fixture {
	int minor;
	const char *name;
	uint32_t first_line;
	uint32_t code_bytes;
	size_t table_bytes;
	size_t start_count;
	uint8_t table[1024];
	struct {
		uint32_t offset;
		uint32_t line;
	} starts[32];
};

/* clang-format off */
static const struct lp_lines_fixture lines_fixtures[] = {"""

TAIL = """};
/* clang-format on */

#define LINES_FIXTURES (sizeof(lines_fixtures) / sizeof(lines_fixtures[0]))

#endif /* LP_TEST_LINES_FIXTURE_H */"""


def main():
    if sys.argv[1:] == ["-"]:
        return print_own()
    print(HEAD)
    for python in sys.argv[1:]:
        sys.stdout.flush()
        environment = dict(os.environ, PYTHONNODEBUGRANGES="", PYTHONOPTIMIZE="")
        subprocess.run([python, os.path.abspath(__file__), "-"], check=True, env=environment)
    print(TAIL)


main()
