/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only parser of the wire: takes bytes from a ring buffer or a file, and passes on
 * validated events.  Text in events is sanitised UTF-8.
 */
#ifndef LP_WIRE_DECODE_H
#define LP_WIRE_DECODE_H

#include "wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LP_DECODED_TEXT 1024

struct lp_decoded_name {
	const struct lp_event_name *wire;
	char name[LP_DECODED_TEXT];
	char file[LP_DECODED_TEXT];
};

struct lp_decoded_slow {
	const struct lp_event_slow *wire;
	/* "" if the callback is not of a task, or the task's name cannot be read */
	char task_name[LP_DECODED_TEXT];
};

/*
 * One function for each type of event; NULL: events of the type are ignored.  Pointers are
 * valid during the call only.  Slots of loops and callbacks are within their tables.
 */
struct lp_event_handlers {
	void (*loop)(void *context, const struct lp_event_loop *event);
	void (*name)(void *context, const struct lp_decoded_name *event);
	void (*slow)(void *context, const struct lp_decoded_slow *event);
	void (*iteration_end)(void *context, const struct lp_event_iteration_end *event);
	void (*poll_return)(void *context, const struct lp_event_poll_return *event);
	void (*loop_end)(void *context, const struct lp_event *event);
	void (*process)(void *context, const struct lp_event_process *event);
	void (*eager_task)(void *context, const struct lp_event_eager_task *event);
	void (*loop_stopped)(void *context, const struct lp_event_loop_stopped *event);
	void (*process_end)(void *context, const struct lp_event_process_end *event);
	void (*target)(void *context, const struct lp_event_target *event);
	void (*loop_stats)(void *context, const struct lp_event_loop_stats *event);
	void (*callback_stats)(void *context, const struct lp_event_callback_stats *event);
	void (*stack)(void *context, const struct lp_event_stack *event);
	/* account.blocks has block_count entries */
	void (*account)(void *context, const struct lp_event_segment_times *event);
	void (*slow_iteration)(void *context, const struct lp_event_slow_iteration *event);
	void (*poller)(void *context, const struct lp_event_poller *event);
	void (*frame)(void *context, const struct lp_event_frame *event);
	void (*stack_sample)(void *context, const struct lp_event_stack_sample *event);
	/* a slow callback that is still running */
	void (*progress)(void *context, const struct lp_decoded_slow *event);
	void (*cause)(void *context, const struct lp_event_cause *event);
	void (*task_name)(void *context, const struct lp_event_task_name *event);
	void (*other_end)(void *context, const struct lp_event_other_end *event);
	void (*dns_name)(void *context, const struct lp_event_dns_name *event);
	void (*run_queue)(void *context, const struct lp_event_run_queue *event);
	void (*cpu_waits)(void *context, const struct lp_event_cpu_waits *event);
	void (*iteration_cpu_waits)(void *context, const struct lp_event_cpu_waits *event);
	void (*cpu_quota)(void *context, const struct lp_event_cpu_quota *event);
	void (*memory_waits)(void *context, const struct lp_event_memory_waits *event);
	void (*memory_limit)(void *context, const struct lp_event_memory_limit *event);
	void (*steal)(void *context, const struct lp_event_steal *event);
	void (*collections)(void *context, const struct lp_event_collections *event);
	void (*awake)(void *context, const struct lp_event_awake *event);
	void (*awake_span)(void *context, const struct lp_event_awake_span *event);
	void (*waiting)(void *context, const struct lp_event_waiting *event);
	void (*finding)(void *context, const struct lp_event_finding *event);
	void (*noticed)(void *context, const struct lp_event_noticed *event);
	void (*task_end)(void *context, const struct lp_event_task_end *event);
	void (*lost)(void *context, const struct lp_event_lost *event);
	void (*limited)(void *context, const struct lp_event_limited *event);
	void (*labels)(void *context, const struct lp_event_labels *event);
	void (*self)(void *context, const struct lp_event_self *event);
	void (*baseline)(void *context, const struct lp_event *event);
	void (*coverage)(void *context, const struct lp_event_coverage *event);
	void (*interval)(void *context, const struct lp_event_end *event);
	void (*end)(void *context, const struct lp_event_end *event);
};

/*
 * Decodes one record, aligned to 8 bytes, of at most size bytes.  Returns 0; -ENOTSUP for a
 * type that this version does not know, which the caller skips; -EBADMSG for a malformed
 * record; -ERANGE for a record with impossible times.
 */
int decode_event(const void *record, size_t size, const struct lp_event_handlers *handlers,
		 void *context);

/*
 * Makes only the last of these checks, for a record that is stored unchanged.  Returns 0 or
 * -ERANGE.  All other errors are left to the decoder that reads the record.
 */
int decode_check_times(const void *record, size_t size);

#endif /* LP_WIRE_DECODE_H */
