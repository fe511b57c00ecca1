# SPDX-License-Identifier: BSD-2-Clause
"""The quick cases of tests/field, of which loopprof has to say the essential at least.

`make field` runs all of them, with libraries and servers.
"""

import os
import sys

from lib.case import each
from lib.processes import Failure

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "field"))
import cases as field  # pylint: disable=wrong-import-position
import run as field_run  # pylint: disable=wrong-import-position

QUICK = ("condition_twice", "lock_without_holder", "queue_never_done", "group_stuck")


def host_and_newest(interpreter):
    return not interpreter.root and interpreter.name.startswith("host") \
        or interpreter.version[:2] == (3, 14)


@each(host_and_newest)
def test_quick_cases_of_the_field_get_the_essential_answer(case):
    for name in QUICK:
        verdict, reasons = field_run.run_case(case.loopprof, field.read("programs", name),
                                              case.interpreter, None)
        if verdict == "wrong":
            raise Failure(f"{name}: {'; '.join(reasons)}")
        if verdict != "right":
            case.note(f"{name}: {verdict}, {'; '.join(reasons)}")
