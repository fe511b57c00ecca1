// SPDX-License-Identifier: BSD-2-Clause
/*
 * Findings: reported as they come, counted by place, and pending until an exception is retrieved.
 */
#include "model_fixture.h"

#include "base/macros.h"
#include "model/findings.h"
#include "runtime/registry.h"

/* Declared here, as the headers of the address sanitizer may not be installed. */
size_t __sanitizer_get_current_allocated_bytes(void);

#define FINDINGS_MAX 1100

struct retained_finding {
	struct lp_finding finding; /* its pointers are stale */
	uint32_t loop;
	char name[200], file[300], task_name[200], type[100], message[300];
	char created[64], parked[64], passed_on[64];
	struct lp_reported_stack stack, loop_stack;
};

struct retained_count {
	struct lp_finding_count count; /* its pointers are stale */
	uint32_t loop;
	char name[200], message[300], place[64], created[64];
};

struct retained_counts {
	size_t count;
	uint64_t dropped;
	struct retained_count items[600];
};

static struct retained_finding findings[FINDINGS_MAX];
static size_t pending_count;
static struct retained_counts interval_counts, total_counts;

static void keep_place(char *into, size_t size, const struct lp_shown_frame *frame)
{
	snprintf(into, size, "%s:%u", frame ? frame->function : "none", frame ? frame->line : 0);
}

static void keep_finding(void *context, const struct lp_finding *from)
{
	struct retained_finding *into = &findings[pending_count++];

	(void)context;
	assert_in_range(pending_count, 1, FINDINGS_MAX);
	memset(into, 0, sizeof(*into));
	into->finding = *from;
	into->loop = from->loop ? from->loop->id : 0;
	strcpy(into->name, from->name);
	strcpy(into->file, from->file);
	strcpy(into->task_name, from->task_name);
	strcpy(into->type, from->exception_type);
	strcpy(into->message, from->exception_message);
	keep_place(into->created, sizeof(into->created), from->created);
	keep_place(into->parked, sizeof(into->parked), from->parked);
	keep_place(into->passed_on, sizeof(into->passed_on), from->passed_on);
	into->stack = keep_stack(&from->stack);
	into->loop_stack = keep_stack(&from->loop_stack);
}

static void keep_counts(struct retained_counts *into, const struct lp_summary *from)
{
	size_t i;

	into->count = from->finding_count;
	into->dropped = from->findings_dropped;
	assert_in_range(into->count, 0, sizeof(into->items) / sizeof(into->items[0]));
	for (i = 0; i < from->finding_count; i++) {
		const struct lp_finding_count *count = &from->findings[i];

		into->items[i].count = *count;
		into->items[i].loop = count->loop ? count->loop->id : 0;
		strcpy(into->items[i].name, count->name);
		strcpy(into->items[i].message, count->exception_message);
		keep_place(into->items[i].place, sizeof(into->items[i].place), count->place);
		keep_place(into->items[i].created, sizeof(into->items[i].created), count->created);
	}
}

static void keep_interval(void *context, const struct lp_summary *interval,
			  const struct lp_summary *total)
{
	(void)context;
	keep_counts(&interval_counts, interval);
	keep_counts(&total_counts, total);
}

static void keep_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	(void)context;
	(void)end;
	keep_counts(&total_counts, total);
}

static int begin(void **state)
{
	static const struct lp_run run = { .tool = "loopprof", .start_ns = START_NS };
	static const struct lp_observer observer = {
		.finding = keep_finding,
		.interval = keep_interval,
		.end = keep_end,
	};

	(void)state;
	pending_count = 0;
	if (model_new(&observer, NULL, &model))
		return -1;
	model_begin(model, &run);
	return 0;
}

static void feed_frame_of(uint32_t number, const char *function, const char *file, uint32_t line)
{
	struct lp_event_frame event = record_frame(number, function, line);

	snprintf(event.file, sizeof(event.file), "%s", file);
	feed(&event, 0, 0);
}

