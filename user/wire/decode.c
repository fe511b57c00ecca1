// SPDX-License-Identifier: BSD-2-Clause
#include "decode.h"

#include "base/text.h"
#include "base/macros.h"
#include "instants.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* An int object as CPython 3.12 and later have it: reference count, type, lv_tag, digits. */
#define INT_TAG 16

static void decode_text(const struct lp_text *text, const uint8_t *data, size_t capacity,
			bool keep_end, char *out, size_t size)
{
	size_t bytes = text->bytes > capacity ? capacity : text->bytes, at = 0;

	if (text->flags & LP_TEXT_UNREADABLE) {
		snprintf(out, size, "?");
		return;
	}
	if (text->flags & LP_TEXT_CUT && keep_end)
		at = (size_t)snprintf(out, size, "...");
	at += text_from_code_points(data, bytes, text->width, out + at, size - at);
	if (text->flags & LP_TEXT_CUT && !keep_end)
		snprintf(out + at, size - at, "...");
	text_sanitise(out);
}

static int decode_name(const void *record, const struct lp_event_handlers *handlers, void *context)
{
	const struct lp_event_name *event = record;
	struct lp_decoded_name name = { .wire = event };
	char owner[LP_DECODED_TEXT / 2], method[LP_DECODED_TEXT / 2];

	if (event->callback >= LP_MAX_CALLBACKS || event->kind >= LP_CALLBACK_KINDS)
		return -EBADMSG;
	decode_text(&event->qualname, event->qualname_data, LP_QUALNAME_BYTES, false, name.name,
		    sizeof(name.name));
	if (event->filename.bytes)
		decode_text(&event->filename, event->filename_data, LP_FILENAME_BYTES, true,
			    name.file, sizeof(name.file));
	if (event->kind == LP_CALLBACK_BUILTIN) {
		decode_text(&event->owner, event->owner_data, sizeof(event->owner_data), false,
			    owner, sizeof(owner));
		/*
		 * the __self__ of a module's function is the module, and a Cython function's is
		 * itself: the owner's type has no class name to add
		 */
		if (event->owner.bytes && strcmp(owner, "module") != 0 &&
		    !strstr(owner, "cython_function_or_method")) {
			snprintf(method, sizeof(method), "%.500s", name.name);
			snprintf(name.name, sizeof(name.name), "%s.%s", owner, method);
		}
	}
	handlers->name(context, &name);
	return 0;
}

/*
 * Decodes the name of a task from the raw str object, or from the int object of 3.12 and
 * later.  The characters must lie in the bytes that were copied; of a longer name, the
 * beginning is returned.
 */
static void decode_task_name(const struct lp_event_slow *event, char *out, size_t size)
{
	const uint8_t *object = event->task_name;
	struct lp_text text = { .flags = 0 };
	uint64_t tag, length;
	uint32_t digit, state;
	size_t at;

	out[0] = '\0';
	if (event->name_is_int) {
		memcpy(&tag, object + INT_TAG, sizeof(tag));
		if (event->int_digit + sizeof(digit) > LP_NAME_BYTES)
			return;
		memcpy(&digit, object + event->int_digit, sizeof(digit));
		/* lv_tag: digits in the upper bits, the sign in the lower three; one digit of 30
		 * bits */
		if (tag >> 3 <= 1)
			snprintf(out, size, "Task-%u", tag >> 3 ? digit : 0);
		return;
	}
	if (!event->name_is_string)
		return;
	memcpy(&length, object + 16, sizeof(length));
	memcpy(&state, object + 32, sizeof(state));
	text.width = state >> 2 & 7;
	at = state & 0x40 ? event->string_ascii : event->string_wide;
	if ((text.width != 1 && text.width != 2 && text.width != 4) || at >= LP_NAME_BYTES)
		return;
	if (length > (LP_NAME_BYTES - at) / text.width) {
		length = (LP_NAME_BYTES - at) / text.width;
		text.flags = LP_TEXT_CUT;
	}
	text.bytes = (uint16_t)(length * text.width);
	decode_text(&text, object + at, LP_NAME_BYTES - at, false, out, size);
}

