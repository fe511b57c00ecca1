# SPDX-License-Identifier: BSD-2-Clause
"""What the checks of this folder share.  They work in the root of the tree."""
import os
import subprocess
import sys


def enter_root():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def tracked(*patterns):
    """The files that git has and that exist."""
    listed = subprocess.check_output(["git", "ls-files", "-z", *patterns], text=True)
    return [path for path in listed.split("\0") if path and os.path.exists(path)]


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def end(complaints):
    """Prints the complaints, and ends with status 1 if there are any."""
    found = list(complaints)
    for complaint in found:
        print(complaint, file=sys.stderr)
    sys.exit(1 if found else 0)
