// SPDX-License-Identifier: BSD-2-Clause
/* Stalls are divided into parts: their sums, their stacks, and each stall once. */
#include "export_fixture.h"

#include "sinks/profiles/once_per_stall.h"

static char shown[8192];
static uint64_t sum_ns;
static size_t parts, longest;

/* Appends a line for each part: "a;b;[c] 5\n". */
static void show(void *context, const struct lp_stall *stall, const struct lp_stall_part *part)
{
	size_t i;

	(void)context;
	(void)stall;
	assert_true(part->ns > 0);
	assert_true(part->cause_at <= part->depth);
	for (i = 0; i < part->depth; i++) {
		size_t used = strlen(shown);

		snprintf(shown + used, sizeof(shown) - used, "%s%s", i ? ";" : "",
			 part->places[i].function);
		used = strlen(shown);
		if (part->places[i].line)
			snprintf(shown + used, sizeof(shown) - used, ":%u", part->places[i].line);
	}
	snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " %llu\n",
		 (unsigned long long)part->ns);
	sum_ns += part->ns;
	parts++;
	longest += part->longest;
}

static const char *parts_of(struct lp_stall stall)
{
	shown[0] = '\0';
	sum_ns = parts = longest = 0;
	stall_parts_report(&stall, show, NULL);
	assert_int_equal(sum_ns, stall.duration_ns);
	assert_int_equal(longest, parts ? 1 : 0);
	return shown;
}

static const char *parts_of_slow(const struct lp_slow_callback *slow)
{
	return parts_of(stall_parts_of_slow(slow));
}

static void a_blocking_call_has_its_stack_and_the_rest_its_callback(void **state)
{
	struct lp_slow_callback slow = export_slow();

	(void)state;
	assert_string_equal(parts_of_slow(&slow), "gunicorn;handle:88;execute:41;[blocked recvfrom "
						  "tcp 10.0.3.7:5432] 300000000\n"
						  "gunicorn;handle:80;[on CPU] 12000000\n");
}

static void blocked_time_without_a_known_call_is_reported(void **state)
{
	struct lp_slow_callback slow = export_slow();

	(void)state;
	slow.breakdown.time.blocked_ns = 310 * MS;
	slow.breakdown.time.on_cpu_ns = 2 * MS;
	assert_has(parts_of_slow(&slow), "gunicorn;handle:80;[blocked] 10000000\n");
}

static void parts_never_exceed_the_stall(void **state)
{
	struct lp_slow_callback slow = export_slow();

	(void)state;
	slow.breakdown.time.blocked_ns = UINT64_MAX;
	slow.breakdown.time.gil_ns = UINT64_MAX;
	export_blocked.duration_ns = UINT64_MAX;
	parts_of_slow(&slow);
	export_blocked.duration_ns = 300 * MS;
	slow.duration_ns = 0;
	assert_string_equal(parts_of_slow(&slow), "");
}

static void samples_share_the_time_of_their_cause(void **state)
{
	struct lp_sample samples[] = {
		{ .count = 1, .reason = LP_SAMPLE_ON_CPU, .stack = STACK(FRAME("f", "f.py", 1)) },
		{ .count = 1, .reason = LP_SAMPLE_ON_CPU, .stack = STACK(FRAME("g", "f.py", 2)) },
		{ .count = 1,
		  .reason = LP_SAMPLE_ON_CPU,
		  .collecting = true,
		  .stack = STACK(FRAME("h", "f.py", 3)) },
		{ .count = 9, .reason = LP_SAMPLE_RUN_QUEUE, .stack = STACK(FRAME("f", "f.py", 1)) },
	};
	struct lp_slow_callback slow = export_slow();

	(void)state;
	slow.duration_ns = 105;
	slow.breakdown = (struct lp_breakdown){
		.time = { .known = true, .on_cpu_ns = 100, .run_queue_ns = 5 },
		.sample_count = 4,
		.samples = samples,
	};
	assert_string_equal(parts_of_slow(&slow), "gunicorn;handle:80;f:1;[run queue] 5\n"
						  "gunicorn;handle:80;f:1;[on CPU] 33\n"
						  "gunicorn;handle:80;g:2;[on CPU] 33\n"
						  "gunicorn;handle:80;h:3;[GC] 34\n");
}

