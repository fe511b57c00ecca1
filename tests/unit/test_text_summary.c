// SPDX-License-Identifier: BSD-2-Clause
/* The text output for many callbacks: slow iterations, intervals, the whole run. */
#include "base/macros.h"
#include "text_fixture.h"
#include "runtime/registry.h"

static const struct lp_run_end end = { .end_ns = 99 };
static const struct lp_summary nothing;
static const struct lp_callback_info tick = { LP_MODEL_CALLBACK, "tick", "/srv/app/ticks.py", 12 };
static const struct lp_callback_info flush = { LP_MODEL_TASK, "Writer.flush", "/srv/app/out.py",
					       7 };
static const struct lp_callback_info builtin = { LP_MODEL_CALLBACK, "Future.set_result", "", 0 };

static void expect_iteration(const struct lp_slow_iteration *slow, const char *wanted)
{
	struct lp_sink *sink = open_sink(&wide, false);

	sink->observer.slow_iteration(sink, slow);
	assert_string_equal(written(sink, wide.columns), wanted);
}

static void the_time_of_an_iteration_is_when_it_ended(void **state)
{
	const struct lp_slow_iteration slow = {
		.loop = &loop,
		.duration_ns = 312 * MS,
		.slow_ns = 1000 * MS,
		.callbacks = 9,
		.slow_callbacks = 2,
	};

	(void)state;
	expect_iteration(&slow, "12:01:08.312    312 ms  7 callbacks in one iteration, "
				"besides 2 slow\n");
}

static void a_slow_iteration_has_its_greatest_callbacks(void **state)
{
	struct lp_slow_iteration slow = {
		.loop = &loop,
		.duration_ns = 312 * MS,
		.callbacks = 12,
		.top_count = 4,
		.top = { { &tick, 10, 200 * MS },
			 { &flush, 1, 97 * MS },
			 { &builtin, 1, 12 * MS },
			 { &report, 1, 1 * MS } },
		.breakdown = { .time = { .known = true,
					 .on_cpu_ns = 112 * MS,
					 .blocked_ns = 200 * MS } },
	};

	(void)state;
	expect_iteration(
		&slow,
		"12:01:07.312    312 ms  12 callbacks in one iteration, none slow by itself\n"
		"        10 x  200 ms  tick               app/ticks.py:12\n"
		"         1 x 97.0 ms  Writer.flush       app/out.py:7\n"
		"         1 x 12.0 ms  Future.set_result\n"
		"    blocked   200 ms  in its callbacks\n"
		"    on CPU    112 ms\n");
	slow.in_progress = true;
	slow.top_count = 0;
	slow.duration_ns = 1312 * MS;
	slow.breakdown.time.on_cpu_ns = 1112 * MS;
	expect_iteration(&slow, "12:01:08.312  still running after 1.31 s  12 callbacks in this "
				"iteration\n"
				"    on CPU    1.11 s\n"
				"    blocked   200 ms  in its callbacks\n");
}

static void an_iteration_that_began_without_the_gil_says_so(void **state)
{
	struct lp_slow_iteration slow = {
		.loop = &loop,
		.duration_ns = 160 * MS,
		.callbacks = 3,
		.top_count = 1,
		.top = { { &tick, 3, 1 * MS } },
		.breakdown = { .time = { .known = true, .on_cpu_ns = 1 * MS, .gil_ns = 159 * MS },
			       .gil = { .known = true, .thread = "Thread-3", .stack = crunching } },
	};

	(void)state;
	expect_iteration(&slow,
			 "12:01:07.160    160 ms  waited for the GIL before its first callback\n"
			 "    waiting for the GIL 159 ms, held by 'Thread-3'\n"
			 "        crunch      app/work.py:12\n"
			 "        Thread.run  lib/threading.py:975\n"
			 "    on CPU   1.00 ms\n");
	slow.in_progress = true;
	slow.callbacks = 0;
	slow.top_count = 0;
	slow.duration_ns = 1160 * MS;
	slow.breakdown.time.gil_ns = 1159 * MS;
	slow.breakdown.gil.known = false;
	slow.breakdown.sample_count = 1;
	slow.breakdown.samples = &(struct lp_sample){ 9, LP_SAMPLE_GIL, false, receiving };
	expect_iteration(&slow, "12:01:08.160  still running after 1.16 s  waiting for the GIL, "
				"no callback yet\n"
				"    waiting for the GIL 1.16 s\n"
				"    on CPU   1.00 ms\n");
}

