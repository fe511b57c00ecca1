/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of the kinds of loops. */
#ifndef LP_WIRE_LOOP_KINDS_H
#define LP_WIRE_LOOP_KINDS_H

#include "wire.h"
#include <stddef.h>

/* How loops of this kind are called, where a process may have several. */
const char *loop_kind_name(enum lp_loop_kind kind);

/* The same of several: bits, 1 << kind.  "asyncio and uvloop"; default_name if there are none. */
void loop_kinds_text(unsigned int kinds, const char *default_name, char *text, size_t size);

#endif /* LP_WIRE_LOOP_KINDS_H */
