#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that a C name has one meaning in the whole tree: a tag of a struct, enum or union and an
LP_ macro is defined once, a tag in a header begins with lp_, and no other tag is one of the
kernel's or the C library's.  The first or the last word of a function that is not static is a
noun of its file, its folder, its header, or of a type that its header handles.
"""
import collections
import os
import re

import lint

TAG = re.compile(r"^(?:typedef )?(struct|enum|union) (\w+) \{", re.M)
MACRO = re.compile(r"^#define (LP_\w+)", re.M)
FUNCTION = re.compile(r"^(?!static\b|typedef\b|extern\b|__attribute__)\w[^\n;{}#=]*?\b(\w+)\((?:[^;{}]|\n)*?\)\n\{", re.M)
PROTOTYPE = re.compile(r"^(?!static\b|typedef\b|#|\}|\t)\w[^\n;{}=]*?\b(\w+)\(", re.M)
TYPES = re.compile(r"\blp_(\w+)")
# what a reader who knows kernels and C libraries has another meaning for
FOREIGN = {"page", "file", "inode", "dentry", "path", "socket", "sock", "task_struct", "module",
           "device", "timer", "timespec", "timeval", "stat", "passwd", "option", "pollfd",
           "iovec", "tm"}
# a definition each for one of several builds of a header, or of several readers of a table
SEVERAL = {"LP_DEFINE_MAPS", "LP_ROLE"}


def stem(word):
    """The singular of a noun."""
    for end, singular in (("ies", "y"), ("sses", "ss"), ("ss", "ss"), ("s", "")):
        if word.endswith(end) and len(word) > len(end) + 1:
            return word[:-len(end)] + singular
    return word


def words_of(path):
    """The nouns of a file and of the folders that it is in."""
    return {stem(word) for word in re.split(r"[/_.]", os.path.splitext(path)[0])}


def twice(texts, pattern, group, what):
    places = collections.defaultdict(list)
    for path, text in texts.items():
        for match in pattern.finditer(text):
            if path not in places[match[group]] or pattern is TAG:
                places[match[group]].append(path)
    for name, found in places.items():
        if len(found) > 1 and name not in SEVERAL:
            yield f"{found[-1]}: {what} {name} is defined in {', '.join(found[:-1])} as well"


def foreign(texts):
    for path, text in texts.items():
        for match in TAG.finditer(text):
            if match[2].startswith("lp_"):
                continue
            if path.endswith(".h"):
                yield f"{path}: the tag {match[2]} is in a header and does not begin with lp_"
            elif match[2] in FOREIGN:
                yield f"{path}: the tag {match[2]} has a meaning in the kernel or the C library"


def unprefixed(texts):
    headers = collections.defaultdict(list)
    for path, text in texts.items():
        if path.endswith(".h"):
            for match in PROTOTYPE.finditer(text):
                headers[match[1]].append(path)
    for path, text in texts.items():
        if not path.endswith(".c"):
            continue
        for match in FUNCTION.finditer(text):
            name = match[1]
            near = [path, *headers[name]]
            nouns = set().union(*map(words_of, near))
            types = set(TYPES.findall(match[0]))
            for header in headers[name]:
                types.update(TYPES.findall(texts[header]))
            own = name.split("_")
            if name == "main" or nouns & {stem(own[0]), stem(own[-1])}:
                continue
            if not any(name.startswith(stem(one) + "_") or stem(one.split("_")[0]) == stem(own[0])
                       for one in types):
                yield f"{path}: {name}: no noun of its file, folder, header or types"


def complaints():
    texts = {path: lint.read(path) for path in lint.tracked("user/*.[ch]", "bpf/*.[ch]")}
    yield from twice(texts, TAG, 2, "the tag")
    yield from twice(texts, MACRO, 1, "the macro")
    yield from foreign(texts)
    yield from unprefixed({path: text for path, text in texts.items() if path.startswith("user/")})


if __name__ == "__main__":
    lint.enter_root()
    lint.end(complaints())
