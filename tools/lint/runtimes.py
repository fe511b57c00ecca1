#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that what belongs to one runtime stays in its folders: no other source or header names its
libraries, functions or types, neither in code nor in a comment.  Sentences for people, which are
string literals with a space, may do so; so may the files below, for the reason beside each.
"""
import re

import lint

RUNTIMES = {
    "CPython": {
        "folders": ("user/runtime/cpython/", "bpf/python/"),
        "words": r"(?i:asyncio|uvloop)|\buv_|Handle\._run|Context\.run|\b_?Py[A-Z]\w*",
    },
}
ALLOWED = {
    "bpf/wire/python.h": "the data that bpf/python/ and the adapter share",
    "bpf/wire/loop_kinds.h": "the registry of the kinds of loops: captures carry the numbers",
}
# a comment, whole, or a literal; a literal may contain what looks like a comment
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)


def without_sentences(text):
    """The text with each sentence replaced by as many line breaks as it has."""
    def blank(match):
        token = match[0]
        return "\n" * token.count("\n") if token[0] == '"' and " " in token else token
    return TOKEN.sub(blank, text)


def complaints():
    files = lint.tracked("user/*.[ch]", "bpf/*.[ch]")
    for path in ALLOWED:
        if path not in files:
            yield f"tools/lint/runtimes.py: {path} is allowed and does not exist"
    for name, runtime in RUNTIMES.items():
        words = re.compile(runtime["words"])
        for path in files:
            if path.startswith(runtime["folders"]) or path in ALLOWED:
                continue
            lines = without_sentences(lint.read(path)).splitlines()
            for number, line in enumerate(lines, 1):
                if line.lstrip().startswith("#include") or not words.search(line):
                    continue
                yield f"{path}:{number}: belongs to {name}: {words.search(line)[0]}"


if __name__ == "__main__":
    lint.enter_root()
    lint.end(complaints())