static int decode_any_slow(const void *record,
			   void (*handler)(void *context, const struct lp_decoded_slow *event),
			   void *context)
{
	const struct lp_event_slow *event = record;
	struct lp_decoded_slow slow = { .wire = event };

	if (event->callback >= LP_MAX_CALLBACKS || event->start_ns > event->event.time_ns)
		return -EBADMSG;
	if (event->task)
		decode_task_name(event, slow.task_name, sizeof(slow.task_name));
	handler(context, &slow);
	return 0;
}

static int decode_slow(const void *record, const struct lp_event_handlers *handlers, void *context)
{
	return decode_any_slow(record, handlers->slow, context);
}

static int decode_progress(const void *record, const struct lp_event_handlers *handlers,
			   void *context)
{
	return decode_any_slow(record, handlers->progress, context);
}

static int decode_callback_stats(const void *record, const struct lp_event_handlers *handlers,
				 void *context)
{
	const struct lp_event_callback_stats *event = record;

	if (event->callback >= LP_MAX_CALLBACKS)
		return -EBADMSG;
	handlers->callback_stats(context, event);
	return 0;
}

static int decode_account(const void *record, const struct lp_event_handlers *handlers,
			  void *context)
{
	const struct lp_event_segment_times *event = record;
	uint32_t count = event->account.block_count, i;

	if (count > LP_BLOCKS ||
	    event->event.size < offsetof(struct lp_event_segment_times, account.blocks) +
					count * sizeof(event->account.blocks[0]))
		return -EBADMSG;
	for (i = 0; i < count; i++)
		if (event->account.blocks[i].resource.kind >= LP_RESOURCE_KINDS)
			return -EBADMSG;
	handlers->account(context, event);
	return 0;
}

static int decode_slow_iteration(const void *record, const struct lp_event_handlers *handlers,
				 void *context)
{
	const struct lp_event_slow_iteration *event = record;
	size_t i;

	if (event->start_ns > event->event.time_ns ||
	    event->slow_ns > event->event.time_ns - event->start_ns)
		return -EBADMSG;
	for (i = 0; i < LP_TOP_ENTRIES; i++)
		if (event->top[i].callback >= LP_MAX_CALLBACKS)
			return -EBADMSG;
	handlers->slow_iteration(context, event);
	return 0;
}

static bool terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static int decode_target(const void *record, const struct lp_event_handlers *handlers,
			 void *context)
{
	const struct lp_event_target *event = record;

	if (!terminated(event->runtime, sizeof(event->runtime)) ||
	    !terminated(event->version, sizeof(event->version)) ||
	    !terminated(event->comm, sizeof(event->comm)) ||
	    !terminated(event->container, sizeof(event->container)) ||
	    !terminated(event->exe, sizeof(event->exe)))
		return -EBADMSG;
	handlers->target(context, event);
	return 0;
}

static int decode_labels(const void *record, const struct lp_event_handlers *handlers,
			 void *context)
{
	const struct lp_event_labels *event = record;

	if (!terminated(event->unit, sizeof(event->unit)) ||
	    !terminated(event->pod, sizeof(event->pod)))
		return -EBADMSG;
	handlers->labels(context, event);
	return 0;
}

static int decode_stack(const void *record, const struct lp_event_handlers *handlers, void *context)
{
	const struct lp_event_stack *event = record;
	uint32_t i;

	if (event->depth > 1024 ||
	    event->event.size != sizeof(*event) + event->depth * sizeof(event->frames[0]) ||
	    !terminated(event->task_name, sizeof(event->task_name)))
		return -EBADMSG;
	for (i = 0; i < event->depth; i++)
		if (!terminated(event->frames[i].function, LP_STACK_FUNCTION_BYTES) ||
		    !terminated(event->frames[i].file, LP_STACK_FILE_BYTES))
			return -EBADMSG;
	handlers->stack(context, event);
	return 0;
}

