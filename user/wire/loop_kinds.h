/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of the kinds of loops, which are rows of the registry in bpf/wire/loop_kinds.h. */
#ifndef LP_WIRE_LOOP_KINDS_H
#define LP_WIRE_LOOP_KINDS_H

#include "wire.h"
#include <stddef.h>

/* The name of a kind of loop, to distinguish several loops of one process. */
const char *loop_kind_name(enum lp_loop_kind kind);

/*
 * Writes the names of several kinds, given as bits, 1 << kind, with "and" between;
 * default_name if there are none.
 */
void loop_kinds_text(unsigned int kinds, const char *default_name, char *text, size_t size);

#endif /* LP_WIRE_LOOP_KINDS_H */