/* Frames 0 and 1 begin every stack, frame 2 is the innermost one of the program's own code. */
static void feed_frames(void)
{
	feed_frame_of(0, "call_soon", "/usr/lib/python3.11/asyncio/base_events.py", 761);
	feed_frame_of(1, "<frozen>", "<frozen importlib._bootstrap>", 1);
	feed_frame_of(2, "handle", "/srv/app/views.py", 31);
	feed_frame_of(3, "serve", "/venv/lib/python3.11/site-packages/web/app.py", 400);
	feed_frame_of(4, "waiter", "/srv/app/users.py", 15);
	feed_frame_of(5, "other", "/srv/app/views.py", 99);
}

static void feed_finding(enum lp_finding_kind kind, const char *name, uint32_t loop, uint64_t ns)
{
	struct lp_record_finding record = record_finding(kind, name, 4, 0);

	feed(&record, loop, ns);
}

static void feed_noticed(uint64_t handle, uint64_t late_ns, uint64_t ns)
{
	struct lp_event_noticed event = { .event = record_head(LP_EVENT_NOTICED, sizeof(event)),
					  .handle = handle,
					  .late_ns = late_ns };

	feed(&event, 0, ns);
}

static void a_finding_is_reported_at_once_with_all_that_is_known(void **state)
{
	struct lp_record_finding record =
		record_finding(LP_FINDING_DESTROYED_PENDING, "wait", 4, 0);

	(void)state;
	feed_loop(0, 0);
	feed_frames();
	record.finding.task = 0xabc0;
	record.finding.created = 3;
	record.finding.parked = 4;
	record.finding.flags = LP_FINDING_CUT | LP_FINDING_MORE;
	strcpy(record.finding.task_name, "Task-7");
	strcpy(record.finding.exception_type, "ValueError");
	strcpy(record.finding.exception_message, "no such user");
	feed(&record, 0, 5 * MS);
	assert_int_equal(pending_count, 1);
	assert_int_equal(findings[0].loop, 1);
	assert_int_equal(findings[0].finding.kind, LP_FINDING_DESTROYED_PENDING);
	assert_int_equal(findings[0].finding.time_ns, START_NS + 5 * MS);
	assert_int_equal(findings[0].finding.pid, PID);
	assert_int_equal(findings[0].finding.tid, 7);
	assert_int_equal(findings[0].finding.line, 14);
	assert_int_equal(findings[0].finding.task, 0xabc0);
	assert_true(findings[0].finding.more && findings[0].stack.cut);
	assert_int_equal(findings[0].finding.before, 0);
	assert_string_equal(findings[0].name, "wait");
	assert_string_equal(findings[0].file, "/srv/app/users.py");
	assert_string_equal(findings[0].task_name, "Task-7");
	assert_string_equal(findings[0].type, "ValueError");
	assert_string_equal(findings[0].message, "no such user");
	assert_string_equal(findings[0].created, "serve:400");
	assert_string_equal(findings[0].parked, "waiter:15");
	assert_string_equal(findings[0].stack.text,
			    "call_soon:761 < <frozen>:1 < handle:31 < serve:400");
}

static void text_of_a_finding_is_made_safe(void **state)
{
	struct lp_record_finding record =
		record_finding(LP_FINDING_NEVER_RETRIEVED, "a\033[2Jb", 0, 0);

	(void)state;
	strcpy(record.finding.exception_type, "\xff");
	strcpy(record.finding.exception_message, "one\ntwo");
	strcpy(record.finding.task_name, "\xe2\x80\xaex");
	strcpy(record.finding.file, "/srv/\x7f.py");
	feed(&record, LP_NO_LOOP, 1);
	assert_string_equal(findings[0].name, "a?[2Jb");
	assert_string_equal(findings[0].type, "?");
	assert_string_equal(findings[0].message, "one?two");
	assert_string_equal(findings[0].task_name, "?x");
	assert_string_equal(findings[0].file, "/srv/?.py");
}

