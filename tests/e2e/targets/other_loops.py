"""A program like those on trio, which loads asyncio at most, or runs it after what it waits for.

other_loops.py TRUTH runs|loads|imports
"""

import importlib
import os
import sys
import types

LIBRARY = "trio._core._run"


RUN = """
def run(function):
    return function()
"""


def waits():
    # truth.py would load asyncio
    print("ready", flush=True)
    os.read(0, 64)


async def ends():
    pass


def main(path, how):
    module = types.ModuleType(LIBRARY)
    module.Runner = type("Runner", (), {})
    exec(compile(RUN, "/site-packages/trio/_core/_run.py", "exec"), module.__dict__)
    sys.modules[LIBRARY] = module
    if how == "loads":
        importlib.import_module("asyncio")
    if how != "imports":
        module.run(waits)
    else:
        waits()
        importlib.import_module("asyncio").run(ends())
    with open(path, "w", encoding="utf-8"):
        pass


main(sys.argv[1], sys.argv[2])
