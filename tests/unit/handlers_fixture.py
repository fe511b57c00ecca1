#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Functions that call something inside a `try` or a `with`, as C.

`handlers_fixture.py -` prints the initialisers of the interpreter that runs it.
`handlers_fixture.py PYTHON... > handlers_fixture.h` makes the header from several.
"""

import contextlib
import os
import subprocess
import sys
import types

# Calls of each function: more than any version needs to specialise its instructions.
CALLS = 100

# The functions' names begin with the way in which a RuntimeError is handled.
SOURCE = """
def named_direct():
    try:
        return ask()
    except RuntimeError:
        return None
def named_tuple():
    try:
        ask()
    except (KeyError, RuntimeError) as error:
        return str(error)
    return 1
def named_second():
    try:
        ask()
    except ValueError:
        pass
    except library.OtherError:
        pass
    except RuntimeError:
        pass
def named_alias():
    errors = (RuntimeError, OSError)
    try:
        ask()
    except errors:
        pass
def named_within_finally():
    try:
        try:
            ask()
        finally:
            len("")
    except RuntimeError:
        pass
def named_within_with():
    try:
        with contextlib.ExitStack() as stack:
            stack.close()
            ask()
    except RuntimeError:
        pass
def named_suppress():
    with contextlib.suppress(RuntimeError):
        ask()
def named_outside_others():
    try:
        try:
            ask()
        except ValueError:
            ask()
    except RuntimeError:
        pass
def named_loop():
    for _ in range(2):
        try:
            ask()
        except RuntimeError:
            continue
        return 1
def broad_exception():
    try:
        ask()
    except Exception as error:
        return error
def broad_bare():
    try:
        ask()
    except:
        pass
def broad_suppress():
    with contextlib.suppress(Exception):
        ask()
def none_plain():
    ask()
def none_other():
    try:
        ask()
    except (ValueError, OSError):
        pass
def none_finally():
    try:
        ask()
    finally:
        len("")
def none_finally_that_tries():
    try:
        ask()
    finally:
        try:
            len(1)
        except TypeError:
            pass
def none_with():
    with contextlib.ExitStack():
        ask()
def none_before():
    ask()
    try:
        len("")
    except RuntimeError:
        pass
def none_after():
    try:
        len("")
    except RuntimeError:
        pass
    ask()
def none_handler():
    try:
        len(1)
    except TypeError:
        ask()
def named_raises():
    with library.raises(RuntimeError):
        ask()
def named_among_contexts():
    with library.raises(KeyError), contextlib.suppress(RuntimeError):
        ask()
def named_some_raised_again():
    try:
        ask()
    except RuntimeError as error:
        if "no running" in str(error):
            return None
        raise
def named_converted():
    try:
        ask()
    except RuntimeError as error:
        raise LookupError("no loop") from error
def named_outside_raised_again():
    try:
        try:
            ask()
        except RuntimeError:
            raise
    except RuntimeError:
        pass
def broad_finally_returns():
    try:
        return ask()
    finally:
        return None
def broad_finally_returns_value():
    try:
        ask()
    finally:
        len("")
        return str(1)
def broad_finally_breaks():
    for _ in range(2):
        try:
            ask()
        finally:
            break
def broad_finally_continues():
    for _ in range(1):
        try:
            ask()
        finally:
            len("")
            continue
    return 1
def broad_finally_returns_sometimes():
    try:
        ask()
    finally:
        if len("a") == 1 and not library.OtherError():
            return 1
        else:
            len("b")
def broad_finally_after_a_loop():
    try:
        ask()
    finally:
        for number in (1, 2):
            if not number:
                continue
            str(number)
        return 2
def broad_finally_in_a_while():
    try:
        ask()
    finally:
        tries = 0
        while True:
            tries += 1
            if tries > 2:
                return tries
def broad_finally_in_finally():
    try:
        ask()
    finally:
        try:
            len("")
        finally:
            return 1
def broad_finally_in_with():
    try:
        ask()
    finally:
        with contextlib.ExitStack() as stack:
            return stack
def broad_finally_after_with():
    try:
        ask()
    finally:
        with contextlib.ExitStack():
            len("")
        try:
            len("")
        except TypeError:
            pass
        return 1
def broad_finally_around_others():
    try:
        with contextlib.ExitStack():
            try:
                ask()
            except ValueError:
                pass
    finally:
        return 1
def none_raised_again():
    try:
        ask()
    except RuntimeError:
        raise
def none_raised_again_later():
    try:
        ask()
    except (KeyError, RuntimeError) as error:
        if len(str(error)):
            str(error)
        raise
def none_raised_again_by_all():
    try:
        ask()
    except:
        len("")
        raise