static void frames_that_nobody_reported_are_not_known(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_WRONG_THREAD, "work", 3, 2);

	(void)state;
	feed_frame_of(1, "one", "/srv/a.py", 1);
	feed_frame_of(4, "four", "/srv/a.py", 4);
	record.finding.created = 77;
	feed(&record, LP_NO_LOOP, 0);
	model_advance(model, START_NS + 1000 * MS);
	assert_string_equal(findings[0].stack.text, "one:1");
	assert_true(findings[0].stack.unreadable);
	assert_string_equal(findings[0].loop_stack.text, "four:4");
	assert_string_equal(findings[0].created, "none:0");
}

static void of_no_loop_it_is_that_of_the_only_one_of_its_process(void **state)
{
	(void)state;
	feed_finding(LP_FINDING_NO_RUNNING_LOOP, "", LP_NO_LOOP, 1);
	feed_loop(0, 2);
	feed_finding(LP_FINDING_NO_RUNNING_LOOP, "", LP_NO_LOOP, 3);
	feed_loop(1, 4);
	feed_finding(LP_FINDING_NO_RUNNING_LOOP, "", LP_NO_LOOP, 5);
	feed_finding(LP_FINDING_NO_RUNNING_LOOP, "", 1, 6);
	feed_loop_end(0, 7);
	feed_finding(LP_FINDING_NO_RUNNING_LOOP, "", LP_NO_LOOP, 8);
	assert_int_equal(pending_count, 5);
	assert_int_equal(findings[0].loop, 0);
	assert_int_equal(findings[1].loop, 1);
	assert_int_equal(findings[2].loop, 0);
	assert_int_equal(findings[3].loop, 2);
	assert_int_equal(findings[4].loop, 2);
}

/* The first tasks that are lost were often made before the process was profiled. */
static void one_with_an_origin_is_preferred(void **state)
{
	struct lp_record_finding lost = record_finding(LP_FINDING_DESTROYED_PENDING, "audit", 1, 0);

	(void)state;
	feed_loop(0, 0);
	feed_frames();
	lost.finding.parked = 2;
	feed(&lost, 0, 1);
	lost.finding.created = 3;
	feed(&lost, 0, 2);
	feed(&lost, 0, 3);
	lost.finding.created = LP_NO_FRAME;
	feed(&lost, 0, 4);
	assert_int_equal(pending_count, 4);
	assert_int_equal(findings[1].finding.before, 1);
	assert_false(findings[0].finding.first_origin);
	assert_true(findings[1].finding.first_origin);
	assert_false(findings[2].finding.first_origin);
	assert_false(findings[3].finding.first_origin);
	feed_end(LP_EVENT_END, 9, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.count, 1);
	assert_int_equal(total_counts.items[0].count.count, 4);
	assert_string_equal(total_counts.items[0].created, "serve:400");
}

/* Each line that creates tasks has its own count, with that of the tasks of no known creation. */
static void tasks_that_were_created_at_different_lines_are_counted_separately(void **state)
{
	struct lp_record_finding lost = record_finding(LP_FINDING_DESTROYED_PENDING, "audit", 1, 0);

	(void)state;
	feed_loop(0, 0);
	feed_frames();
	lost.finding.parked = 2;
	lost.finding.created = 3;
	feed(&lost, 0, 1);
	lost.finding.created = 5;
	feed(&lost, 0, 2);
	feed(&lost, 0, 3);
	lost.finding.created = LP_NO_FRAME;
	feed(&lost, 0, 4);
	lost.finding.created = 3;
	feed(&lost, 0, 5);
	assert_int_equal(findings[1].finding.before, 0);
	assert_int_equal(findings[4].finding.before, 2);
	feed_end(LP_EVENT_END, 9, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.count, 2);
	assert_int_equal(total_counts.items[0].count.count, 3);
	assert_string_equal(total_counts.items[0].created, "serve:400");
	assert_int_equal(total_counts.items[1].count.count, 2);
	assert_string_equal(total_counts.items[1].created, "other:99");
}