static void what_came_before_the_first_callback_has_its_stacks(void **state)
{
	struct lp_sample samples[] = { { 20, LP_SAMPLE_ON_CPU, true, computing } };
	struct lp_slow_iteration slow = {
		.loop = &loop,
		.duration_ns = 200 * MS,
		.callbacks = 1,
		.breakdown = { .time = { .known = true,
					 .gc_known = true,
					 .on_cpu_ns = 200 * MS,
					 .gc_ns = 199 * MS },
			       .sample_count = 1,
			       .samples = samples },
	};

	(void)state;
	expect_iteration(&slow,
			 "12:01:07.200    200 ms  1 callback in one iteration, not slow by itself\n"
			 "    on CPU    200 ms, 20 samples before its first callback\n"
			 "    collecting garbage about 199 ms of it\n"
			 "        prime_sum      app/primes.py:43\n"
			 "        handle_report  app/views.py:92\n");
}

/* ---- summaries ------------------------------------------------------------ */

static const char *summed_up(struct lp_loop_summary *summary, bool sampled,
			     const struct lp_terminal *terminal)
{
	struct lp_summary total = { .loop_count = 1, .loops = summary };
	struct lp_sink *sink = open_sink(terminal, sampled);

	sink->observer.end(sink, &total, &end);
	return written(sink, terminal->columns);
}

static void time_is_reported_by_what_it_was_lost_to(void **state)
{
	struct lp_cause causes[] = {
		{ .kind = LP_CAUSE_BLOCKED,
		  .syscall = "recvfrom",
		  .target = "tcp 10.0.3.7:5432",
		  .frame = receiving.frames[0],
		  .count = 29,
		  .total_ns = 8910 * MS },
		{ .kind = LP_CAUSE_ON_CPU,
		  .frame = FRAME("json.dumps", "/srv/app/views.py", 120),
		  .count = 240,
		  .total_ns = 1200 * MS },
		{ .kind = LP_CAUSE_GIL,
		  .held_by = "Thread-3",
		  .frame = crunching.frames[0],
		  .count = 12,
		  .total_ns = 310 * MS },
	};
	struct lp_loop_summary summary = { .loop = &loop,
					   .wall_ns = 30100 * MS,
					   .busy_ns = 418,
					   .idle_ns = 582,
					   .callbacks = 5,
					   .cause_count = 3,
					   .causes = causes };

	(void)state;
	assert_string_equal(
		summed_up(&summary, false, &wide),
		"\n30.1 s, loop busy 41.8 % of it, 0 iterations, 5 callbacks (0 slow)\n"
		"where the loop's time went                                 time  times\n"
		"    recvfrom on tcp 10.0.3.7:5432   app/db.py:41         8.91 s     29  blocked\n"
		"    json.dumps                      app/views.py:120     1.20 s    240  on CPU\n"
		"    waiting for the GIL             held by 'Thread-3'   310 ms     12  GIL\n"
		"\n");
}

static void lost_time_of_every_kind_has_a_name_and_fits(void **state)
{
	struct lp_cause causes[] = {
		{ .kind = LP_CAUSE_BLOCKED,
		  .syscall = "openat",
		  .target = "/srv/" LONG_NAME,
		  .frame = FRAME(LONG_NAME, "/srv/" LONG_NAME ".py", 7),
		  .count = 1234567890,
		  .total_ns = 99900 * MS },
		{ .kind = LP_CAUSE_ON_CPU, .frame = NATIVE(LONG_NAME, "/lib/libc.so.6") },
		{ .kind = LP_CAUSE_ON_CPU },
		{ .kind = LP_CAUSE_GIL, .held_by = LONG_NAME },
		{ .kind = LP_CAUSE_GIL },
		{ .kind = LP_CAUSE_RUN_QUEUE, .count = 3, .total_ns = 51 * MS },
		{ .kind = LP_CAUSE_GC, .frame = computing.frames[0] },
		{ .kind = LP_CAUSE_BLOCKED, .syscall = "page fault" },
	};
	struct lp_loop_summary summary = {
		.loop = &loop, .callbacks = 5, .cause_count = 8, .causes = causes
	};
	const char *text = summed_up(&summary, false, &wide);

	(void)state;
	assert_non_null(strstr(
		text,
		"where the loop's time went                           time       times\n"
		"    openat on \xe2\x80\xa6on_to_its_end  \xe2\x80\xa6n_to_its_end.py:7   99.9 s  "
		"1234567890  blocked\n"));
	assert_non_null(strstr(text, "libc.so.6 [C]"));
	assert_non_null(strstr(text, "  held by '\xe2\x80\xa6its_end'  "));
	assert_non_null(strstr(text, "    computing "));
	assert_non_null(strstr(text, "    waiting for a CPU "));
	assert_non_null(strstr(text, "51.0 ms           3  run queue\n"));
	assert_non_null(strstr(text, "    collecting garbage "));
	assert_non_null(strstr(text, "primes.py:43"));
	assert_non_null(strstr(text, "  GC\n"));
	assert_non_null(strstr(text, "    page fault "));
}