static int decode_frame(const void *record, const struct lp_event_handlers *handlers, void *context)
{
	const struct lp_event_frame *event = record;

	if (event->frame >= LP_MAX_FRAMES || event->kind >= LP_FRAME_KINDS ||
	    !terminated(event->function, sizeof(event->function)) ||
	    !terminated(event->file, sizeof(event->file)))
		return -EBADMSG;
	handlers->frame(context, event);
	return 0;
}

static int decode_task_name_event(const void *record, const struct lp_event_handlers *handlers,
				  void *context)
{
	const struct lp_event_task_name *event = record;

	if (!terminated(event->name, sizeof(event->name)))
		return -EBADMSG;
	handlers->task_name(context, event);
	return 0;
}

static bool is_end_file(const struct lp_other_end_file *file)
{
	return terminated(file->name, sizeof(file->name));
}

static int decode_other_end(const void *record, const struct lp_event_handlers *handlers,
			    void *context)
{
	const struct lp_event_other_end *from = record;
	struct lp_event_other_end event = *from;
	size_t i;

	if (event.end.kind >= LP_OTHER_END_KINDS || !is_end_file(&event.end.file))
		return -EBADMSG;
	text_sanitise(event.end.file.name);
	for (i = 0; i < LP_OTHER_END_PROCESSES; i++) {
		struct lp_other_end_process *process = &event.end.processes[i];

		if (!is_end_file(&process->file) ||
		    !terminated(process->comm, sizeof(process->comm)))
			return -EBADMSG;
		text_sanitise(process->file.name);
		text_sanitise(process->comm);
		if (process->state < 'A' || process->state > 'z')
			process->state = 0;
	}
	handlers->other_end(context, &event);
	return 0;
}

static int decode_dns_name(const void *record, const struct lp_event_handlers *handlers,
			   void *context)
{
	const struct lp_event_dns_name *event = record;

	if (!terminated(event->name, sizeof(event->name)))
		return -EBADMSG;
	handlers->dns_name(context, event);
	return 0;
}

static int decode_eager_task(const void *record, const struct lp_event_handlers *handlers,
			     void *context)
{
	const struct lp_event_eager_task *event = record;

	if (!terminated(event->name, sizeof(event->name)) ||
	    !terminated(event->file, sizeof(event->file)) ||
	    !terminated(event->task_name, sizeof(event->task_name)))
		return -EBADMSG;
	handlers->eager_task(context, event);
	return 0;
}

static int decode_stack_sample(const void *record, const struct lp_event_handlers *handlers,
			       void *context)
{
	const struct lp_event_stack_sample *event = record;

	if (event->reason >= LP_SAMPLE_REASONS || event->depth > LP_SAMPLE_FRAMES ||
	    event->resource.kind >= LP_RESOURCE_KINDS ||
	    event->event.size < sizeof(*event) + event->depth * sizeof(event->frames[0]) ||
	    !terminated(event->thread, sizeof(event->thread)))
		return -EBADMSG;
	handlers->stack_sample(context, event);
	return 0;
}

static int decode_awake(const void *record, const struct lp_event_handlers *handlers, void *context)
{
	const struct lp_event_awake *event = record;

	if (event->resource.kind >= LP_RESOURCE_KINDS)
		return -EBADMSG;
	handlers->awake(context, event);
	return 0;
}

static int decode_waiting(const void *record, const struct lp_event_handlers *handlers,
			  void *context)
{
	const struct lp_event_waiting *event = record;

	if (!terminated(event->waited_for, sizeof(event->waited_for)))
		return -EBADMSG;
	handlers->waiting(context, event);
	return 0;
}

static int decode_cpu_quota(const void *record, const struct lp_event_handlers *handlers,
			    void *context)
{
	const struct lp_event_cpu_quota *event = record;

	if (!terminated(event->cgroup, sizeof(event->cgroup)))
		return -EBADMSG;
	handlers->cpu_quota(context, event);
	return 0;
}

