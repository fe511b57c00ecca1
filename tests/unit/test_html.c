// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch_fixture.h"
#include "model/names.h"
#include "sinks/escape.h"
#include "sinks/html/data.h"
#include "sinks/sink.h"
#include "sinks/text/lost_time.h"
#include "stall_fixture.h"

#define SECOND (1000 * MS)
#define UNIX_NS (1700000000ULL * SECOND)

static const struct lp_loop_info loop = { .id = 1,
					  .pid = 42,
					  .tid = 42,
					  .comm = "python3",
					  .runtime = "asyncio",
					  .host = "box",
					  .unix_offset_ns = (int64_t)UNIX_NS };
static const struct lp_callback_info task_info = { LP_MODEL_TASK, "fetch", "/app/db.py", 41 };
static struct lp_page_store store;

static int begin(void **state)
{
	(void)state;
	page_store_init(&store, 100, 20);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	page_store_free(&store);
	return 0;
}

static struct lp_slow_callback slow_of(uint64_t start_ns, uint64_t duration_ns)
{
	return (struct lp_slow_callback){ .loop = &loop,
					  .callback = &task_info,
					  .start_ns = start_ns,
					  .duration_ns = duration_ns,
					  .queue_delay_ns = LP_NO_QUEUE_DELAY };
}

/* ---- values that are stored once --------------------------------------------- */

static void the_same_value_has_the_same_number(void **state)
{
	struct lp_page_tables tables;
	char text[16];
	uint32_t i;

	(void)state;
	tables_init(&tables);
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(page_store_string(&tables, text), i + 1);
	}
	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%u", i);
		assert_int_equal(page_store_string(&tables, text), i + 1);
		assert_string_equal(tables_get(&tables.strings, i + 1, NULL), text);
	}
	tables_free(&tables);
}

static void what_finds_no_space_has_no_number_and_is_counted(void **state)
{
	struct lp_page_tables tables;

	(void)state;
	tables_init(&tables);
	intern_init(&tables.strings, 2, 1 << 20);
	assert_int_equal(page_store_string(&tables, "a"), 1);
	assert_int_equal(page_store_string(&tables, "b"), 2);
	assert_int_equal(page_store_string(&tables, "c"), 0);
	assert_int_equal(tables.strings.dropped, 1);
	assert_null(tables_get(&tables.strings, 0, NULL));
	assert_null(tables_get(&tables.strings, 3, NULL));
	tables_free(&tables);
	intern_init(&tables.strings, 10, 16);
	assert_int_equal(page_store_string(&tables, "a longer text than there is room"), 0);
	assert_int_equal(page_store_string(&tables, "short"), 1);
	tables_free(&tables);
}

/* ---- which stalls are stored --------------------------------------------------- */

static void a_stall_reported_in_progress_several_times_is_one_stall(void **state)
{
	struct lp_slow_callback slow = slow_of(SECOND, 200 * MS);

	(void)state;
	slow.in_progress = true;
	page_store_add_slow(&store, &slow);
	slow.duration_ns = 400 * MS;
	page_store_add_slow(&store, &slow);
	slow.in_progress = false;
	slow.duration_ns = 500 * MS;
	page_store_add_slow(&store, &slow);
	page_store_finish(&store);
	assert_int_equal(store.stall_count, 1);
	assert_int_equal(store.stalls[0].duration_ns, 500 * MS);
	assert_false(store.stalls[0].in_progress);
	assert_int_equal(store.detail_count, 1);
	assert_int_equal(store.omitted, 0);
}

