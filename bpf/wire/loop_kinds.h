/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The registry of the kinds of loops of all runtimes. */
#ifndef LP_BPF_WIRE_LOOP_KINDS_H
#define LP_BPF_WIRE_LOOP_KINDS_H

/*
 * The implementations of a loop, with their names for reports.  Captures carry the number of a row:
 * rows are only appended.
 */
/* clang-format off */
#define LP_LOOP_KIND_ROWS(row)									\
	row(ASYNCIO, "asyncio")									\
	row(UVLOOP, "uvloop")
/* clang-format on */

#define LP_LOOP_KIND_NUMBER(kind, name) LP_LOOP_##kind,
enum lp_loop_kind {
	LP_LOOP_KIND_ROWS(LP_LOOP_KIND_NUMBER) LP_LOOP_KINDS,
};

#endif /* LP_BPF_WIRE_LOOP_KINDS_H */