static void the_holder_of_the_gil_is_below_the_wait(void **state)
{
	struct lp_sample sample = { .count = 3,
				    .reason = LP_SAMPLE_GIL,
				    .stack = STACK(FRAME("handle", "/app/views.py", 81)) };
	struct lp_slow_callback slow = export_slow();

	(void)state;
	slow.breakdown = (struct lp_breakdown){
		.time = { .known = true, .gil_ns = 312 * MS },
		.sample_count = 1,
		.samples = &sample,
		.gil = { .known = true,
			 .thread = "worker",
			 .stack = STACK(FRAME("dumps", "json.py", 9), FRAME("run", "w.py", 2)) },
	};
	assert_string_equal(parts_of_slow(&slow),
			    "gunicorn;handle:81;[GIL held by worker];run:2;dumps:9 312000000\n");
}

static void time_of_unknown_cause_goes_to_the_samples(void **state)
{
	struct lp_sample sample = { .count = 3, .stack = STACK(FRAME("f", "f.py", 1)) };
	struct lp_slow_callback slow = export_slow();

	(void)state;
	slow.breakdown = (struct lp_breakdown){ .sample_count = 1, .samples = &sample };
	assert_string_equal(parts_of_slow(&slow), "gunicorn;handle:80;f:1 312000000\n");
	slow.breakdown.sample_count = 0;
	assert_string_equal(parts_of_slow(&slow), "gunicorn;handle:80 312000000\n");
}

static void a_stack_that_was_cut_begins_with_what_awaits_it(void **state)
{
	struct lp_stack whole = export_blocked.stack;
	struct lp_slow_callback slow = export_slow();

	(void)state;
	slow.duration_ns = slow.breakdown.time.blocked_ns = 300 * MS;
	slow.breakdown.time.on_cpu_ns = 0;
	export_blocked.stack = (struct lp_stack)STACK(FRAME("execute", "/app/db.py", 41),
						      COROUTINE("fetch", "/app/db.py", 30));
	export_blocked.stack.cut = true;
	slow.breakdown.await_chain = (struct lp_stack)STACK(
		COROUTINE("handle", "/app/views.py", 88), COROUTINE("page", "/app/views.py", 12),
		COROUTINE("fetch", "/app/db.py", 30));
	assert_has(parts_of_slow(&slow), "gunicorn;handle:88;page:12;[...];fetch:30;execute:41;[");
	export_blocked.stack = whole;
	/* a whole stack does not need the await chain */
	assert_has(parts_of_slow(&slow), "gunicorn;handle:88;execute:41;[");
}

static void an_iteration_is_reported_by_its_callbacks(void **state)
{
	const struct lp_callback_info tick = { LP_MODEL_CALLBACK, "tick", "/app/t.py", 5 };
	struct lp_slow_iteration slow = {
		.loop = &export_loop,
		.duration_ns = 200 * MS,
		.callbacks = 50,
		.top_count = 1,
		.top = { { &tick, 40, 150 * MS } },
		.breakdown = { .time = { .known = true, .on_cpu_ns = 200 * MS } },
	};

	(void)state;
	assert_string_equal(parts_of(stall_parts_of_iteration(&slow)),
			    "gunicorn;[iteration];tick:5 150000000\n"
			    "gunicorn;[iteration];[other callbacks] 50000000\n");
	slow.callbacks = 40;
	slow.breakdown.gil.known = true;
	slow.breakdown.time.gil_ns = 45 * MS;
	assert_string_equal(parts_of(stall_parts_of_iteration(&slow)),
			    "gunicorn;[iteration];tick:5 150000000\n"
			    "gunicorn;[iteration];[GIL] 45000000\n"
			    "gunicorn;[iteration];[on CPU] 5000000\n");
}

static void a_stack_deeper_than_there_is_space_for_keeps_its_sum(void **state)
{
	static const struct lp_shown_frame *frames[2000];
	struct lp_slow_callback slow = export_slow();
	struct lp_stack whole = export_blocked.stack;
	size_t i;

	(void)state;
	for (i = 0; i < 2000; i++)
		frames[i] = whole.frames[0];
	export_blocked.stack = (struct lp_stack){ .depth = 2000, .frames = frames };
	assert_has(parts_of_slow(&slow), "gunicorn;handle:80;execute:41;");
	export_blocked.stack = whole;
}

/* ---- each stall once ---- */

static uint64_t reported_ns;
static size_t reported_count;

static void count_stall(void *context, const struct lp_stall *stall)
{
	(void)context;
	reported_count++;
	reported_ns += stall->duration_ns;
	parts_of(*stall);
	if (stall->slow && stall->slow->eager)
		assert_string_equal(stall->slow->eager->task_name, "gone");
	if (stall->slow && stall->slow->breakdown.holder.known)
		assert_string_equal(stall->slow->breakdown.holder.stack.frames[0]->function,
				    "gone");
}