static void the_thread_that_woke_the_loop_follows_the_call_that_it_ended(void **state)
{
	struct lp_slow_callback slow = slow_of(SECOND, 200 * MS);
	struct lp_blocked blocked[] = { { .syscall = "futex" },
					{ .syscall = "futex", .woken = true },
					{ .syscall = "read" } };
	const struct lp_page_detail *detail;

	(void)state;
	slow.breakdown.blocked = blocked;
	slow.breakdown.blocked_count = 3;
	slow.breakdown.waker = (struct lp_waker){ .known = true, .thread = "writer", .tid = 45 };
	page_store_add_slow(&store, &slow);
	page_store_finish(&store);
	detail = store.stalls[0].detail;
	assert_int_equal(detail->part_count, 4);
	assert_int_equal(detail->parts[2].kind, LP_PAGE_WAKER);
	assert_int_equal(detail->parts[2].count, 45);
	assert_int_equal(detail->parts[3].kind, LP_PAGE_BLOCKED);
	assert_int_equal(detail->parts[2].name, page_store_string(&store.tables, "writer"));
}

/* With -a, many stalls of other loops begin and end while one lasts. */
static void a_long_stall_among_many_others_is_one_stall(void **state)
{
	struct lp_slow_callback lasting = slow_of(SECOND, 200 * MS), slow;
	uint64_t i;

	(void)state;
	lasting.in_progress = true;
	for (i = 0; i < 1000; i++) {
		slow = slow_of((2 + i) * SECOND, 100 * MS);
		page_store_add_slow(&store, &slow);
		if (i % 100 == 0) {
			lasting.duration_ns = (2 + i) * SECOND;
			page_store_add_slow(&store, &lasting);
		}
	}
	lasting.in_progress = false;
	lasting.duration_ns = 1100 * SECOND;
	page_store_add_slow(&store, &lasting);
	page_store_finish(&store);
	assert_int_equal(store.stall_count + store.omitted, 1001);
	assert_int_equal(store.stalls[0].duration_ns, 1100 * SECOND);
	assert_false(store.stalls[0].in_progress);
}

static void a_stall_that_never_ended_stays_in_progress(void **state)
{
	struct lp_slow_callback slow = slow_of(SECOND, 200 * MS);

	(void)state;
	slow.in_progress = true;
	page_store_add_slow(&store, &slow);
	slow = slow_of(3 * SECOND, 100 * MS);
	page_store_add_slow(&store, &slow);
	page_store_finish(&store);
	assert_int_equal(store.stall_count, 2);
	assert_true(store.stalls[0].in_progress);
}

static void over_the_limit_the_worst_are_retained_and_the_rest_counted(void **state)
{
	uint64_t i, total = 0;

	(void)state;
	for (i = 1; i <= 1000; i++) {
		struct lp_slow_callback slow = slow_of(i * SECOND, (i * 7919 % 1000 + 1) * MS);

		total += slow.duration_ns;
		page_store_add_slow(&store, &slow);
	}
	page_store_finish(&store);
	assert_int_equal(store.stall_count, 100);
	assert_int_equal(store.omitted, 900);
	assert_int_equal(store.detail_count, 20);
	for (i = 0; i < store.stall_count; i++) {
		total -= store.stalls[i].duration_ns;
		/* the first stall of a callback is stored, whatever its length */
		if (!store.stalls[i].first)
			assert_in_range(store.stalls[i].duration_ns, 901 * MS, 1000 * MS);
		if (i)
			assert_true(store.stalls[i].start_ns > store.stalls[i - 1].start_ns);
	}
	assert_int_equal(store.omitted_ns, total);
}

/* Of many captures few stalls are among the worst, so that most of them cost no memory or time. */
static void a_stall_that_cannot_be_among_the_worst_is_not_stored(void **state)
{
	struct lp_slow_callback slow;
	uint64_t i, omitted;
	size_t stalls, details;

	(void)state;
	for (i = 0; i < 200; i++) {
		slow = slow_of(i * SECOND, SECOND + i * MS);
		page_store_add_slow(&store, &slow);
	}
	assert_in_range(store.omitted, 1, 199);
	stalls = store.stall_count;
	omitted = store.omitted;
	for (i = 200; i < 300; i++) {
		slow = slow_of(i * SECOND, SECOND);
		page_store_add_slow(&store, &slow);
	}
	page_store_add_iteration(&store, &(struct lp_slow_iteration){ .loop = &loop,
								      .start_ns = i * SECOND,
								      .duration_ns = SECOND });
	assert_int_equal(store.stall_count, stalls);
	assert_int_equal(store.omitted, omitted + 101);
	/* one that is among the worst, but not among those with a detail */
	page_store_finish(&store);
	details = store.detail_count;
	assert_int_equal(details, 20);
	slow = slow_of(i * SECOND, SECOND + 150 * MS);
	page_store_add_slow(&store, &slow);
	assert_int_equal(store.stall_count, 101);
	assert_int_equal(store.detail_count, details);
}

