"""An ordinary program whose objects name false addresses for its C functions.

Arguments: the path of the ground truth, what is forged, a library, a function of it, and the
offset in bytes of the forged function from its beginning. Copies of CPython's objects are changed,
so that the program itself goes on as before; a signal ends it.
"""

import asyncio
import ctypes
import sys

from truth import loop_waits_for_go

WORD = 8
METHOD_BYTES = 32  # PyMethodDef: name, function, flags, doc
TYPE_BYTES = 1024
TYPE_METHODS, TYPE_INIT, TYPE_NEW, TYPE_FINALIZE = 232, 296, 312, 392
held = []  # keeps objects alive whose addresses are in use


def word(address):
    return ctypes.c_uint64.from_address(address)


def copy(address, size):
    """The address of a copy that is never freed."""
    held.append(ctypes.create_string_buffer(ctypes.string_at(address, size), size))
    return ctypes.addressof(held[-1])


def fake(thing, size):
    """The address of a copy of an object, and the copy as an object."""
    address = copy(id(thing), size)
    word(address).value = 1 << 30
    return address, ctypes.cast(address, ctypes.py_object).value


def forge_function(module, name, function):
    address, forged = fake(getattr(module, name), 64)
    word(address + 16).value = copy(word(address + 16).value, METHOD_BYTES)
    word(word(address + 16).value + WORD).value = function
    held.append(forged)
    setattr(module, name, forged)


def forge_method(kind, name, function):
    """Changes the type's table; its descriptors, through which calls go, stay as they are."""
    table = word(id(kind) + TYPE_METHODS).value
    count = 0
    while word(table + count * METHOD_BYTES).value:
        count += 1
    forged = copy(table, (count + 1) * METHOD_BYTES)
    for at in range(forged, forged + count * METHOD_BYTES, METHOD_BYTES):
        if ctypes.string_at(word(at).value) == name:
            word(at + WORD).value = function
    word(id(kind) + TYPE_METHODS).value = forged


def forge_task(slot, function):
    import _asyncio
    address, forged = fake(_asyncio.Task, TYPE_BYTES)
    word(address + slot).value = function
    held.append(forged)
    _asyncio.Task = forged


def forge_exception(function):
    """Makes the exported pointer PyExc_RuntimeError refer to a copy of the type."""
    pointer = ctypes.addressof(ctypes.c_uint64.in_dll(ctypes.pythonapi, "PyExc_RuntimeError"))
    address = copy(id(RuntimeError), TYPE_BYTES)
    word(address + TYPE_NEW).value = function
    word(pointer).value = address


def forge_handle(name, slot, function):
    """Changes the table of C methods that a module which inherits from the class would use."""
    import uvloop.loop
    capsule = id(vars(getattr(uvloop.loop, name))["__pyx_vtable__"])
    forged = copy(word(capsule + 16).value, 128)
    word(forged + slot * WORD).value = function
    word(capsule + 16).value = forged


def forge_loop(name, function):
    import uvloop.loop
    method = vars(uvloop.loop.Loop)[name]
    at = method_definition(method)
    word(at).value = copy(word(at).value, METHOD_BYTES)
    word(word(at).value + WORD).value = function


def method_definition(method):
    """The address of the pointer to the method's definition."""
    return id(method) + (40 if type(method).__name__ == "method_descriptor" else 16)


def forge_close():
    """Makes Loop.close the close of another class in the same file."""
    import uvloop.loop
    other = word(word(method_definition(vars(uvloop.loop.Server)["close"])).value + WORD).value
    forge_loop("close", other)


def forge(what, function):
    import _asyncio
    import _collections
    import _heapq
    import _warnings
    import select
    if what == "warn":
        forge_function(_warnings, "warn", function)
    elif what == "heappush":
        forge_function(_heapq, "heappush", function)
    elif what == "running_loop":
        forge_function(_asyncio, "_set_running_loop", function)
    elif what == "append":
        forge_method(_collections.deque, b"append", function)
    elif what == "close":
        forge_method(select.epoll, b"close", function)
    elif what == "init":
        forge_task(TYPE_INIT, function)
    elif what == "finalize":
        forge_task(TYPE_FINALIZE, function)
    elif what == "exception":
        forge_exception(function)
    elif what == "handle":
        forge_handle("Handle", 2, function)
    elif what == "timer":
        forge_handle("TimerHandle", 0, function)
    elif what == "threadsafe":
        forge_loop("call_soon_threadsafe", function)
    elif what == "loop_close":
        forge_close()
    else:
        raise ValueError(what)


async def main():
    await loop_waits_for_go()
    while True:
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    forged, library, name, offset = sys.argv[2:]
    loaded = ctypes.CDLL(library or None)  # the program itself
    forge(forged, ctypes.cast(getattr(loaded, name), ctypes.c_void_p).value + int(offset))
    if forged in ("handle", "timer", "threadsafe", "loop_close"):
        import uvloop
        uvloop.install()
    asyncio.run(main())
