// SPDX-License-Identifier: BSD-2-Clause
/* From a raw finding of BPF to the finding that is reported. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/cpython/objects/code.h"
#include "symbolise/symbolise.h"

#define RECORDS_MAX 32

/* The address of a code object is its number here, from 1; other addresses have no description. */
static const struct lp_frame places[] = {
	{ .function = "notify", .file = "/srv/shop/orders.py", .line = 5 },
	{ .function = "handle", .file = "/srv/shop/orders.py", .line = 15 },
	{ .function = "create_task", .file = "/usr/lib/python3.11/asyncio/tasks.py", .line = 374 },
	{ .function = "_warn_unawaited_coroutine",
	  .file = "/usr/lib/python3.11/warnings.py",
	  .line = 518 },
	{ .function = "_run", .file = "/usr/lib/python3.11/asyncio/events.py", .line = 80 },
	{ .function = "select", .file = "/usr/lib/python3.11/selectors.py", .line = 468 },
	{ .function = "_cancel_all_tasks",
	  .file = "/usr/lib/python3.11/asyncio/runners.py",
	  .line = 199 },
	{ .function = "Runner.run", .file = "/usr/lib/python3.11/asyncio/runners.py", .line = 118 },
};

enum { NOTIFY = 1, HANDLE, CREATE_TASK, WARN, RUN, SELECT, CANCEL_ALL, RUNNER, UNKNOWN };

static struct lp_finding_places read_places;
static bool ended; /* the process ended before its memory was read */

static void describe(enum lp_finding_part part, const struct lp_raw_frame *frames, size_t count,
		     struct lp_finding_places *shown)
{
	size_t i;

	for (i = 0; i < count && frames[i].code && frames[i].code < UNKNOWN; i++) {
		struct lp_frame *frame = &shown->shown[shown->count++];

		*frame = places[frames[i].code - 1];
		cpython_mark_frame(frame);
	}
	shown->known[part] = (uint32_t)i;
}

static void describe_finding(const struct lp_instance *of,
			     const struct lp_event_raw_finding *finding,
			     struct lp_finding_places *shown)
{
	(void)of;
	memset(shown, 0, sizeof(*shown));
	describe(LP_PART_STACK, finding->frames, finding->depth, shown);
	describe(LP_PART_PARKED, &finding->parked, 1, shown);
	describe(LP_PART_LOOP, finding->loop_frames, finding->loop_depth, shown);
	describe(LP_PART_ORIGIN, finding->origin.frames, LP_ORIGIN_FRAMES, shown);
}

static const struct lp_runtime runtime = { .describe_finding = describe_finding };
static const struct lp_instance instance = { .runtime = &runtime, .pid = 42 };

/* The records that the symboliser has passed on. */
static struct lp_event_frame frames[RECORDS_MAX];
static size_t frame_count;
static struct lp_event_finding *found;

static void take(void *context, const struct lp_event *record)
{
	(void)context;
	if (record->type == LP_EVENT_FRAME) {
		assert_true(frame_count < RECORDS_MAX);
		frames[frame_count++] = *(const struct lp_event_frame *)record;
	} else {
		assert_int_equal(record->type, LP_EVENT_FINDING);
		free(found);
		found = malloc(record->size);
		assert_non_null(found);
		memcpy(found, record, record->size);
	}
}

static const char *function_of(uint32_t number)
{
	size_t i;

	for (i = 0; i < frame_count; i++)
		if (frames[i].frame == number)
			return frames[i].function;
	return "?";
}

static struct lp_event_raw_finding *new_finding(enum lp_finding_kind kind)
{
	struct lp_event_raw_finding *finding = calloc(1, sizeof(*finding));

	assert_non_null(finding);
	finding->event = (struct lp_event){ .type = LP_EVENT_RAW_FINDING,
					    .size = sizeof(*finding),
					    .time_ns = 1000,
					    .loop = 3,
					    .pid = 42 };
	finding->kind = kind;
	finding->tid = 43;
	return finding;
}

static void put_text(struct lp_text *text, uint8_t *data, const char *from)
{
	*text = (struct lp_text){ (uint16_t)strlen(from), 1, LP_TEXT_ASCII };
	memcpy(data, from, strlen(from));
}

static void push(struct lp_event_raw_finding *finding, uint64_t code)
{
	finding->frames[finding->depth++].code = code;
}

/* Symbolises the finding and frees it. */
static void symbolise(struct lp_event_raw_finding *finding)
{
	const struct lp_symboliser_config config = { .take = take };
	struct lp_symboliser *symboliser;

	frame_count = 0;
	free(found);
	found = NULL;
	assert_int_equal(symboliser_new(&config, &symboliser), 0);
	describe_finding(&instance, finding, &read_places);
	symboliser_take_finding(symboliser, &instance, finding, ended ? NULL : &read_places);
	symboliser_free(symboliser);
	free(finding);
}