static int decode_memory_limit(const void *record, const struct lp_event_handlers *handlers,
			       void *context)
{
	const struct lp_event_memory_limit *event = record;

	if (!terminated(event->cgroup, sizeof(event->cgroup)) || event->kind >= LP_MEMORY_LIMITS)
		return -EBADMSG;
	handlers->memory_limit(context, event);
	return 0;
}

static int decode_cause(const void *record, const struct lp_event_handlers *handlers, void *context)
{
	const struct lp_event_cause *event = record;

	if (event->reason != LP_SAMPLE_BLOCKED && event->reason != LP_SAMPLE_GIL)
		return -EBADMSG;
	handlers->cause(context, event);
	return 0;
}

static int decode_finding(const void *record, const struct lp_event_handlers *handlers,
			  void *context)
{
	const struct lp_event_finding *event = record;

	if (event->kind >= LP_FINDING_KINDS || event->depth > LP_FINDING_FRAMES ||
	    event->loop_depth > LP_FINDING_LOOP_FRAMES ||
	    event->event.size < sizeof(*event) + (event->depth + event->loop_depth) *
							 sizeof(event->frames[0]) ||
	    !terminated(event->name, sizeof(event->name)) ||
	    !terminated(event->file, sizeof(event->file)) ||
	    !terminated(event->task_name, sizeof(event->task_name)) ||
	    !terminated(event->exception_type, sizeof(event->exception_type)) ||
	    !terminated(event->exception_message, sizeof(event->exception_message)))
		return -EBADMSG;
	handlers->finding(context, event);
	return 0;
}

static int decode_task_end(const void *record, const struct lp_event_handlers *handlers,
			   void *context)
{
	const struct lp_event_task_end *event = record;

	if (event->callback >= LP_MAX_CALLBACKS || event->outcome >= LP_OUTCOMES ||
	    event->end_ns < event->created_ns)
		return -EBADMSG;
	handlers->task_end(context, event);
	return 0;
}

static int decode_process_end(const void *record, const struct lp_event_handlers *handlers,
			      void *context)
{
	const struct lp_event_process_end *event = record;
	size_t i;

	if (event->ending.activity >= LP_ACTIVITIES)
		return -EBADMSG;
	for (i = 0; i < LP_SIGNAL_SORTS; i++)
		if (event->ending.signals[i].origin >= LP_SIGNAL_ORIGINS)
			return -EBADMSG;
	handlers->process_end(context, event);
	return 0;
}

static int decode_loop_stopped(const void *record, const struct lp_event_handlers *handlers,
			       void *context)
{
	const struct lp_event_loop_stopped *event = record;

	if (event->reason >= LP_LOOP_STOPS)
		return -EBADMSG;
	handlers->loop_stopped(context, event);
	return 0;
}

/* Records of earlier versions have fewer counts. */
static int decode_lost(const void *record, const struct lp_event_handlers *handlers, void *context)
{
	const struct lp_event *head = record;
	struct lp_event_lost event = { .event = *head };

	memcpy(&event, record, head->size < sizeof(event) ? head->size : sizeof(event));
	handlers->lost(context, &event);
	return 0;
}

/* Events that need no more than the check of their size. */
#define DECODE_PLAIN(name, type)                                                                   \
	static int decode_##name(const void *record, const struct lp_event_handlers *handlers,     \
				 void *context)                                                    \
	{                                                                                          \
		handlers->name(context, (const type *)record);                                     \
		return 0;                                                                          \
	}

