"""A callback and a task whose names are markup, as any program may choose.

markup.py TRUTH
"""

import asyncio
import sys
import time

from truth import GroundTruth, loop_waits_for_go


async def stalls():
    time.sleep(0.12)


async def main(path):
    await loop_waits_for_go()
    stalls.__qualname__ = "<img src=x onerror=document.title=2>"
    stalls.__code__ = stalls.__code__.replace(co_name=stalls.__qualname__, **(
        {"co_qualname": stalls.__qualname__} if sys.version_info >= (3, 11) else {}))
    for _ in range(2):
        await asyncio.get_running_loop().create_task(
            stalls(), name="</script><script>document.title=1</script>")
    GroundTruth(path).write()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
