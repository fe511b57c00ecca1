# SPDX-License-Identifier: BSD-2-Clause
"""The cases: programs whose truth is stated at their top, as a literal named CASE.

`shows`      what happens, a row of the table in README.md
`pythons`    the versions of Python that it runs on, "3.13"
`needs`      "packages" for what environments.py installs; otherwise the standard library does
`looks`      a list of what is run on it: `command`, the arguments of loopprof before `-p PID`, and
             expressions for what it prints:
             `seconds` until it is interrupted, if it does not end by itself
             `partly`  all of them are there, or the answer is wrong
             `right`   all of these as well, or the answer is right in part only
             `never`   one of these makes it wrong
             `arguments` of the program, if it has to be started in another way for this look

In expressions, {word} stands for file:line of the line that ends with `# line: word`. A pair
(expression, least, most) holds if a number that the group of the expression captures is of these.
"""

import ast
import functools
import glob
import os
import re
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = ("programs", "servers")
FIELDS = {"shows", "pythons", "needs", "looks"}
LOOK_FIELDS = {"command", "seconds", "right", "partly", "never", "arguments"}
VERDICTS = ("right", "partly", "wrong")
MARK = re.compile(r"# line: ([a-z_]+)$")
PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Case:
    name: str
    folder: str
    shows: str
    pythons: tuple
    needs: str
    looks: tuple
    lines: dict  # the word of a marked line: FILE:LINE, as an expression

    @property
    def path(self):
        return os.path.join(HERE, self.folder, self.name + ".py")


def _marked(name, text):
    """The marked lines of a file, as expressions."""
    found = [(MARK.search(line), number) for number, line in enumerate(text.splitlines(), 1)]
    return {mark[1]: rf"\b{re.escape(name)}\.py:{number}\b" for mark, number in found if mark}


@functools.lru_cache
def _shared_lines():
    """Those of programs/parts/."""
    lines = {}
    for path in glob.glob(os.path.join(glob.escape(HERE), "programs", "parts", "*.py")):
        with open(path, encoding="utf-8") as file:
            lines.update(_marked(os.path.basename(path)[:-3], file.read()))
    return lines


def read(folder, name):
    path = os.path.join(HERE, folder, name + ".py")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    literals = [node.value for node in ast.parse(text).body if isinstance(node, ast.Assign)
                and getattr(node.targets[0], "id", None) == "CASE"]
    if len(literals) != 1:
        raise ValueError(f"{path}: has no CASE, or several")
    case = ast.literal_eval(literals[0])
    wrong = set(case) ^ FIELDS | {key for look in case["looks"] for key in look} - LOOK_FIELDS
    if wrong:
        raise ValueError(f"{path}: fields {sorted(wrong)}")
    return Case(name, folder, case["shows"], tuple(case["pythons"]), case["needs"],
                tuple(case["looks"]), {**_shared_lines(), **_marked(name, text)})


def all_cases():
    """All of them, by folder and name."""
    return [read(folder, file[:-3]) for folder in FOLDERS
            for file in sorted(os.listdir(os.path.join(HERE, folder))) if file.endswith(".py")]


def _holds(case, expectation, text):
    expression, *limits = (expectation,) if isinstance(expectation, str) else expectation
    expression = PLACE.sub(lambda place: case.lines[place[1]], expression)
    found = re.finditer(expression, text, re.MULTILINE)
    if limits:
        return any(limits[0] <= float(one[1]) <= limits[1] for one in found)
    return next(found, None) is not None


def judge(case, look, text):
    """The verdict on what a look printed, and the expectations that make it worse than right."""
    said = [f"said {one!r}" for one in look.get("never", ()) if _holds(case, one, text)]
    lacks = [f"lacks {one!r}" for one in look.get("partly", ()) if not _holds(case, one, text)]
    if said or lacks:
        return "wrong", said + lacks
    lacks = [f"lacks {one!r}" for one in look.get("right", ()) if not _holds(case, one, text)]
    return ("partly" if lacks else "right"), lacks


def worst(verdicts):
    return max(verdicts, key=VERDICTS.index)