static void the_first_stall_of_a_callback_is_retained_among_worse_ones(void **state)
{
	static const struct lp_callback_info rare = { LP_MODEL_CALLBACK, "rare", "/app/x.py", 3 };
	struct lp_slow_callback slow = slow_of(SECOND, MS);
	size_t i, found = 0;

	(void)state;
	slow.callback = &rare;
	page_store_add_slow(&store, &slow);
	for (i = 2; i < 500; i++) {
		slow = slow_of(i * SECOND, SECOND / 2);
		page_store_add_slow(&store, &slow);
	}
	page_store_finish(&store);
	for (i = 0; i < store.stall_count; i++)
		found += store.stalls[i].duration_ns == MS;
	assert_int_equal(found, 1);
}

static void a_new_name_for_each_stall_does_not_crowd_out_the_worst(void **state)
{
	struct lp_callback_info info = { LP_MODEL_TASK, "", "/app/x.py", 3 };
	uint64_t i, worst = 0;

	(void)state;
	for (i = 0; i < 2000; i++) {
		struct lp_slow_callback slow =
			slow_of((i + 1) * SECOND, i >= 1950 ? SECOND : 30 * MS);

		snprintf(info.name, sizeof(info.name), "coroutine_%" PRIu64, i);
		slow.callback = &info;
		page_store_add_slow(&store, &slow);
	}
	page_store_finish(&store);
	assert_int_equal(store.stall_count, 100);
	for (i = 0; i < store.stall_count; i++)
		worst += store.stalls[i].duration_ns == SECOND;
	assert_int_equal(worst, 50);
	/* dropped stalls are removed from the tables as well */
	assert_in_range(store.tables.callbacks.count, 50, 100);
}

static void stacks_survive_that_the_tables_are_made_anew(void **state)
{
	struct lp_sample sample = { .count = 3,
				    .stack = STACK(FRAME("inner", "/app/a.py", 7),
						   COROUTINE("outer", "/app/b.py", 9)) };
	const uint32_t *stack;
	const struct lp_page_frame *frame;
	uint64_t i;
	size_t size;

	(void)state;
	for (i = 1; i <= 400; i++) {
		struct lp_slow_callback slow = slow_of(i * SECOND, i * MS);

		slow.breakdown.sample_count = 1;
		slow.breakdown.samples = &sample;
		page_store_add_slow(&store, &slow);
	}
	page_store_finish(&store);
	assert_int_equal(store.tables.stacks.count, 1);
	stack = tables_get(&store.tables.stacks, store.stalls[99].stack, &size);
	assert_int_equal(size, 3 * sizeof(*stack));
	frame = tables_get(&store.tables.frames, stack[1], NULL);
	assert_string_equal(tables_get(&store.tables.strings, frame->function, NULL), "inner");
	assert_int_equal(frame->line, 7);
	assert_int_equal(store.stalls[99].detail->parts[0].count, 3);
}

/* ---- histories of loops ---------------------------------------------------------- */

static struct lp_histogram iterations;

static void add_state(struct lp_history *history, uint32_t id, uint64_t seconds, uint64_t busy_ns)
{
	const struct lp_loop_info info = { .id = id };
	const struct lp_loop_state now = { .loop = &info,
					   .time_ns = seconds * SECOND,
					   .start_ns = SECOND,
					   .busy_ns = busy_ns,
					   .idle_ns = (seconds - 1) * SECOND > busy_ns
							      ? (seconds - 1) * SECOND - busy_ns
							      : 0,
					   .iterations = histogram_count(&iterations),
					   .iteration = &iterations };

	history_add(history, &now);
}