static const struct lp_shown_frame plugin_line = { .kind = LP_FRAME_PYTHON,
						   .function = (char *)"load",
						   .file = (char *)"/srv/app/plugins.py",
						   .line = 12 };

static struct lp_cause causes_of_packages[] = {
	{ .kind = LP_CAUSE_BLOCKED,
	  .syscall = "openat",
	  .target = "/v/orm.py",
	  .words = "import sqlalchemy",
	  .frame = FRAME("find", "<frozen importlib._bootstrap>", 7),
	  .own = &plugin_line,
	  .count = 40,
	  .total_ns = 50 * MS },
	{ .kind = LP_CAUSE_BLOCKED,
	  .syscall = "read",
	  .words = "import sqlalchemy",
	  .frame = FRAME("get_data", "<frozen importlib._bootstrap>", 9),
	  .own = &plugin_line,
	  .count = 60,
	  .total_ns = 40 * MS },
	{ .kind = LP_CAUSE_ON_CPU,
	  .frame = FRAME("scan", "/v/site-packages/yaml/scanner.py", 3),
	  .own = FRAME("parse", "/srv/app/__init__.py", 1113),
	  .call = FRAME("safe_load", "/v/site-packages/yaml/__init__.py", 5),
	  .count = 9,
	  .total_ns = 30 * MS },
	{ .kind = LP_CAUSE_ON_CPU,
	  .frame = FRAME("fetch", "/v/site-packages/yaml/scanner.py", 4),
	  .own = FRAME("parse", "/srv/app/__init__.py", 1113),
	  .call = FRAME("safe_load", "/v/site-packages/yaml/__init__.py", 5),
	  .count = 1,
	  .total_ns = 10 * MS },
	{ .kind = LP_CAUSE_BLOCKED,
	  .syscall = "poll",
	  .target = "udp 10.0.0.2:53",
	  .words = "DNS look-up",
	  .own = FRAME("check", "/srv/app/hosts.py", 4),
	  .count = 1,
	  .total_ns = 20 * MS },
};

/* What one line of the program has called is a row, however deep in packages, with its words. */
static void a_row_is_a_line_of_the_program_and_what_it_has_called(void **state)
{
	struct lp_loop_summary summary = { .loop = &loop,
					   .wall_ns = 1000 * MS,
					   .busy_ns = 150 * MS,
					   .callbacks = 5,
					   .cause_count = ARRAY_SIZE(causes_of_packages),
					   .causes = causes_of_packages };

	(void)state;
	assert_string_equal(
		strstr(summed_up(&summary, false, &wide), "    import"),
		"    import sqlalchemy              app/plugins.py:12     90.0 ms    100  blocked\n"
		"    yaml safe_load                 app/__init__.py:1113  40.0 ms     10  on CPU\n"
		"    DNS look-up (udp 10.0.0.2:53)  app/hosts.py:4        20.0 ms      1  blocked\n"
		"\n");
	/* on a wider page there is space for the calls beside the words */
	assert_non_null(strstr(summed_up(&summary, false, &(struct lp_terminal){ .columns = 100 }),
			       "    import sqlalchemy (openat, read)  "));
}

