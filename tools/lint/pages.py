#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks the pages for developers: every path that they name exists, and every C name in them is
in the sources."""
import glob
import os
import re

import lint

PAGES = ("README.md", "user/README.md", "bpf/README.md", "tests/README.md",
         "user/capture/README.md", "user/sinks/json/README.md")
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"^[\w.*/-]+\.(?:bpf\.)?(?:[chs]|py|sh|js|md|ini|bpf)$")
NAME = re.compile(r"^(?:struct |enum |union )?((?:lp_|LP_|CPYTHON_)\w*[a-zA-Z0-9])$")


def is_folder(folders, token):
    """Whether a token names a folder: with a slash at its end, or below a folder that exists."""
    if not re.fullmatch(r"(?:\.\./|\w)[\w.*/-]*", token) or "/" not in token:
        return False
    first = token[:token.index("/") + 1]
    return token.endswith("/") or any(os.path.isdir(os.path.join(one, first)) for one in folders)


def page_complaints(page, names):
    """A path begins at the folder of the page, at the root, or at a folder that its section has
    named before."""
    roots = [os.path.dirname(page), "."]
    folders = list(roots)
    with open(page, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("#"):
                folders = list(roots)
            for token in CODE.findall(line):
                name = NAME.match(token)
                if name and name[1] not in names:
                    yield f"{page}:{number}: no source has the name {name[1]}"
                if not FILE.match(token) and not is_folder(roots, token):
                    continue
                there = [path for one in folders for path in glob.glob(os.path.join(one, token))]
                if not there:
                    yield f"{page}:{number}: there is no {token}"
                folders += [path for path in there if os.path.isdir(path)]


def complaints():
    names = set()
    for path in lint.tracked("user/*.[ch]", "bpf/*.[ch]", "tests/unit/*.[ch]"):
        names.update(re.findall(r"\w+", lint.read(path)))
    for page in PAGES:
        yield from page_complaints(page, names)


if __name__ == "__main__":
    lint.enter_root()
    lint.end(complaints())
