# SPDX-License-Identifier: BSD-2-Clause
"""A reader of captures that knows only user/capture/README.md."""

import functools
import os
import zlib

from .processes import Failure
from .schema import TOP

PAGE = os.path.join(TOP, "user", "capture", "README.md")
RECORD_MAX = 1 << 20
ALIGNMENT = 8


@functools.cache
def tables():
    """The tables of the page: {heading: rows}, each row as {column: cell}."""
    found, heading, columns = {}, None, None
    with open(PAGE, encoding="utf-8") as page:
        for line in page:
            if line.startswith("## "):
                heading, columns = line[3:].strip(), None
                found[heading] = []
            elif not line.startswith("|"):
                columns = None
            elif heading:
                cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
                if columns is None:
                    columns = cells
                elif cells[0] != "---":
                    found[heading].append(dict(zip(columns, cells)))
    return found


def types():
    """The types of records by number: {number: row}."""
    return {int(row["number"]): row for row in tables()["Types of records"]}


def fields(heading, data, start=0):
    """The fields of a structure; those that lie behind the data are left out."""
    values = {}
    for row in tables()[heading]:
        offset = start + int(row["offset"])
        if row["bytes"] and offset + int(row["bytes"]) <= len(data):
            values[row["field"]] = data[offset:offset + int(row["bytes"])]
    return values


def number(value):
    return int.from_bytes(value, "little")


def text(value):
    return value.partition(b"\0")[0].decode()


class Capture:
    """The header of a capture, and its records as pairs of type and bytes."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        size = number(fields("The header", data)["header_bytes"])
        self.header = fields("The header", data[:size])
        self.complete = True  # the file ends where a record ends
        self.lost = 0  # records that could not be written
        self.blocks = 0
        self.records = list(self._records(data, size))

    def _records(self, data, at):
        while at < len(data):
            head = fields("A record", data, at)
            size = number(head["size"]) if "size" in head else RECORD_MAX
            if at + size > len(data):
                self.complete = False
                return
            if at % ALIGNMENT or size > RECORD_MAX:
                raise Failure(f"a record of {size} bytes at {at}")
            kind, record = types()[number(head["type"])]["type"], data[at:at + size]
            if kind == "BLOCK":
                yield from self._records(self._unpacked(record), 0)
            else:
                yield kind, record
            at += (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT

    def _unpacked(self, record):
        block = fields("A block", record)
        place, = (int(row["offset"]) for row in tables()["A block"] if row["field"] == "data")
        raw = zlib.decompress(record[place:])
        if len(raw) != number(block["raw_bytes"]):
            raise Failure(f"a block has {len(raw)} bytes, not {number(block['raw_bytes'])}")
        self.lost += number(block["lost"])
        self.blocks += 1
        return raw