static void a_stall_in_progress_counts_once_it_has_ended(void **state)
{
	struct lp_slow_callback slow = export_slow();
	struct lp_once_per_stall reported;

	(void)state;
	reported_ns = reported_count = 0;
	once_per_stall_start(&reported, count_stall, NULL);
	slow.in_progress = true;
	slow.duration_ns = 100 * MS;
	assert_int_equal(once_per_stall_slow(&reported, &slow), 0);
	slow.duration_ns = 200 * MS;
	assert_int_equal(once_per_stall_slow(&reported, &slow), 0);
	assert_int_equal(reported_count, 0);
	slow.in_progress = false;
	slow.duration_ns = 312 * MS;
	assert_int_equal(once_per_stall_slow(&reported, &slow), 0);
	once_per_stall_end(&reported);
	assert_int_equal(reported_count, 1);
	assert_int_equal(reported_ns, 312 * MS);
}

/* Objects of the last report are no longer valid when the run ends. */
static void a_stall_in_progress_at_the_end_counts_as_it_was(void **state)
{
	struct lp_callback_info callback = export_callback;
	struct lp_slow_iteration iteration = { .loop = &export_loop,
					       .start_ns = 2000000000,
					       .duration_ns = 120 * MS,
					       .in_progress = true,
					       .callbacks = 1,
					       .top_count = 1,
					       .top = { { &callback, 1, 100 * MS } } };
	struct lp_slow_callback slow = export_slow();
	struct lp_blocked *blocked = malloc(sizeof(*blocked));
	struct lp_shown_frame *frame = malloc(sizeof(*frame));
	const struct lp_shown_frame *frames[] = { frame };
	struct lp_eager_info *eager = calloc(1, sizeof(*eager));
	struct lp_once_per_stall reported;

	(void)state;
	*frame = (struct lp_shown_frame){ .line = 7,
					  .function = strdup("gone"),
					  .file = strdup("/app/gone.py") };
	*blocked = export_blocked;
	blocked->stack = (struct lp_stack){ .depth = 1, .frames = frames };
	slow.breakdown.blocked = blocked;
	slow.breakdown.holder = (struct lp_lock_holder){ .known = true, .stack = blocked->stack };
	strcpy(eager->task_name, "gone");
	slow.eager = eager;
	slow.callback = &callback;
	slow.in_progress = true;
	reported_ns = reported_count = 0;
	once_per_stall_start(&reported, count_stall, NULL);
	assert_int_equal(once_per_stall_slow(&reported, &slow), 0);
	assert_int_equal(once_per_stall_iteration(&reported, &iteration), 0);
	free(frame->function);
	free(frame->file);
	free(frame);
	free(blocked);
	free(eager);
	memset(&callback, 'x', sizeof(callback));
	once_per_stall_end(&reported);
	assert_int_equal(reported_count, 2);
	assert_int_equal(reported_ns, 432 * MS);
	assert_has(shown, "gunicorn;[iteration];handle:80 100000000\n");
}

static void stalls_whose_end_was_lost_are_reported_when_there_are_too_many(void **state)
{
	struct lp_slow_callback slow = export_slow();
	struct lp_once_per_stall reported;
	size_t i;

	(void)state;
	reported_ns = reported_count = 0;
	once_per_stall_start(&reported, count_stall, NULL);
	slow.in_progress = true;
	for (i = 0; i < 5000; i++) {
		slow.start_ns++;
		assert_int_equal(once_per_stall_slow(&reported, &slow), 0);
	}
	assert_int_equal(reported_count, 5000 - 4096);
	once_per_stall_end(&reported);
	assert_int_equal(reported_count, 5000);
	slow.start_ns++;
	assert_int_equal(once_per_stall_slow(&reported, &slow), 0);
	once_per_stall_free(&reported);
	assert_int_equal(reported_count, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blocking_call_has_its_stack_and_the_rest_its_callback),
		cmocka_unit_test(blocked_time_without_a_known_call_is_reported),
		cmocka_unit_test(parts_never_exceed_the_stall),
		cmocka_unit_test(samples_share_the_time_of_their_cause),
		cmocka_unit_test(the_holder_of_the_gil_is_below_the_wait),
		cmocka_unit_test(time_of_unknown_cause_goes_to_the_samples),
		cmocka_unit_test(a_stack_that_was_cut_begins_with_what_awaits_it),
		cmocka_unit_test(an_iteration_is_reported_by_its_callbacks),
		cmocka_unit_test(a_stack_deeper_than_there_is_space_for_keeps_its_sum),
		cmocka_unit_test(a_stall_in_progress_counts_once_it_has_ended),
		cmocka_unit_test(a_stall_in_progress_at_the_end_counts_as_it_was),
		cmocka_unit_test(stalls_whose_end_was_lost_are_reported_when_there_are_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
