# SPDX-License-Identifier: BSD-2-Clause
"""The pages that describe the JSON lines and the captures agree with the code."""

import glob
import os
import re
import subprocess

from lib import schema
from lib.checks import verify
from lib.processes import Failure
from lib.profiler import Records

GOLDEN = os.path.join(schema.TOP, "tests", "golden")
# The sources that write JSON lines, and those of the names in them.
WRITERS = ("sinks/json/*.c", "tasks/json.c", "compare/json.c")
NAMES = ("model/names.c", "wire/finding_kinds.c", "compare/compare.c", "commands/tasks.c")


def sources(patterns):
    """The text of all C sources, without comments."""
    text = ""
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(schema.TOP, "user", pattern))):
            with open(path, encoding="utf-8") as file:
                text += re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read(), flags=re.S)
    return text


def described():
    """All names of fields, and all words, of the page."""
    fields = {name for table in schema.tables().values() for name in table}
    values = {word for table in schema.tables().values() for kind in table.values()
              for word in kind.words}
    return fields, values


def test_each_field_in_the_code_is_described(case):
    """In the code are "NAME": inside of strings, and names that the writer of JSON gets."""
    text = sources(WRITERS)
    written = set(re.findall(r'\\"([a-z_0-9]+)\\":', text))
    written |= set(re.findall(r'\b(?:json|write)_\w+\(&?\w+, "([a-z_0-9]+)"', text))
    unknown = written - described()[0] - {"type"}
    if len(written) < 100 or unknown:
        raise Failure(f"{len(written)} fields are written; not described: {sorted(unknown)}")


def test_each_described_field_is_in_the_code(case):
    strings = " ".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', sources(WRITERS + NAMES)))
    words = set(re.findall(r"[a-z_0-9]+", strings))
    # "%s_cut" and "%s_unreadable" follow the name of a stack, "p%d" has a number
    words |= {f"{word}_{end}" for word in words for end in ("cut", "unreadable")}
    words |= {"p50", "p90", "p99"}
    fields, values = described()
    # the modes of runs are words of the command line
    unknown = (fields | values) - words - {"trace", "sample"}
    if unknown:
        raise Failure(f"no code writes {sorted(unknown)}")


def test_each_object_is_described(case):
    schema.check_page()


def json_of(case, *arguments, statuses=(0,)):
    done = subprocess.run([case.loopprof, *arguments, "-j"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in statuses:
        raise Failure(f"{arguments}: status {done.returncode}: {done.stderr[-800:]}")
    return Records(done.stdout).all


def test_lines_of_captures(case):
    """Captures of all versions of the format; one of them ends early, which is an error."""
    lines = []
    for capture in sorted(glob.glob(os.path.join(GOLDEN, "*.lpc"))):
        lines += json_of(case, "report", capture, statuses=(0, 1))
    if len(lines) < 100:
        raise Failure(f"{len(lines)} lines")
    verify(wrong for line in lines for wrong in schema.wrong_line(line))


def test_lines_of_a_comparison(case):
    lines = json_of(case, "diff", os.path.join(GOLDEN, "stalls.lpc"),
                    os.path.join(GOLDEN, "causes.lpc"))
    kinds = {line["type"] for line in lines}
    if kinds != {"diff_header", "diff_callback", "diff_cause", "diff_footer"}:
        raise Failure(f"there are {sorted(kinds)}")
    verify(wrong for line in lines for wrong in schema.wrong_line(line))