static void the_same_at_the_same_place_is_counted(void **state)
{
	struct lp_record_finding elsewhere =
		record_finding(LP_FINDING_NEVER_AWAITED, "fetch", 3, 0);

	(void)state;
	feed_loop(0, 0);
	feed_frames();
	elsewhere.frames[2] = 5;
	feed_finding(LP_FINDING_NEVER_AWAITED, "fetch", 0, 1);
	feed_finding(LP_FINDING_NEVER_AWAITED, "fetch", 0, 2);
	feed(&elsewhere, 0, 3);
	feed_finding(LP_FINDING_NEVER_AWAITED, "store", 0, 4);
	feed_finding(LP_FINDING_NEVER_AWAITED, "fetch", 0, 5);
	assert_int_equal(pending_count, 5);
	assert_int_equal(findings[1].finding.before, 1);
	assert_int_equal(findings[2].finding.before, 0);
	assert_int_equal(findings[3].finding.before, 0);
	assert_int_equal(findings[4].finding.before, 2);
	feed_end(LP_EVENT_END, 9, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.count, 3);
	assert_int_equal(total_counts.items[0].count.count, 3);
	assert_int_equal(total_counts.items[0].loop, 1);
	assert_string_equal(total_counts.items[0].name, "fetch");
	assert_string_equal(total_counts.items[0].place, "handle:31");
	assert_string_equal(total_counts.items[1].place, "other:99");
	assert_string_equal(total_counts.items[2].name, "store");
}

/* A report may read 20,000 captures, each with some places. */
static void a_place_takes_the_memory_of_its_texts(void **state)
{
	enum { PLACES = 400, PLACE_BYTES = 512 };
	struct lp_record_finding record = record_finding(LP_FINDING_NEVER_RETRIEVED, "fetch", 3, 0);
	size_t before, i;

	(void)state;
	feed_loop(0, 0);
	feed_frames();
	strcpy(record.finding.exception_type, "ValueError");
	strcpy(record.finding.exception_message, "no such user");
	feed(&record, 0, 1);
	before = __sanitizer_get_current_allocated_bytes();
	for (i = 0; i < PLACES; i++) {
		snprintf(record.finding.name, sizeof(record.finding.name), "fetch_%zu", i);
		feed(&record, 0, 2 + i);
	}
	assert_in_range(__sanitizer_get_current_allocated_bytes() - before, 1,
			PLACES * PLACE_BYTES);
	feed_end(LP_EVENT_END, 1000, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.count, 1 + PLACES);
	assert_string_equal(total_counts.items[PLACES].message, "no such user");
}

static void a_stack_without_a_line_of_the_program_begins_where_it_does(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_NO_RUNNING_LOOP, "", 2, 0);

	(void)state;
	feed_frames();
	feed(&record, LP_NO_LOOP, 1);
	feed_end(LP_EVENT_END, 9, LP_RUN_END_INTERRUPT);
	assert_string_equal(total_counts.items[0].place, "call_soon:761");
}

static void what_waited_is_distinguished_by_where_it_did(void **state)
{
	struct lp_record_finding record =
		record_finding(LP_FINDING_DESTROYED_PENDING, "wait", 3, 0);

	(void)state;
	feed_frames();
	record.finding.parked = 4;
	feed(&record, LP_NO_LOOP, 1);
	/* the garbage collector destroyed it at another line: the place is where it was parked */
	record.frames[2] = 5;
	feed(&record, LP_NO_LOOP, 2);
	record.finding.parked = 2;
	feed(&record, LP_NO_LOOP, 3);
	feed_end(LP_EVENT_END, 9, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.count, 2);
	assert_int_equal(total_counts.items[0].count.count, 2);
	assert_string_equal(total_counts.items[0].place, "waiter:15");
}

