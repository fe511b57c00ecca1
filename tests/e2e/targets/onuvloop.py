"""Runs another target with uvloop's loops in the place of asyncio's.

Arguments: the path of the ground truth, the target's name, and the target's own arguments.
"""

import os
import runpy
import sys

import uvloop

truth, script = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
sys.argv[:] = [os.path.join(here, script), truth] + sys.argv[3:]
uvloop.install()
runpy.run_path(sys.argv[0], run_name="__main__")