def none_raised_again_broadly():
    try:
        ask()
    except Exception:
        len("")
        raise
def none_finally_with_a_loop():
    try:
        ask()
    finally:
        for number in (1, 2):
            if number:
                break
        while number < 5:
            number += 1
def none_finally_with_a_with():
    try:
        ask()
    finally:
        with contextlib.ExitStack() as stack:
            stack.close()
        str(1)
def none_finally_with_a_finally():
    try:
        ask()
    finally:
        try:
            len("")
        finally:
            str(1)
        number = 1 if len("") else 2
        str(number)
def none_suppress_other():
    with contextlib.suppress(KeyError, OSError):
        ask()
"""

# Syntax of 3.11 and later.
GROUPS = """
def named_group():
    try:
        ask()
    except* RuntimeError:
        pass
def named_group_second():
    try:
        ask()
    except* (ValueError, library.OtherError) as group:
        str(group)
    except* OSError:
        pass
    except* (KeyError, RuntimeError) as group:
        str(group)
def named_outside_group():
    try:
        try:
            ask()
        except* ValueError:
            pass
    except RuntimeError:
        pass
def broad_group():
    try:
        ask()
    except* Exception:
        pass
def none_group():
    try:
        ask()
    except* ValueError as group:
        str(group)
    except* (KeyError, OSError):
        pass
def none_but_group():
    try:
        ask()
    except ExceptionGroup:
        pass
"""


def print_wrapped(words):
    line = "\t"
    for word in words:
        if len(line.expandtabs(8)) + len(word) > 99:
            print(line.rstrip())
            line = "\t  "
        line += word + " "
    print(line.rstrip())


def print_fixture(function, instruction):
    code = function.__code__
    # Instructions as they are in memory: specialised after some calls, since 3.11.
    instructions = getattr(code, "_co_code_adaptive", code.co_code)
    table = getattr(code, "co_exceptiontable", b"")
    handled = {"named": "LP_HANDLED_BY_NAME", "broad": "LP_HANDLED_BROADLY",
               "none": "LP_NOT_HANDLED"}[code.co_name.partition("_")[0]]
    words = ["{ %d, \"%s\", %s, %d," % (sys.version_info[1], code.co_name, handled, instruction)]
    words += ["%d, %d," % (len(instructions), len(table))]
    for data in (instructions, table):
        words += ["{"] + ["%d," % byte for byte in data or b"\0"] + ["},"]
    words += ["{"] + ["\"%s\"," % name for name in code.co_names] + ["} },"]
    print_wrapped(words)


def print_own():
    asked = []

    def ask():
        asked.append(sys._getframe(1).f_lasti)
        raise RuntimeError("no running event loop")

    library = types.SimpleNamespace(OtherError=KeyError, raises=contextlib.suppress)
    names = {"ask": ask, "contextlib": contextlib, "library": library}
    exec(compile(SOURCE, "handlers", "exec"), names)
    if sys.version_info >= (3, 11):
        exec(compile(GROUPS, "handlers", "exec"), names)
    for name, function in names.items():
        if name.startswith(("named", "broad", "none")):
            asked.clear()
            for _ in range(CALLS):
                with contextlib.suppress(Exception):
                    function()
            print_fixture(function, asked[0])


HEAD = """/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated, do not edit: tests/unit/handlers_fixture.py PYTHON... > handlers_fixture.h
 * with CPython 3.8 to 3.15, each of which ran these functions and printed their bytecode.
 */
#ifndef LP_TEST_HANDLERS_FIXTURE_H
#define LP_TEST_HANDLERS_FIXTURE_H

#include "runtime/cpython/layout/handlers.h"

struct lp_handlers_fixture {
	int minor;
	const char *name;
	enum lp_handled handled;
	int64_t instruction;
	size_t code_bytes;
	size_t table_bytes;
	uint8_t code[512];
	uint8_t table[128];
	const char *names[16];
};

/* clang-format off */
static const struct lp_handlers_fixture handlers_fixtures[] = {"""

TAIL = """};
/* clang-format on */

#define HANDLERS_FIXTURES (sizeof(handlers_fixtures) / sizeof(handlers_fixtures[0]))

#endif /* LP_TEST_HANDLERS_FIXTURE_H */"""


def main():
    if sys.argv[1:] == ["-"]:
        return print_own()
    print(HEAD)
    for python in sys.argv[1:]:
        sys.stdout.flush()
        environment = dict(os.environ, PYTHONOPTIMIZE="")
        with open(os.path.abspath(__file__), encoding="utf-8") as script:
            subprocess.run([*python.split(), "-", "-"], check=True, env=environment,
                           stdin=script)
    print(TAIL)


main()