DECODE_PLAIN(loop, struct lp_event_loop)
DECODE_PLAIN(iteration_end, struct lp_event_iteration_end)
DECODE_PLAIN(poll_return, struct lp_event_poll_return)
DECODE_PLAIN(loop_end, struct lp_event)
DECODE_PLAIN(process, struct lp_event_process)
DECODE_PLAIN(loop_stats, struct lp_event_loop_stats)
DECODE_PLAIN(poller, struct lp_event_poller)
DECODE_PLAIN(run_queue, struct lp_event_run_queue)
DECODE_PLAIN(cpu_waits, struct lp_event_cpu_waits)
DECODE_PLAIN(iteration_cpu_waits, struct lp_event_cpu_waits)
DECODE_PLAIN(memory_waits, struct lp_event_memory_waits)
DECODE_PLAIN(steal, struct lp_event_steal)
DECODE_PLAIN(collections, struct lp_event_collections)
DECODE_PLAIN(awake_span, struct lp_event_awake_span)
DECODE_PLAIN(noticed, struct lp_event_noticed)
DECODE_PLAIN(limited, struct lp_event_limited)
DECODE_PLAIN(self, struct lp_event_self)
DECODE_PLAIN(baseline, struct lp_event)
DECODE_PLAIN(coverage, struct lp_event_coverage)
DECODE_PLAIN(interval, struct lp_event_end)
DECODE_PLAIN(end, struct lp_event_end)

/* Least size: the blocks at the end may be missing. */
#define LP_SEGMENT_TIMES_BYTES offsetof(struct lp_event_segment_times, account.blocks)
/* Least size: the fields after these counts may be missing. */
#define LP_LOST_BYTES offsetof(struct lp_event_lost, counts[LP_LOST_CAPACITY_1_0])

#define LP_ROW(number, member, wire_type, exact)                                                   \
	{                                                                                          \
		number, sizeof(wire_type), exact, offsetof(struct lp_event_handlers, member),      \
			decode_##member                                                            \
	}

static const struct lp_decoder {
	uint16_t type;
	size_t size;
	bool exact; /* the record has this size; else at least this size */
	size_t handler;
	int (*decode)(const void *record, const struct lp_event_handlers *handlers, void *context);
} decoders[] = {
	LP_ROW(LP_EVENT_LOOP, loop, struct lp_event_loop, true),
	LP_ROW(LP_EVENT_NAME, name, struct lp_event_name, true),
	LP_ROW(LP_EVENT_SLOW, slow, struct lp_event_slow, true),
	LP_ROW(LP_EVENT_ITERATION_END, iteration_end, struct lp_event_iteration_end, true),
	LP_ROW(LP_EVENT_POLL_RETURN, poll_return, struct lp_event_poll_return, true),
	LP_ROW(LP_EVENT_LOOP_END, loop_end, struct lp_event, true),
	LP_ROW(LP_EVENT_PROCESS, process, struct lp_event_process, true),
	LP_ROW(LP_EVENT_PROCESS_END, process_end, struct lp_event_process_end, true),
	{ LP_EVENT_SEGMENT_TIMES, LP_SEGMENT_TIMES_BYTES, false,
	  offsetof(struct lp_event_handlers, account), decode_account },
	LP_ROW(LP_EVENT_SLOW_ITERATION, slow_iteration, struct lp_event_slow_iteration, true),
	LP_ROW(LP_EVENT_POLLER, poller, struct lp_event_poller, true),
	LP_ROW(LP_EVENT_NOTICED, noticed, struct lp_event_noticed, true),
	LP_ROW(LP_EVENT_TASK_END, task_end, struct lp_event_task_end, true),
	LP_ROW(LP_EVENT_FINDING, finding, struct lp_event_finding, false),
	LP_ROW(LP_EVENT_FRAME, frame, struct lp_event_frame, true),
	LP_ROW(LP_EVENT_STACK_SAMPLE, stack_sample, struct lp_event_stack_sample, false),
	LP_ROW(LP_EVENT_PROGRESS, progress, struct lp_event_slow, true),
	LP_ROW(LP_EVENT_CAUSE, cause, struct lp_event_cause, true),
	{ LP_EVENT_TASK_NAME, sizeof(struct lp_event_task_name), true,
	  offsetof(struct lp_event_handlers, task_name), decode_task_name_event },
	LP_ROW(LP_EVENT_OTHER_END, other_end, struct lp_event_other_end, true),
	LP_ROW(LP_EVENT_DNS_NAME, dns_name, struct lp_event_dns_name, true),
	LP_ROW(LP_EVENT_RUN_QUEUE, run_queue, struct lp_event_run_queue, true),
	LP_ROW(LP_EVENT_CPU_WAITS, cpu_waits, struct lp_event_cpu_waits, true),
	LP_ROW(LP_EVENT_ITERATION_CPU_WAITS, iteration_cpu_waits, struct lp_event_cpu_waits, true),
	LP_ROW(LP_EVENT_CPU_QUOTA, cpu_quota, struct lp_event_cpu_quota, true),
	LP_ROW(LP_EVENT_MEMORY_WAITS, memory_waits, struct lp_event_memory_waits, true),
	LP_ROW(LP_EVENT_MEMORY_LIMIT, memory_limit, struct lp_event_memory_limit, true),
	LP_ROW(LP_EVENT_STEAL, steal, struct lp_event_steal, true),
	LP_ROW(LP_EVENT_COLLECTIONS, collections, struct lp_event_collections, true),
	LP_ROW(LP_EVENT_AWAKE, awake, struct lp_event_awake, true),
	LP_ROW(LP_EVENT_AWAKE_SPAN, awake_span, struct lp_event_awake_span, true),
	LP_ROW(LP_EVENT_WAITING, waiting, struct lp_event_waiting, true),
	LP_ROW(LP_EVENT_EAGER_TASK, eager_task, struct lp_event_eager_task, true),
	LP_ROW(LP_EVENT_LOOP_STOPPED, loop_stopped, struct lp_event_loop_stopped, true),
	LP_ROW(LP_EVENT_TARGET, target, struct lp_event_target, true),
	LP_ROW(LP_EVENT_LABELS, labels, struct lp_event_labels, true),
	LP_ROW(LP_EVENT_SELF, self, struct lp_event_self, true),
	LP_ROW(LP_EVENT_BASELINE, baseline, struct lp_event, true),
	LP_ROW(LP_EVENT_COVERAGE, coverage, struct lp_event_coverage, true),
	LP_ROW(LP_EVENT_LOOP_STATS, loop_stats, struct lp_event_loop_stats, true),
	LP_ROW(LP_EVENT_CALLBACK_STATS, callback_stats, struct lp_event_callback_stats, true),
	LP_ROW(LP_EVENT_STACK, stack, struct lp_event_stack, false),
	{ LP_EVENT_LOST, LP_LOST_BYTES, false, offsetof(struct lp_event_handlers, lost),
	  decode_lost },
	LP_ROW(LP_EVENT_LIMITED, limited, struct lp_event_limited, true),
	LP_ROW(LP_EVENT_INTERVAL, interval, struct lp_event_end, true),
	LP_ROW(LP_EVENT_END, end, struct lp_event_end, true),
};

