"""A program like those on trio: the module of that library is loaded, and asyncio is not.

other_loops.py TRUTH
"""

import os
import sys
import types

LIBRARY = "trio._core._run"


def main(path):
    module = types.ModuleType(LIBRARY)
    module.Runner = type("Runner", (), {})
    sys.modules[LIBRARY] = module
    # truth.py would load asyncio
    print("ready", flush=True)
    os.read(0, 64)
    with open(path, "w", encoding="utf-8"):
        pass


main(sys.argv[1])