/* Tens of thousands of loops with one span each: no event may search or halve all of them. */
static void histories_of_many_loops_take_no_time_each(void **state)
{
	struct lp_history history;
	uint32_t id;

	(void)state;
	history_init(&history, 1000);
	for (id = 1; id <= 60000; id++)
		add_state(&history, id, 11, SECOND);
	assert_int_equal(history.span_count, 1000);
	assert_true(history.full);
	assert_int_equal(history_of(&history, 60000)->loop, 60000);
	history_free(&history);
}

static void histories_of_many_loops_take_little_memory(void **state)
{
	const struct lp_loop_history *known;
	struct lp_history history;
	size_t bytes = 0;
	uint32_t id;

	(void)state;
	memset(&iterations, 0, sizeof(iterations));
	lp_histogram_add(&iterations, 2 * MS);
	lp_histogram_add(&iterations, 90 * MS);
	history_init(&history, 65536);
	for (id = 1; id <= 1000; id++)
		add_state(&history, id, 11, SECOND);
	for (id = 1; id <= 1000; id++) {
		known = history_of(&history, id);
		bytes += malloc_usable_size((void *)known) + malloc_usable_size(known->spans) +
			 malloc_usable_size(known->totals);
	}
	assert_in_range(bytes / 1000, 1, 400);
	history_free(&history);
}

static void a_span_has_what_was_counted_since_the_state_before(void **state)
{
	const struct lp_loop_history *known;
	struct lp_history history;

	(void)state;
	memset(&iterations, 0, sizeof(iterations));
	history_init(&history, 100);
	lp_histogram_add(&iterations, 2 * MS);
	add_state(&history, 1, 11, SECOND);
	lp_histogram_add(&iterations, 2 * MS);
	lp_histogram_add(&iterations, 90 * MS);
	add_state(&history, 1, 21, 5 * SECOND);
	known = history_of(&history, 1);
	assert_int_equal(known->span_count, 2);
	assert_int_equal(known->spans[0].start_ns, SECOND);
	assert_int_equal(known->spans[1].start_ns, 11 * SECOND);
	assert_int_equal(known->spans[1].busy_ns, 4 * SECOND);
	assert_int_equal(known->spans[1].iterations, 2);
	assert_int_equal(known->spans[1].cell_count, 2);
	assert_int_equal(known->spans[1].cells[0].count, 1);
	history_free(&history);
}

static void what_was_counted_before_the_capture_is_of_no_span(void **state)
{
	struct lp_history history;

	(void)state;
	memset(&iterations, 0, sizeof(iterations));
	lp_histogram_add(&iterations, 2 * MS);
	history_init(&history, 100);
	/* the first state, after a second, claims an hour of busy time */
	add_state(&history, 1, 2, 3600 * SECOND);
	assert_int_equal(history_of(&history, 1)->span_count, 0);
	lp_histogram_add(&iterations, 2 * MS);
	add_state(&history, 1, 12, 3601 * SECOND);
	assert_int_equal(history_of(&history, 1)->span_count, 1);
	assert_int_equal(history_of(&history, 1)->spans[0].iterations, 1);
	assert_int_equal(history_of(&history, 1)->spans[0].busy_ns, SECOND);
	history_free(&history);
}