static void an_exception_is_distinguished_by_its_type_not_by_who_let_go_of_it(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_NEVER_RETRIEVED, "job", 3, 0);

	(void)state;
	feed_frames();
	strcpy(record.finding.exception_type, "ValueError");
	strcpy(record.finding.exception_message, "first");
	feed(&record, LP_NO_LOOP, 1);
	record.frames[2] = 5;
	strcpy(record.finding.exception_message, "last");
	feed(&record, LP_NO_LOOP, 2);
	strcpy(record.finding.exception_type, "KeyError");
	feed(&record, LP_NO_LOOP, 3);
	/* a future has no name: its place is the stack alone */
	strcpy(record.finding.name, "");
	feed(&record, LP_NO_LOOP, 4);
	record.frames[2] = 2;
	feed(&record, LP_NO_LOOP, 5);
	feed_end(LP_EVENT_END, 9, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.count, 4);
	assert_int_equal(total_counts.items[0].count.count, 2);
	assert_string_equal(total_counts.items[0].message, "last");
}

static void a_finding_is_counted_by_its_origin_where_that_is_known(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_NEVER_AWAITED, "fetch", 3, 0);

	(void)state;
	feed_frames();
	record.finding.created = 3;
	feed(&record, LP_NO_LOOP, 1);
	record.frames[2] = 5;
	feed(&record, LP_NO_LOOP, 2);
	record.finding.created = 2;
	feed(&record, LP_NO_LOOP, 3);
	feed_end(LP_EVENT_END, 9, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.count, 2);
	assert_string_equal(total_counts.items[0].created, "serve:400");
	assert_string_equal(total_counts.items[0].place, "other:99");
}

static void more_places_than_are_retained_are_counted_together(void **state)
{
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < 520; i++) {
		snprintf(name, sizeof(name), "coroutine%d", i);
		feed_finding(LP_FINDING_NEVER_AWAITED, name, LP_NO_LOOP, 1);
	}
	feed_finding(LP_FINDING_NEVER_AWAITED, "coroutine0", LP_NO_LOOP, 1);
	/* all places over the limit count as one, so only the first of them is new */
	assert_int_equal(findings[512].finding.before, 0);
	assert_int_equal(findings[513].finding.before, 1);
	assert_int_equal(findings[520].finding.before, 1);
	feed_end(LP_EVENT_END, 9, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.count, 512);
	assert_int_equal(total_counts.dropped, 8);
	assert_string_equal(total_counts.items[0].name, "coroutine0");
}

static void an_interval_has_what_was_found_since_the_last(void **state)
{
	(void)state;
	feed_finding(LP_FINDING_NEVER_AWAITED, "fetch", LP_NO_LOOP, 1);
	feed_finding(LP_FINDING_NEVER_AWAITED, "store", LP_NO_LOOP, 1);
	feed_end(LP_EVENT_INTERVAL, 2, 0);
	assert_int_equal(interval_counts.count, 2);
	feed_finding(LP_FINDING_NEVER_AWAITED, "store", LP_NO_LOOP, 3);
	feed_end(LP_EVENT_INTERVAL, 4, 0);
	assert_int_equal(interval_counts.count, 1);
	assert_string_equal(interval_counts.items[0].name, "store");
	assert_int_equal(interval_counts.items[0].count.count, 1);
	assert_int_equal(total_counts.count, 2);
	assert_int_equal(total_counts.items[0].count.count, 2);
	feed_end(LP_EVENT_INTERVAL, 5, 0);
	assert_int_equal(interval_counts.count, 0);
}