static void a_coroutine_is_named_by_itself(void **state)
{
	struct lp_event_raw_finding *finding = new_finding(LP_FINDING_NEVER_AWAITED);

	(void)state;
	put_text(&finding->qualname, finding->qualname_data, "Shop.notify");
	put_text(&finding->filename, finding->filename_data, "/srv/shop/orders.py");
	finding->first_line = 5;
	push(finding, WARN);
	push(finding, HANDLE);
	push(finding, RUN);
	push(finding, SELECT);
	symbolise(finding);
	assert_string_equal(found->name, "Shop.notify");
	assert_string_equal(found->file, "/srv/shop/orders.py");
	assert_int_equal(found->line, 5);
	assert_int_equal(found->tid, 43);
	/* the stack has no frames of the warning itself, and ends at the loop's dispatch */
	assert_int_equal(found->depth, 1);
	assert_string_equal(function_of(found->frames[0]), "handle");
	assert_int_equal(found->created, LP_NO_FRAME);
	assert_int_equal(found->parked, LP_NO_FRAME);
	assert_false(found->flags & LP_FINDING_CUT);
}

/* uvloop has no frames: what it calls itself, such as a task's cancel(), is not run()'s doing. */
static void what_a_loop_in_c_calls_has_no_stack(void **state)
{
	struct lp_event_raw_finding *finding = new_finding(LP_FINDING_CANCELLED);

	(void)state;
	put_text(&finding->qualname, finding->qualname_data, "handle");
	put_text(&finding->filename, finding->filename_data, "/srv/shop/orders.py");
	push(finding, RUNNER);
	push(finding, HANDLE);
	symbolise(finding);
	assert_int_equal(found->depth, 0);
	assert_false(found->flags & LP_FINDING_UNREADABLE);
	/* run() cancels the tasks that are left when the loop has ended */
	finding = new_finding(LP_FINDING_CANCELLED);
	put_text(&finding->qualname, finding->qualname_data, "handle");
	put_text(&finding->filename, finding->filename_data, "/srv/shop/orders.py");
	push(finding, CANCEL_ALL);
	push(finding, RUNNER);
	push(finding, HANDLE);
	symbolise(finding);
	assert_int_equal(found->depth, 3);
}

static void what_has_no_name_is_named_by_the_line_of_the_program(void **state)
{
	struct lp_event_raw_finding *finding = new_finding(LP_FINDING_NO_RUNNING_LOOP);

	(void)state;
	push(finding, CREATE_TASK);
	push(finding, HANDLE);
	symbolise(finding);
	assert_string_equal(found->name, "handle");
	assert_int_equal(found->line, 15);
	assert_int_equal(found->depth, 2);
	assert_string_equal(function_of(found->frames[0]), "create_task");
}

/* The innermost function is asyncio's: the program's own line says more, if it is known. */
static void a_process_that_has_ended_leaves_the_name_that_was_copied(void **state)
{
	struct lp_event_raw_finding *finding;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		finding = new_finding(LP_FINDING_NO_RUNNING_LOOP);
		finding->flags = LP_FINDING_NAME_IS_PLACE;
		finding->first_line = 361;
		put_text(&finding->qualname, finding->qualname_data, "create_task");
		put_text(&finding->filename, finding->filename_data, "/asyncio/tasks.py");
		push(finding, CREATE_TASK);
		push(finding, HANDLE);
		ended = i;
		symbolise(finding);
		assert_string_equal(found->name, ended ? "create_task" : "handle");
		assert_string_equal(found->file,
				    ended ? "/asyncio/tasks.py" : "/srv/shop/orders.py");
		assert_int_equal(found->line, ended ? 361 : 15);
		assert_int_equal(found->depth, ended ? 0 : 2);
		assert_int_equal(!!(found->flags & LP_FINDING_UNREADABLE), ended);
	}
	ended = false;
}

/* Nothing is known of the object, so no finding is reported. */
static void a_process_that_has_ended_may_leave_nothing(void **state)
{
	struct lp_event_raw_finding *finding;

	(void)state;
	ended = true;
	finding = new_finding(LP_FINDING_OTHER_LOOP);
	push(finding, HANDLE);
	symbolise(finding);
	ended = false;
	assert_null(found);
}

static void who_made_it_is_searched_outside_of_asyncio(void **state)
{
	struct lp_event_raw_finding *finding = new_finding(LP_FINDING_DESTROYED_PENDING);

	(void)state;
	finding->origin.frames[0].code = CREATE_TASK;
	finding->origin.frames[1].code = HANDLE;
	finding->parked.code = NOTIFY;
	symbolise(finding);
	assert_string_equal(function_of(found->created), "handle");
	assert_string_equal(function_of(found->parked), "notify");
	finding = new_finding(LP_FINDING_DESTROYED_PENDING);
	finding->origin.frames[0].code = CREATE_TASK;
	symbolise(finding);
	assert_string_equal(function_of(found->created), "create_task");
}