static void an_idle_loop_says_what_its_tasks_wait_for(void **state)
{
	struct lp_waiting_tasks tasks = { .waiting = 24, .most = 20, .waited_for = "httpx's pool" };
	struct lp_loop_summary summary = {
		.loop = &loop, .wall_ns = 8000 * MS, .idle_ns = 8000 * MS, .tasks = &tasks
	};
	struct lp_summary total = { .loop_count = 1, .loops = &summary };
	const struct lp_run live = { .live = true };
	struct lp_sink *sink;

	(void)state;
	assert_string_equal(summed_up(&summary, false, &wide),
			    "\n8.0 s, idle; 24 tasks waited at the end, 20 of them for "
			    "httpx's pool\n");
	sink = open_sink(&wide, false);
	sink->observer.run(sink, &live);
	sink->observer.end(sink, &total, &end);
	assert_string_equal(written(sink, wide.columns),
			    "\n8.0 s, idle; 24 tasks wait, 20 of them for httpx's pool: "
			    "loopprof tasks -p 42\n");
	/* a line that is too long, for a loop that was busy for a moment */
	tasks.deadlocked = 3;
	summary.callbacks = summary.iterations = 5;
	summary.iteration.slots[0] = 5;
	sink = open_sink(&wide, false);
	sink->observer.run(sink, &live);
	sink->observer.end(sink, &total, &end);
	assert_non_null(strstr(written(sink, wide.columns),
			       " for the loop\n24 tasks wait, 20 of them for httpx's pool, 3 in a "
			       "deadlock:\n    loopprof tasks -p 42\n\n"));
}