/* Finds the row of a record's type, and checks that the record has a size that the type allows. */
static int find_decoder(const struct lp_event *event, size_t size, const struct lp_decoder **found)
{
	size_t i;

	if (size < sizeof(*event) || event->size < sizeof(*event) || event->size > size)
		return -EBADMSG;
	for (i = 0; i < ARRAY_SIZE(decoders); i++) {
		const struct lp_decoder *decoder = &decoders[i];

		if (decoder->type != event->type)
			continue;
		if (decoder->exact ? event->size != decoder->size : event->size < decoder->size)
			return -EBADMSG;
		if (event->loop >= LP_MAX_LOOPS)
			return -EBADMSG;
		*found = decoder;
		return 0;
	}
	return -ENOTSUP;
}

int decode_check_times(const void *record, size_t size)
{
	const struct lp_decoder *decoder;

	return find_decoder(record, size, &decoder) ? 0 : instants_check(record);
}

int decode_event(const void *record, size_t size, const struct lp_event_handlers *handlers,
		 void *context)
{
	const struct lp_decoder *decoder;
	int err = find_decoder(record, size, &decoder);
	void *handler;

	if (!err)
		err = instants_check(record);
	if (err)
		return err;
	memcpy(&handler, (const char *)handlers + decoder->handler, sizeof(handler));
	return handler ? decoder->decode(record, handlers, context) : 0;
}