static void both_stacks_of_a_wrong_thread_are_retained_apart(void **state)
{
	struct lp_event_raw_finding *finding = new_finding(LP_FINDING_WRONG_THREAD);

	(void)state;
	finding->flags = LP_FINDING_TIMER;
	push(finding, HANDLE);
	finding->loop_frames[0].code = SELECT;
	finding->loop_depth = 1;
	symbolise(finding);
	assert_int_equal(found->depth, 1);
	assert_int_equal(found->loop_depth, 1);
	assert_string_equal(function_of(found->frames[0]), "handle");
	assert_string_equal(function_of(found->frames[1]), "select");
	assert_true(found->flags & LP_FINDING_TIMER);
	/* the name does not come from the stack of the loop's thread */
	assert_string_equal(found->name, "handle");
}

static void a_frame_that_is_ended_cuts_the_stack(void **state)
{
	struct lp_event_raw_finding *finding = new_finding(LP_FINDING_OTHER_LOOP);

	(void)state;
	push(finding, HANDLE);
	push(finding, UNKNOWN);
	push(finding, NOTIFY);
	symbolise(finding);
	assert_int_equal(found->depth, 1);
	assert_true(found->flags & LP_FINDING_UNREADABLE);
}

static void names_and_messages_become_utf8(void **state)
{
	struct lp_event_raw_finding *finding = new_finding(LP_FINDING_NEVER_RETRIEVED);

	(void)state;
	/* UCS-2, in which CPython stores text that Latin-1 cannot hold */
	finding->message = (struct lp_text){ 4, 2, 0 };
	memcpy(finding->message_data, (const uint8_t[]){ 0xac, 0x20, 0x1b, 0x00 }, 4);
	memcpy(finding->exception_type, "ValueError", sizeof("ValueError"));
	finding->flags = LP_FINDING_NAME_IS_INT;
	finding->task_number = 17;
	symbolise(finding);
	assert_string_equal(found->exception_message, "\xe2\x82\xac?");
	assert_string_equal(found->exception_type, "ValueError");
	assert_string_equal(found->task_name, "Task-17");
	assert_string_equal(found->name, "");
}

static void what_is_cut_says_so_at_the_side_that_is_missing(void **state)
{
	struct lp_event_raw_finding *finding = new_finding(LP_FINDING_NEVER_AWAITED);

	(void)state;
	put_text(&finding->qualname, finding->qualname_data, "a_long_name");
	put_text(&finding->filename, finding->filename_data, "of/a/path.py");
	finding->qualname.flags |= LP_TEXT_CUT;
	finding->filename.flags |= LP_TEXT_CUT;
	symbolise(finding);
	assert_string_equal(found->name, "a_long_name...");
	assert_string_equal(found->file, "...of/a/path.py");
}

static void sizes_over_all_limits_are_refused(void **state)
{
	struct lp_event_raw_finding *finding = new_finding(LP_FINDING_KINDS);

	(void)state;
	symbolise(finding);
	assert_null(found);
	finding = new_finding(LP_FINDING_OTHER_LOOP);
	finding->depth = LP_FINDING_FRAMES + 1;
	symbolise(finding);
	assert_null(found);
	finding = new_finding(LP_FINDING_OTHER_LOOP);
	finding->loop_depth = LP_FINDING_LOOP_FRAMES + 1;
	symbolise(finding);
	assert_null(found);
	/* a text with an impossible size is left out */
	finding = new_finding(LP_FINDING_OTHER_LOOP);
	finding->message = (struct lp_text){ LP_MESSAGE_BYTES + 1, 1, 0 };
	finding->qualname = (struct lp_text){ 3, 3, 0 };
	symbolise(finding);
	assert_string_equal(found->exception_message, "");
	assert_string_equal(found->name, "");
}

static int free_finding(void **state)
{
	(void)state;
	free(found);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_coroutine_is_named_by_itself),
		cmocka_unit_test(what_a_loop_in_c_calls_has_no_stack),
		cmocka_unit_test(what_has_no_name_is_named_by_the_line_of_the_program),
		cmocka_unit_test(a_process_that_has_ended_leaves_the_name_that_was_copied),
		cmocka_unit_test(a_process_that_has_ended_may_leave_nothing),
		cmocka_unit_test(who_made_it_is_searched_outside_of_asyncio),
		cmocka_unit_test(both_stacks_of_a_wrong_thread_are_retained_apart),
		cmocka_unit_test(a_frame_that_is_ended_cuts_the_stack),
		cmocka_unit_test(names_and_messages_become_utf8),
		cmocka_unit_test(what_is_cut_says_so_at_the_side_that_is_missing),
		cmocka_unit_test(sizes_over_all_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, free_finding);
}