/* The number of lines that begin with this text. */
static size_t count_lines(const char *text, const char *begin)
{
	size_t count = 0;

	for (; text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
		count += !strncmp(text, begin, strlen(begin));
	return count;
}

/* What no cause accounts for is one row, so that the table adds up to the busy time. */
static void the_table_of_lost_time_adds_up_to_the_busy_time(void **state)
{
	struct lp_cause causes[] = {
		{ .kind = LP_CAUSE_BLOCKED, .syscall = "read", .count = 1, .total_ns = 50 * MS },
	};
	struct lp_loop_summary summary = { .loop = &loop,
					   .callbacks = 5,
					   .wall_ns = 1000 * MS,
					   .busy_ns = 450 * MS,
					   .idle_ns = 550 * MS,
					   .cause_count = 1,
					   .causes = causes };

	(void)state;
	assert_non_null(strstr(summed_up(&summary, false, &wide),
			       "    the rest, below the threshold                      400 ms"
			       "         on CPU\n"));
	/* more than the busy time, as an estimate may be */
	causes[0].total_ns = 460 * MS;
	assert_null(strstr(summed_up(&summary, false, &wide), "the rest"));
}

static void a_loop_whose_polls_return_at_once_is_said_to_be_always_busy(void **state)
{
	static const struct lp_callback_info infos[] = {
		{ LP_MODEL_TASK, "dispatch", "/srv/app/x.py", 9 },
		{ LP_MODEL_TASK, "serve", "/srv/app/x.py", 15 },
	};
	struct lp_callback_summary items[] = { { .callback = &infos[0] },
					       { .callback = &infos[1] } };
	struct lp_loop_summary summary = { .loop = &loop,
					   .callbacks = 300020,
					   .wall_ns = 2000 * MS,
					   .busy_ns = 1900 * MS,
					   .idle_ns = 100 * MS,
					   .iterations = 300000,
					   .callback_count = 2,
					   .items = items };

	(void)state;
	items[0].run.slots[0] = 300000;
	items[1].run.slots[0] = 20;
	assert_non_null(
		strstr(summed_up(&summary, false, &wide),
		       "always busy: 150000 iterations/s, each poll returns at once; in each "
		       "iteration:\ndispatch (app/x.py:9), 150000/s\n\n"));
	assert_non_null(strstr(summed_up(&summary, false, &wide),
			       "    the rest, below the threshold                      1.90 s"));
	/* samples do not show what runs in each iteration */
	assert_non_null(strstr(summed_up(&summary, true, &wide),
			       "each poll returns at once; most samples show\ndispatch "
			       "(app/x.py:9)\n\n"));
	summary.awake = "fd 9 (pipe:[1]) at its end";
	assert_non_null(strstr(summed_up(&summary, true, &wide),
			       "each poll returns at once with fd 9 (pipe:[1])"));
}

static void sample_mode_says_which_iterations_it_counts(void **state)
{
	struct lp_loop_summary summary = { .loop = &loop,
					   .callbacks = 3,
					   .wall_ns = 4000 * MS,
					   .busy_ns = 3990 * MS,
					   .idle_ns = 10 * MS,
					   .iterations = 12,
					   .waited_only = true };

	(void)state;
	lp_histogram_add(&summary.iteration, 300 * MS);
	assert_non_null(strstr(summed_up(&summary, true, &wide), "12 iterations that waited, "));
	assert_null(strstr(summed_up(&summary, true, &wide), "always busy"));
	/* the rate of the others is not known */
	summary.awake_ns = 3000 * MS;
	assert_non_null(strstr(summed_up(&summary, true, &wide),
			       "always busy for 3.00 s: each poll returned at once"));
}

static void a_loop_whose_polls_wait_is_not_said_to_be_always_busy(void **state)
{
	struct lp_loop_summary summary = { .loop = &loop,
					   .callbacks = 300020,
					   .wall_ns = 2000 * MS,
					   .busy_ns = 1900 * MS,
					   .idle_ns = 100 * MS,
					   .iterations = 9000,
					   .awake = "fd 9 (pipe:[1]) at its end" };

	(void)state;
	/* polls that wait, as those of a server that answers a request each time */
	assert_null(strstr(summed_up(&summary, false, &wide), "always busy"));
	/* polls in which the thread lost its CPU, but never slept */
	summary.awake_ns = 1100 * MS;
	assert_non_null(
		strstr(summed_up(&summary, false, &wide),
		       "always busy: 4500 iterations/s, each poll returns at once with fd 9"));
	/* for a short part of the time */
	summary.wall_ns = 9000 * MS;
	summary.idle_ns = 7100 * MS;
	summary.iterations = 40500;
	assert_null(strstr(summed_up(&summary, false, &wide), "always busy"));
	/* the same, if the iterations of that time are known */
	summary.awake_ns = 3110 * MS;
	summary.awake_iterations = 311000;
	assert_non_null(strstr(summed_up(&summary, false, &wide),
			       "always busy for 3.11 s: 100000 iterations/s, each poll returned"));
	assert_true(loop_is_awake(&summary, 1000 * MS));
	assert_false(loop_is_awake(&summary, 2600 * MS));
	/* less than a second */
	summary.awake_ns = summary.awake_iterations = 0;
	summary.iterations = 300000;
	summary.wall_ns = summary.busy_ns = 900 * MS;
	summary.idle_ns = 0;
	assert_null(strstr(summed_up(&summary, false, &wide), "always busy"));
	/* long steps are stalls, and no polls that return at once */
	summary.wall_ns = summary.busy_ns = 9000 * MS;
	summary.iterations = 90;
	assert_null(strstr(summed_up(&summary, false, &wide), "always busy"));
}

/* The table does not show where a holder of the GIL was, so one holder is one row. */
static void waits_for_one_holder_are_one_row(void **state)
{
	const struct lp_shown_frame *frames[] = { FRAME("crunch", "/srv/app/work.py", 12),
						  FRAME("crunch", "/srv/app/work.py", 13),
						  FRAME("parse", "/srv/app/work.py", 40) };
	struct lp_cause causes[] = {
		{ .kind = LP_CAUSE_BLOCKED, .syscall = "read", .count = 1, .total_ns = 50 * MS },
		{ .kind = LP_CAUSE_GIL,
		  .held_by = "pool",
		  .frame = frames[0],
		  .count = 1,
		  .total_ns = 40 * MS },
		{ .kind = LP_CAUSE_GIL,
		  .held_by = "pool",
		  .frame = frames[1],
		  .count = 2,
		  .total_ns = 30 * MS },
		{ .kind = LP_CAUSE_GIL,
		  .held_by = "main",
		  .frame = frames[1],
		  .count = 2,
		  .total_ns = 20 * MS },
		{ .kind = LP_CAUSE_GIL,
		  .held_by = "pool",
		  .frame = frames[2],
		  .count = 4,
		  .total_ns = 10 * MS },
	};
	struct lp_loop_summary summary = {
		.loop = &loop, .callbacks = 5, .cause_count = 5, .causes = causes
	};
	const char *text = summed_up(&summary, false, &wide);

	(void)state;
	assert_int_equal(count_lines(text, "    waiting for the GIL"), 2);
	assert_non_null(strstr(text, "held by 'pool'    80.0 ms      7  GIL\n"));
	/* their sum is more than the row that was first before */
	assert_true(strstr(text, "held by 'pool'") < strstr(text, "    read "));
}

/* No two rows differ in their numbers alone. */
static void rows_that_differ_only_where_they_are_cut_are_distinguished(void **state)
{
	struct lp_callback_info lambdas[4] = { { .name = "" } };
	struct lp_callback_summary items[4] = { { .slow = 0 } };
	struct lp_cause causes[] = {
		{ .kind = LP_CAUSE_GIL,
		  .held_by =
			  "the first of the workers of the pool whose name is long: a worker thread",
		  .total_ns = 9 * MS },
		{ .kind = LP_CAUSE_GIL,
		  .held_by =
			  "another one of the workers of the pool whose name is long: a worker thread",
		  .total_ns = 9 * MS },
		{ .kind = LP_CAUSE_ON_CPU,
		  .frame = FRAME("get", "/srv/app/a/db.py", 41),
		  .total_ns = 8 * MS },
		{ .kind = LP_CAUSE_ON_CPU,
		  .frame = FRAME("get", "/srv/app/b/db.py", 41),
		  .total_ns = 8 * MS },
	};
	struct lp_loop_summary summary = { .loop = &loop,
					   .callbacks = 5,
					   .callback_count = 4,
					   .items = items,
					   .cause_count = 4,
					   .causes = causes };
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		lambdas[i] = (struct lp_callback_info){ LP_MODEL_CALLBACK,
							"Server.start.<locals>.<lambda>",
							"/srv/app/web.py", (uint32_t)(10 + i) };
		items[i].callback = &lambdas[i];
	}
	text = summed_up(&summary, false, &wide);
	assert_non_null(strstr(text, "held by 'the "));
	assert_non_null(strstr(text, "held by 'anoth"));
	assert_non_null(strstr(text, "a/db.py:41"));
	assert_non_null(strstr(text, "b/db.py:41"));
	assert_non_null(strstr(text, "web.py:10"));
	assert_non_null(strstr(text, "web.py:13"));
}