static void a_full_history_becomes_coarser_and_loses_nothing(void **state)
{
	const struct lp_loop_history *known;
	struct lp_history history;
	uint64_t i, counted = 0, busy_ns = 0;

	(void)state;
	memset(&iterations, 0, sizeof(iterations));
	history_init(&history, 64);
	for (i = 1; i <= 1000; i++) {
		lp_histogram_add(&iterations, (i % 50 + 1) * MS);
		add_state(&history, 1, 10 * i, i * SECOND);
		add_state(&history, 2, 10 * i, i * SECOND);
		assert_in_range(history.span_count, 1, 64);
	}
	known = history_of(&history, 1);
	for (i = 0; i < known->span_count; i++) {
		counted += known->spans[i].iterations;
		busy_ns += known->spans[i].busy_ns;
		if (i)
			assert_int_equal(known->spans[i].start_ns, known->spans[i - 1].end_ns);
	}
	assert_int_equal(counted, 1000);
	assert_int_equal(busy_ns, 1000 * SECOND);
	history_free(&history);
}

/* ---- the page ----------------------------------------------------------------------- */

static const char *written_page(const struct lp_slow_callback *slow, const struct lp_loop_info *of)
{
	static const struct lp_run run = { .tool = "loopprof 0",
					   .mode = "trace",
					   .host = "</script><script>alert(1)</script>",
					   .threshold_ns = 100 * MS };
	static const struct lp_run_end end = { .end_ns = 9 * SECOND };
	static char text[1 << 20];
	struct lp_loop_summary summary = { .loop = of };
	struct lp_summary total = { .loop_count = 1, .loops = &summary };
	char directory[256], path[300];
	struct lp_error error = { 0 };
	struct lp_sink *sink;

	assert_int_equal(scratch_make(directory, sizeof(directory)), 0);
	snprintf(path, sizeof(path), "%s/page.html", directory);
	if (html_format.open(path, NULL, &sink, &error))
		fail_msg("%s", error.text);
	sink->observer.run(sink, &run);
	sink->observer.loop(sink, of);
	if (slow)
		sink->observer.slow(sink, slow);
	/* the file does not exist before the end */
	assert_int_equal(access(path, F_OK), -1);
	sink->observer.end(sink, &total, &end);
	assert_int_equal(sink->close(sink), 0);
	assert_non_null(scratch_read(path, text, sizeof(text)));
	unlink(path);
	rmdir(directory);
	return text;
}

static size_t times_in(const char *text, const char *what)
{
	size_t count = 0;

	while ((text = strstr(text, what))) {
		count++;
		text += strlen(what);
	}
	return count;
}

static void a_hostile_name_cannot_leave_the_data(void **state)
{
	static const struct lp_callback_info evil = { LP_MODEL_TASK,
						      "</script><img src=x onerror=alert(1)>",
						      "<!--<script>\"\\", 1 };
	struct lp_slow_callback slow = slow_of(SECOND, SECOND);
	const char *page, *data, *end;

	(void)state;
	slow.callback = &evil;
	slow.task = 1;
	strcpy(slow.task_name, "]]></style>&lt;");
	page = written_page(&slow, &loop);
	data = strstr(page, "application/json\">");
	assert_non_null(data);
	end = strstr(data, "</script>");
	assert_non_null(end);
	data += strlen("application/json\">");
	for (; data < end; data++)
		assert_true(*data != '<' && *data != '>' && *data != '&');
	/* the two of page.html alone */
	assert_int_equal(times_in(page, "</script>"), 2);
	assert_non_null(strstr(page, "\\u003c/script\\u003e\\u003cimg src=x"));
}

static void the_page_allows_nothing_but_itself(void **state)
{
	const char *page = written_page(NULL, &loop);

	(void)state;
	assert_non_null(strstr(page, "default-src 'none'; script-src 'sha256-"));
	assert_null(strstr(page, "unsafe-inline"));
	assert_null(strstr(page, "http://"));
	assert_null(strstr(page, "https://"));
	assert_null(strstr(page, "innerHTML"));
	assert_null(strstr(page, "@data@"));
	assert_null(strstr(page, "@script-hash@"));
}