static void a_callback_from_a_wrong_thread_is_reported_once_its_loop_runs_it(void **state)
{
	(void)state;
	feed_finding(LP_FINDING_WRONG_THREAD, "work", LP_NO_LOOP, 0);
	model_advance(model, START_NS + 300 * MS);
	assert_int_equal(pending_count, 0);
	feed_noticed(0xbad, 1, 300 * MS);
	assert_int_equal(pending_count, 0);
	feed_noticed(0xc0de, 299 * MS, 300 * MS);
	assert_int_equal(pending_count, 1);
	assert_true(findings[0].finding.noticed);
	assert_int_equal(findings[0].finding.late_ns, 299 * MS);
	feed_noticed(0xc0de, 299 * MS, 301 * MS);
	model_advance(model, START_NS + 5000 * MS);
	assert_int_equal(pending_count, 1);
	feed_end(LP_EVENT_END, 6000 * MS, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.items[0].count.late_max_ns, 299 * MS);
}

static void a_cancellation_has_its_caller_and_what_it_was_passed_on_from(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_CANCELLED, "wait", 4, 1);

	(void)state;
	feed_frames();
	feed(&record, LP_NO_LOOP, 0);
	feed_noticed(0xc0de, 300 * MS, 1 * MS);
	assert_int_equal(findings[0].finding.late_ns, 300 * MS);
	assert_string_equal(findings[0].stack.text,
			    "call_soon:761 < <frozen>:1 < handle:31 < serve:400");
	assert_string_equal(findings[0].passed_on, "waiter:15");
	/* the time of the call may have got lost */
	feed(&record, LP_NO_LOOP, 2 * MS);
	model_advance(model, START_NS + 5000 * MS);
	assert_false(findings[1].finding.noticed);
	feed_end(LP_EVENT_END, 6000 * MS, LP_RUN_END_INTERRUPT);
	assert_int_equal(total_counts.items[0].count.count, 2);
	assert_string_equal(total_counts.items[0].place, "handle:31");
	assert_int_equal(total_counts.items[0].count.late_max_ns, 0);
}

static void one_that_is_not_run_for_a_second_is_reported_as_it_is_and_once(void **state)
{
	(void)state;
	feed_finding(LP_FINDING_WRONG_THREAD, "work", LP_NO_LOOP, 10 * MS);
	model_advance(model, START_NS + 1010 * MS - 1);
	assert_int_equal(pending_count, 0);
	model_advance(model, START_NS + 1010 * MS);
	assert_int_equal(pending_count, 1);
	assert_false(findings[0].finding.noticed);
	assert_int_equal(findings[0].finding.late_ns, 1000 * MS);
	feed_noticed(0xc0de, 3000 * MS, 3010 * MS);
	model_advance(model, START_NS + 9000 * MS);
	assert_int_equal(pending_count, 1);
}

static void what_is_held_is_reported_at_the_end(void **state)
{
	(void)state;
	feed_finding(LP_FINDING_WRONG_THREAD, "one", LP_NO_LOOP, 10 * MS);
	feed_finding(LP_FINDING_WRONG_THREAD, "two", LP_NO_LOOP, 20 * MS);
	feed_end(LP_EVENT_END, 30 * MS, LP_RUN_END_INTERRUPT);
	assert_int_equal(pending_count, 2);
	assert_string_equal(findings[0].name, "one");
	assert_int_equal(findings[0].finding.late_ns, 20 * MS);
	assert_int_equal(findings[1].finding.late_ns, 10 * MS);
	assert_int_equal(total_counts.count, 2);
	/* findings after the end of the run are ignored */
	feed_finding(LP_FINDING_NEVER_AWAITED, "late", LP_NO_LOOP, 40 * MS);
	feed_finding(LP_FINDING_WRONG_THREAD, "late", LP_NO_LOOP, 40 * MS);
	model_advance(model, UINT64_MAX);
	assert_int_equal(pending_count, 2);
}

