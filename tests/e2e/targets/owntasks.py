"""A loop whose tasks are of a class of its own, as those of QtAsyncio."""

import asyncio

from truth import loop_waits_for_go


class OwnTask(asyncio.Future):
    def __init__(self, coroutine, loop):
        super().__init__(loop=loop)
        self.coroutine = coroutine
        loop.call_soon(self.step)

    def step(self, _=None):
        try:
            awaited = self.coroutine.send(None)
        except StopIteration as end:
            self.set_result(end.value)
            return
        if awaited is None:
            self.get_loop().call_soon(self.step)
        else:
            awaited._asyncio_future_blocking = False
            awaited.add_done_callback(self.step)


class OwnLoop(asyncio.SelectorEventLoop):
    def create_task(self, coro, **_):
        return OwnTask(coro, self)


async def main():
    await loop_waits_for_go()


if __name__ == "__main__":
    OwnLoop().run_until_complete(main())