/* The page finds what it has for each kind by its number or its word. */
static void the_page_has_the_words_of_the_program(void **state)
{
	const char *page = written_page(NULL, &loop), *causes = strstr(page, "const causes = [");
	const char *kinds = strstr(page, "const frameKinds = ["), *reasons;
	char text[64];
	size_t i;

	(void)state;
	assert_non_null(causes);
	for (i = 0; i < LP_CAUSE_KINDS; i++) {
		snprintf(text, sizeof(text), "{ key: '%s', ", cause_name(i));
		causes = strchr(causes, '{');
		assert_non_null(causes);
		assert_memory_equal(causes, text, strlen(text));
		causes++;
	}
	causes = strchr(causes, '{');
	assert_non_null(causes);
	assert_memory_equal(causes, "{ key: 'unknown', ", strlen("{ key: 'unknown', "));
	assert_non_null(kinds);
	for (i = 0; i < LP_FRAME_KINDS; i++) {
		kinds = strchr(kinds, '\'');
		assert_non_null(kinds);
		snprintf(text, sizeof(text), "'%s'%s", frame_kind_name(i),
			 i + 1 < LP_FRAME_KINDS ? "," : "];");
		assert_memory_equal(kinds, text, strlen(text));
		kinds += strlen(text);
	}
	reasons = strstr(page, "const endReasons = {");
	assert_non_null(reasons);
	for (i = 0; i < LP_RUN_END_REASONS; i++) {
		snprintf(text, sizeof(text), "%s: '", end_reason_name(i));
		reasons = strstr(reasons, text);
		assert_non_null(reasons);
	}
	/* the words for people are those of the text format */
	for (i = LP_CAUSE_GIL; i < LP_CAUSE_KINDS; i++) {
		snprintf(text, sizeof(text), "label: '%s'",
			 text_cause_name((enum lp_cause_kind)i, "", ""));
		assert_non_null(strstr(page, text));
	}
}

static void a_page_needs_a_file(void **state)
{
	struct lp_error error = { 0 };
	struct lp_sink *sink;

	(void)state;
	assert_true(html_format.open(NULL, NULL, &sink, &error) < 0);
	assert_non_null(strstr(error.text, "-o"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histories_of_many_loops_take_no_time_each),
		cmocka_unit_test(histories_of_many_loops_take_little_memory),
		cmocka_unit_test_setup_teardown(
			a_stall_that_cannot_be_among_the_worst_is_not_stored, begin, finish),
		cmocka_unit_test(the_same_value_has_the_same_number),
		cmocka_unit_test(what_finds_no_space_has_no_number_and_is_counted),
		cmocka_unit_test_setup_teardown(
			a_stall_reported_in_progress_several_times_is_one_stall, begin, finish),
		cmocka_unit_test_setup_teardown(
			the_thread_that_woke_the_loop_follows_the_call_that_it_ended, begin,
			finish),
		cmocka_unit_test_setup_teardown(a_long_stall_among_many_others_is_one_stall, begin,
						finish),
		cmocka_unit_test_setup_teardown(a_stall_that_never_ended_stays_in_progress, begin,
						finish),
		cmocka_unit_test_setup_teardown(
			over_the_limit_the_worst_are_retained_and_the_rest_counted, begin, finish),
		cmocka_unit_test_setup_teardown(
			the_first_stall_of_a_callback_is_retained_among_worse_ones, begin, finish),
		cmocka_unit_test_setup_teardown(
			a_new_name_for_each_stall_does_not_crowd_out_the_worst, begin, finish),
		cmocka_unit_test_setup_teardown(stacks_survive_that_the_tables_are_made_anew, begin,
						finish),
		cmocka_unit_test(a_span_has_what_was_counted_since_the_state_before),
		cmocka_unit_test(what_was_counted_before_the_capture_is_of_no_span),
		cmocka_unit_test(a_full_history_becomes_coarser_and_loses_nothing),
		cmocka_unit_test(a_hostile_name_cannot_leave_the_data),
		cmocka_unit_test(the_page_allows_nothing_but_itself),
		cmocka_unit_test(the_page_has_the_words_of_the_program),
		cmocka_unit_test(a_page_needs_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