static void of_too_many_the_oldest_is_reported(void **state)
{
	struct lp_record_finding record = record_finding(LP_FINDING_WRONG_THREAD, "work", 0, 0);
	int i;

	(void)state;
	for (i = 0; i < 257; i++) {
		record.finding.object = 0x1000 + (uint64_t)i;
		record.finding.line = (uint32_t)i + 1;
		feed(&record, LP_NO_LOOP, (uint64_t)i);
	}
	assert_int_equal(pending_count, 1);
	assert_int_equal(findings[0].finding.line, 1);
	assert_int_equal(findings[0].finding.late_ns, 256);
	/* the last pending finding can be removed, and another one appended */
	feed_noticed(0x1000 + 256, 5, 300);
	assert_int_equal(findings[1].finding.line, 257);
	feed(&record, LP_NO_LOOP, 301);
	feed_noticed(0x1000 + 256, 5, 302);
	assert_int_equal(pending_count, 3);
}

static void an_address_that_is_used_again_means_the_latest(void **state)
{
	(void)state;
	feed_finding(LP_FINDING_WRONG_THREAD, "cancelled", LP_NO_LOOP, 1);
	feed_finding(LP_FINDING_WRONG_THREAD, "work", LP_NO_LOOP, 2);
	feed_noticed(0xc0de, 5, 7);
	assert_int_equal(pending_count, 1);
	assert_string_equal(findings[0].name, "work");
}

/* The keys of the table are hashed with a secret, so that its order is another one in each run. */
static void places_that_differ_by_one_frame_have_an_order(void **state)
{
	const struct lp_shown_frame frames[] = {
		{ .function = (char *)"a", .file = (char *)"/srv/a.py", .line = 9 },
		{ .function = (char *)"a", .file = (char *)"/srv/b.py", .line = 9 },
		{ .function = (char *)"b", .file = (char *)"/srv/b.py", .line = 9 },
	};
	struct lp_finding_count left = { .count = 1,
					 .name = "n",
					 .file = "f",
					 .exception_type = "" },
				right = left;
	size_t i;

	(void)state;
	for (i = 0; i + 1 < ARRAY_SIZE(frames); i++) {
		left.place = right.place = NULL;
		left.created = &frames[i];
		right.created = &frames[i + 1];
		assert_true(findings_by_count(&left, &right) < 0);
		assert_true(findings_by_count(&right, &left) > 0);
		left.created = right.created = NULL;
		left.place = &frames[i];
		right.place = &frames[i + 1];
		assert_true(findings_by_count(&left, &right) < 0);
		assert_int_equal(findings_by_count(&left, &left), 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, free_model)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_finding_is_reported_at_once_with_all_that_is_known),
		TEST(text_of_a_finding_is_made_safe),
		TEST(frames_that_nobody_reported_are_not_known),
		TEST(of_no_loop_it_is_that_of_the_only_one_of_its_process),
		TEST(one_with_an_origin_is_preferred),
		TEST(tasks_that_were_created_at_different_lines_are_counted_separately),
		TEST(the_same_at_the_same_place_is_counted),
		TEST(a_place_takes_the_memory_of_its_texts),
		TEST(a_stack_without_a_line_of_the_program_begins_where_it_does),
		TEST(what_waited_is_distinguished_by_where_it_did),
		TEST(an_exception_is_distinguished_by_its_type_not_by_who_let_go_of_it),
		TEST(a_finding_is_counted_by_its_origin_where_that_is_known),
		TEST(more_places_than_are_retained_are_counted_together),
		TEST(an_interval_has_what_was_found_since_the_last),
		TEST(a_callback_from_a_wrong_thread_is_reported_once_its_loop_runs_it),
		TEST(a_cancellation_has_its_caller_and_what_it_was_passed_on_from),
		TEST(one_that_is_not_run_for_a_second_is_reported_as_it_is_and_once),
		TEST(what_is_held_is_reported_at_the_end),
		TEST(of_too_many_the_oldest_is_reported),
		TEST(places_that_differ_by_one_frame_have_an_order),
		TEST(an_address_that_is_used_again_means_the_latest),
	};

	runtime_add_code_names();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
