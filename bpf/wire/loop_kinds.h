/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The registry of the kinds of loops of all runtimes. */
#ifndef LP_BPF_WIRE_LOOP_KINDS_H
#define LP_BPF_WIRE_LOOP_KINDS_H

/* Implementation of a loop; captures carry it, so that numbers are only appended. */
enum lp_loop_kind {
	LP_LOOP_ASYNCIO = 0,
	LP_LOOP_UVLOOP = 1,
	LP_LOOP_KINDS,
};

#endif /* LP_BPF_WIRE_LOOP_KINDS_H */
