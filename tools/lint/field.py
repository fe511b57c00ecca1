#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that the section "What it tells" of README.md has a row for each case of tests/field."""

import os
import sys

import lint

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "tests", "field"))
import table  # pylint: disable=wrong-import-position

if __name__ == "__main__":
    lint.enter_root()
    lint.end(table.complaints())
