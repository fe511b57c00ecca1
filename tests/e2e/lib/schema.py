# SPDX-License-Identifier: BSD-2-Clause
"""Checks JSON lines against their description, the tables in user/sinks/json/README.md."""

import functools
import os
import re

from .processes import Failure

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PAGE = os.path.join(TOP, "user", "sinks", "json", "README.md")

# Values of the types that are no objects of the page.
SIMPLE = {
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "text": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "address": lambda value: isinstance(value, str) and re.fullmatch("0x[0-9a-f]+", value),
}
WORD = re.compile("`([^`]+)`")


class Type:
    """The type of a field, as a table has it: "list of frame or null, optional"."""

    def __init__(self, text):
        text, self.optional = re.subn(", optional$", "", text)
        text, self.null = re.subn(" or null$", "", text)
        self.item, self.list = re.subn("^list of ", "", text)
        self.words = WORD.findall(self.item)


@functools.cache
def tables():
    """The fields of each kind of line and of each object: {name: {field: Type}}."""
    found = {}
    name = None
    with open(PAGE, encoding="utf-8") as page:
        for line in page:
            if line.startswith("### "):
                name = line[4:].strip()
                found[name] = {}
            elif line.startswith("## "):
                name = None
            elif line.startswith("|") and name:
                field, kind = (cell.strip() for cell in line.split("|")[1:3])
                if field not in ("field", "---"):
                    found[name][field] = Type(kind)
    return found


def objects():
    """The names of the objects that fields refer to."""
    return {kind.item for fields in tables().values() for kind in fields.values()
            if not kind.words and kind.item not in SIMPLE}


def words(line, field):
    """All values that a field may have."""
    return tuple(tables()[line][field].words)


def wrong_item(where, value, kind):
    if kind.words:
        if value not in kind.words:
            yield f"{where} is {value!r}, not one of {kind.words}"
    elif kind.item in SIMPLE:
        if not SIMPLE[kind.item](value):
            yield f"{where} is {value!r}, not {kind.item}"
    elif not isinstance(value, dict):
        yield f"{where} is {value!r}, not {kind.item}"
    else:
        yield from wrong_fields(where, value, tables()[kind.item])


def wrong_fields(where, value, fields):
    """What differs between an object and its table."""
    for name in value:
        if name not in fields:
            yield f"{where} has the unknown field {name}"
    for name, kind in fields.items():
        inner = f"{where} {name}"
        if name not in value:
            if not kind.optional:
                yield f"{where} has no {name}"
        elif value[name] is None:
            if not kind.null:
                yield f"{inner} is null"
        elif not kind.list:
            yield from wrong_item(inner, value[name], kind)
        elif not isinstance(value[name], list):
            yield f"{inner} is {value[name]!r}, not a list"
        else:
            for item in value[name]:
                yield from wrong_item(inner, item, kind)


def wrong_line(record, command=""):
    """What differs between a line and its table; command: "tasks" for lines of that command."""
    name = f"{record['type']} of {command}" if command else record["type"]
    if name not in tables() or name in objects():
        yield f"the type {record['type']} is not described"
        return
    fields = {key: value for key, value in record.items() if key != "type"}
    yield from wrong_fields(record["type"], fields, tables()[name])


def incomplete(record):
    """Fields that may be null only in captures of other versions."""
    if record["type"] in ("slow_callback", "slow_iteration"):
        if record["time"] is None:
            yield f"{record['type']}: time is null"
        for sample in record["samples"]:
            if sample["cause"] is None or sample["collecting"] is None:
                yield f"{record['type']}: the sample {sample!r}"
    if record["type"] == "cause_summary":
        if (record["syscall"] is not None) != (record["cause"] == "blocked"):
            yield f"cause_summary: syscall {record['syscall']!r} of {record['cause']}"


def documented(records, command=""):
    """Lines are as they are described; the first one is the header, the last one the footer."""
    order = [record["type"] for record in records.all]
    if order[:1] != ["header"] or order[-1:] != ["footer"]:
        yield f"begins with {order[:1]}, ends with {order[-1:]}"
    if records.all and not str(records.all[0].get("version")).startswith("1."):
        yield f"version {records.all[0].get('version')}"
    # Loop 0 has the callbacks that no loop had space for.
    known = {0}
    for record in records.all:
        wrong = list(wrong_line(record, command))
        yield from wrong
        if wrong:
            continue
        if record["type"] == "loop":
            known.add(record["loop_id"])
        elif record.get("loop_id", None) not in known | {None}:
            yield f"{record['type']} of the unknown loop {record['loop_id']}"
        yield from incomplete(record)


def check_page():
    """Every type that the page uses is described there."""
    missing = objects() - set(tables())
    if missing:
        raise Failure(f"{PAGE} does not describe {sorted(missing)}")
