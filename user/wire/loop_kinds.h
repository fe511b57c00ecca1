/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of the kinds of loops and of their libraries: one row each, in loop_kinds.c. */
#ifndef LP_WIRE_LOOP_KINDS_H
#define LP_WIRE_LOOP_KINDS_H

#include "wire.h"
#include <stdbool.h>
#include <stddef.h>

/* The name of a kind of loop, to distinguish several loops of one process. */
const char *loop_kind_name(enum lp_loop_kind kind);

/*
 * Writes the names of several kinds, given as bits, 1 << kind, with "and" between;
 * default_name if there are none.
 */
void loop_kinds_text(unsigned int kinds, const char *default_name, char *text, size_t size);

/* Returns whether the frames of a file of the runtime's library are a loop's own. */
bool loop_kinds_own_file(const char *path);

#endif /* LP_WIRE_LOOP_KINDS_H */