/* Calls that are missing from the beginning of a run are not missing because of bursts. */
static void bursts_are_spoken_of_where_there_is_a_budget(void **state)
{
	struct lp_loop_summary summary = { .loop = &loop,
					   .callbacks = 5,
					   .iterations = 5,
					   .iteration = { .slots = { [9] = 5 } },
					   .wall_ns = 1000 * MS,
					   .traced_ns = 990 * MS,
					   .traced_known = true };
	struct lp_summary total = { .loop_count = 1, .loops = &summary };
	struct lp_sink *sink;

	(void)state;
	assert_null(strstr(summed_up(&summary, false, &wide), "--budget"));
	assert_null(strstr(summed_up(&summary, false, &wide), " timed"));
	sink = open_sink(&wide, false);
	total.self_known = true;
	total.self.budget_ppm = 10000;
	total.self.wall_ns = 1000 * MS;
	sink->observer.end(sink, &total, &end);
	assert_non_null(strstr(written(sink, 80), "99.0 % of the time (--budget)"));
}

static void lost_time_of_more_causes_than_shown_is_counted(void **state)
{
	struct lp_cause causes[23] = { 0 };
	struct lp_loop_summary summary = {
		.loop = &loop, .callbacks = 5, .cause_count = 23, .causes = causes
	};
	const char *text = summed_up(&summary, false, &wide);
	size_t rows = 0;

	(void)state;
	assert_non_null(strstr(text, "    and 3 more that took less time in all (-j has them)\n"));
	for (; (text = strstr(text, "  on CPU\n")); text++)
		rows++;
	assert_int_equal(rows, 20);
}

static void what_was_too_much_to_report_is_counted(void **state)
{
	struct lp_loop_summary summary = {
		.loop = &loop, .callbacks = 5, .suppressed = 12, .suppressed_iterations = 1
	};
	const char *text = summed_up(&summary, false, &wide);

	(void)state;
	assert_non_null(strstr(text, "12 more slow callbacks were too many to list one by one\n"
				     "1 more slow iteration was too many to list one by one\n"));
}

