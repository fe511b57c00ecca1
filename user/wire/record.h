/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of the wire: their heads, and the type of functions that take them in order. Records of
 * the kernel and of a capture are the same to these functions.
 */
#ifndef LP_WIRE_RECORD_H
#define LP_WIRE_RECORD_H

#include "wire.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Takes one record, which is aligned to 8 bytes, has event->size bytes, and is valid during
 * the call only.
 */
typedef void (*lp_record_taker)(void *context, const struct lp_event *record);

/* Returns the head of a record of size bytes that user space makes. */
static inline struct lp_event event_head(enum lp_event_type type, size_t size, uint32_t loop,
					 pid_t pid, uint64_t time_ns)
{
	return (struct lp_event){
		.type = (__u16)type,
		.size = (__u32)size,
		.time_ns = time_ns,
		.loop = loop,
		.pid = (__u32)pid,
	};
}

#endif /* LP_WIRE_RECORD_H */
