# SPDX-License-Identifier: BSD-2-Clause
"""The pages that describe the JSON lines and the captures agree with the code."""

import collections
import glob
import os
import re
import subprocess

from lib import captures, schema
from lib.checks import verify
from lib.processes import Failure
from lib.profiler import Records

GOLDEN = os.path.join(schema.TOP, "tests", "golden")
# The sources that write JSON lines, and those of the names in them.
WRITERS = ("sinks/json/*.c", "tasks/json*.c", "compare/json.c")
NAMES = ("model/names.c", "model/finding_kinds.c", "compare/compare.c", "commands/tasks.c",
         "tasks/json_pool.c", "model/memory_shortage.c")


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
    kinds = {name.partition(" of ")[0] for name in schema.tables()}
    unknown = written - described()[0] - kinds - {"type"}
    if len(written) < 100 or unknown:
        raise Failure(f"{len(written)} fields are written; not described: {sorted(unknown)}")


def test_each_described_field_is_in_the_code(case):
    strings = " ".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', sources(WRITERS + NAMES)))
    words = set(re.findall(r"[a-z_0-9]+", strings)) | set(re.findall(r"[a-z_0-9.]+", strings))
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
    for capture in goldens():
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


# ---- captures ----


def goldens():
    return sorted(glob.glob(os.path.join(GOLDEN, "*.lpc")))


def test_types_of_records(case):
    """The page has each type of bpf/wire/events.h, with the structure that the decoder expects."""
    with open(os.path.join(schema.TOP, "bpf", "wire", "events.h"), encoding="utf-8") as file:
        numbers = re.findall(r"^\tLP_EVENT_(\w+) = (\d+),", file.read(), re.M)
    found = [(row["type"], str(number)) for number, row in captures.types().items()]
    if sorted(found) != sorted(numbers):
        raise Failure(f"they differ: {sorted(set(found) ^ set(numbers))}")
    structures = {row["type"]: row["contents"] for row in captures.types().values()}
    rows = re.findall(r"LP_ROW\(LP_EVENT_(\w+), \w+, struct (\w+),", sources(("wire/decode.c",)))
    wrong = [f"{kind} is a {structure}" for kind, structure in rows
             if structures[kind] not in ("", structure)]
    if len(rows) < 20 or wrong:
        raise Failure(f"{len(rows)} types are decoded; {wrong}")


def header_of(capture):
    """The header of a capture, as its JSON line has it."""
    fields = capture.header
    return {**{name: captures.number(fields[name])
               for name in ("threshold_ns", "start_ns", "start_unix_ns")},
            **{name: captures.text(fields[name]) for name in ("tool", "mode", "host")}}


def test_captures_are_as_described(case):
    """Each golden capture, read by the tables of the page, has what loopprof reports of it."""
    blocks = 0
    for path in goldens():
        capture = captures.Capture(path)
        lines = json_of(case, "report", path, statuses=(0, 1))
        header = header_of(capture)
        if captures.text(capture.header["magic"]) != "LOOPPROF" or \
                header != {name: lines[0][name] for name in header}:
            raise Failure(f"{path}: the header is {capture.header}, the line {lines[0]}")
        counts = collections.Counter(kind for kind, _ in capture.records)
        reported = collections.Counter(line["type"] for line in lines)
        if (counts["LOOP"], counts["FINDING"]) != (reported["loop"], reported["lost"]):
            raise Failure(f"{path}: records {counts}, lines {reported}")
        if (counts["END"] == 1) != (capture.complete and capture.records[-1][0] == "END"):
            raise Failure(f"{path}: complete is {capture.complete}, records {counts}")
        unexpected = [row["type"] for row in captures.types().values()
                      if not row["contents"] and counts[row["type"]]]
        if unexpected:
            raise Failure(f"{path} has records of {unexpected}")
        blocks += capture.blocks
    if not blocks:
        raise Failure("no capture has blocks")


def test_a_recorded_run_is_as_described(case):
    """Files of one run have the same run ID, and are numbered."""
    target = case.start("stalls.py")
    directory = case.path("captures")
    os.mkdir(directory)
    recorder = case.profile("record", "-o", directory + "/", "--rotate", "1s", "-t", "100ms",
                            "-p", str(target.pid))
    recorder.wait_for_text("Ctrl-C ends")
    target.go()
    target.finish()
    recorder.finish().expect(0)
    files = [captures.Capture(path)
             for path in sorted(glob.glob(os.path.join(directory, "*.lpc")))]
    numbers = [captures.number(file.header["segment"]) for file in files]
    if len(files) < 2 or numbers != list(range(len(files))):
        raise Failure(f"files {numbers}")
    if len({file.header["run_id"] for file in files}) != 1:
        raise Failure("the files have several run IDs")
    kinds = [[kind for kind, _ in file.records] for file in files]
    if not all("BASELINE" in of_file for of_file in kinds[1:]) or "BASELINE" in kinds[0]:
        raise Failure(f"checkpoints: {[of_file.count('BASELINE') for of_file in kinds]}")
    if [of_file.count("END") for of_file in kinds] != [0] * (len(files) - 1) + [1]:
        raise Failure(f"ends: {[of_file.count('END') for of_file in kinds]}")
    if any(file.lost or not file.complete for file in files):
        raise Failure("records are missing")