static void loops_that_are_counted_together_say_how_many_they_are(void **state)
{
	struct lp_loop_info many = { .id = 9, .comm = "worker", .folded = true };
	struct lp_loop_summary summary = { .loop = &many, .folded = 37, .callbacks = 5 };

	(void)state;
	assert_non_null(strstr(summed_up(&summary, false, &wide),
			       "worker, 37 loops that have ended\n0.0 s, "));
	many.grouped = true;
	assert_non_null(strstr(summed_up(&summary, false, &wide), "worker, 37 loops\n0.0 s, "));
}

static void callbacks_known_from_samples_are_reported_as_such(void **state)
{
	struct lp_callback_summary items[] = { { .callback = &report, .slow = 1 } };
	struct lp_loop_summary summary = { .loop = &loop,
					   .wall_ns = 8000 * MS,
					   .busy_ns = 1,
					   .idle_ns = 1,
					   .slow_callbacks = 1,
					   .iterations = 500,
					   .callback_count = 1,
					   .items = items };
	const char *text;

	(void)state;
	lp_histogram_add(&items[0].run, 312 * MS);
	text = summed_up(&summary, true, &wide);
	assert_non_null(
		strstr(text, "\n8.0 s, loop busy 50.0 % of it, 500 iterations, 1 slow callback\n"));
	assert_non_null(strstr(
		text,
		"\nhow long they ran, by samples of late iterations\n"
		"callback             kind   count  slow   total     p50     p90     p99     max\n"
		"    handle_report    task       1     1  312 ms"));
	text = summed_up(&summary, false, &wide);
	assert_null(strstr(text, "samples"));
}

static void waits_without_an_entry_are_reported(void **state)
{
	struct lp_summary total = { .lost[LP_LOST_CAUSES] = 7 };
	struct lp_sink *sink = open_sink(&wide, false);

	(void)state;
	sink->observer.end(sink, &total, &end);
	assert_non_null(strstr(written(sink, wide.columns), "\n7 waits are missing "));
}

static void an_interval_reports_what_was_lost_in_it(void **state)
{
	struct lp_cause causes[] = { { .kind = LP_CAUSE_RUN_QUEUE, .total_ns = 51 * MS } };
	struct lp_loop_summary loops[] = {
		{ .loop = &loop, .callbacks = 5, .cause_count = 1, .causes = causes }
	};
	struct lp_summary interval = { .loop_count = 1, .loops = loops };
	struct lp_sink *sink = open_sink(&wide, false);

	(void)state;
	sink->observer.interval(sink, &interval, &nothing);
	assert_non_null(strstr(written(sink, wide.columns), "    waiting for a CPU "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_of_an_iteration_is_when_it_ended),
		cmocka_unit_test(a_slow_iteration_has_its_greatest_callbacks),
		cmocka_unit_test(an_iteration_that_began_without_the_gil_says_so),
		cmocka_unit_test(what_came_before_the_first_callback_has_its_stacks),
		cmocka_unit_test(time_is_reported_by_what_it_was_lost_to),
		cmocka_unit_test(lost_time_of_every_kind_has_a_name_and_fits),
		cmocka_unit_test(waits_for_one_holder_are_one_row),
		cmocka_unit_test(a_row_is_a_line_of_the_program_and_what_it_has_called),
		cmocka_unit_test(an_idle_loop_says_what_its_tasks_wait_for),
		cmocka_unit_test(the_table_of_lost_time_adds_up_to_the_busy_time),
		cmocka_unit_test(a_loop_whose_polls_return_at_once_is_said_to_be_always_busy),
		cmocka_unit_test(sample_mode_says_which_iterations_it_counts),
		cmocka_unit_test(a_loop_whose_polls_wait_is_not_said_to_be_always_busy),
		cmocka_unit_test(rows_that_differ_only_where_they_are_cut_are_distinguished),
		cmocka_unit_test(bursts_are_spoken_of_where_there_is_a_budget),
		cmocka_unit_test(lost_time_of_more_causes_than_shown_is_counted),
		cmocka_unit_test(what_was_too_much_to_report_is_counted),
		cmocka_unit_test(loops_that_are_counted_together_say_how_many_they_are),
		cmocka_unit_test(callbacks_known_from_samples_are_reported_as_such),
		cmocka_unit_test(waits_without_an_entry_are_reported),
		cmocka_unit_test(an_interval_reports_what_was_lost_in_it),
	};

	runtime_add_code_names();
	return cmocka_run_group_tests(tests, use_utc, NULL);
}
