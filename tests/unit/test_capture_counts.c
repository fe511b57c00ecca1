// SPDX-License-Identifier: BSD-2-Clause
/* The file that `record` writes: its name, and the line about it at the end. */
#include "options_fixture.h"
#include "scratch_fixture.h"

#include "commands/open_sinks.h"
#include "commands/capture_counts.h"
#include "base/macros.h"

#include <sys/stat.h>

static int check(const char *output, bool archive)
{
	struct lp_options record = { .command = LP_COMMAND_RECORD,
				     .output = output,
				     .archive = archive };
	int saved = dup(STDERR_FILENO), pipes[2], status;
	ssize_t length;

	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	status = open_sinks_check(&record);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipes[1]);
	length = read(pipes[0], said, sizeof(said) - 1);
	said[length > 0 ? length : 0] = '\0';
	close(pipes[0]);
	return status;
}

static void a_capture_is_not_given_the_name_of_another_format(void **state)
{
	static const char *const wrong[] = { "x.html", "x.json", "/tmp/a.speedscope.json",
					     "x.csv",  "x.txt",	 "x.pb.gz" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(check(wrong[i], false), 2);
		assert_non_null(strstr(said, "leave out the word record"));
		assert_non_null(strstr(said, wrong[i]));
	}
	assert_non_null(strstr(said, "`loopprof export -o x.pb.gz x.lpc`"));
}

static void other_names_and_directories_are_taken(void **state)
{
	static const char *const right[] = { "x.lpc", "x", "x.capture", "json" };
	char directory[256], path[300];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(right); i++)
		assert_int_equal(check(right[i], false), 0);
	assert_int_equal(check("days.json", true), 0);
	assert_int_equal(scratch_make(directory, sizeof(directory)), 0);
	snprintf(path, sizeof(path), "%s/a.json", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(check(path, false), 0);
	rmdir(path);
	rmdir(directory);
}

static void take(struct lp_capture_counts *counts, uint16_t type, uint32_t slot)
{
	const struct lp_event event = { .type = type, .loop = slot };

	capture_counts_add(counts, &event);
}

/* Counts a record of the callback that began at start_ns: LP_EVENT_SLOW or LP_EVENT_PROGRESS. */
static void take_callback(struct lp_capture_counts *counts, uint16_t type, uint32_t slot,
			  uint64_t start_ns)
{
	const struct lp_event_slow slow = { .event = { .type = type, .loop = slot },
					    .start_ns = start_ns };

	capture_counts_add(counts, &slow.event);
}

static void take_iteration(struct lp_capture_counts *counts, bool in_progress, uint64_t start_ns)
{
	const struct lp_event_slow_iteration iteration = {
		.event = { .type = LP_EVENT_SLOW_ITERATION },
		.start_ns = start_ns,
		.in_progress = in_progress
	};

	capture_counts_add(counts, &iteration.event);
}

static void the_end_says_what_is_in_the_capture(void **state)
{
	const struct lp_recorder_totals totals = { .files = 1, .bytes = 5 * 1024 };
	struct lp_capture_counts counts = { 0 };
	char text[512];

	(void)state;
	take(&counts, LP_EVENT_LOOP, 0);
	take(&counts, LP_EVENT_LOOP, 0); /* the same again */
	take_callback(&counts, LP_EVENT_SLOW, 0, 10);
	capture_counts_text(text, sizeof(text), &counts, "x.lpc", &totals);
	assert_string_equal(text, "x.lpc: 5.0 KiB, 1 loop, 1 stall; nothing was lost; "
				  "`loopprof report x.lpc` prints it");
	take(&counts, LP_EVENT_LOOP_END, 0);
	take(&counts, LP_EVENT_LOOP, 0); /* another loop in the slot */
	take(&counts, LP_EVENT_LOOP, LP_MAX_LOOPS); /* no slot */
	/* reports of it while it lasts are no further stalls */
	take_iteration(&counts, true, 20);
	take_iteration(&counts, true, 20);
	take_iteration(&counts, false, 20);
	take(&counts, LP_EVENT_FINDING, LP_NO_LOOP);
	capture_counts_text(text, sizeof(text), &counts, "x.lpc", &totals);
	assert_non_null(strstr(text, " 2 loops, 2 stalls, 1 finding; nothing was lost"));
}

static void a_stall_is_counted_once_whether_or_not_it_has_ended(void **state)
{
	struct lp_capture_counts counts = { 0 };

	(void)state;
	/* a callback and an iteration that last when the run ends */
	take_callback(&counts, LP_EVENT_PROGRESS, 1, 10);
	take_callback(&counts, LP_EVENT_PROGRESS, 1, 10);
	assert_int_equal(counts.stalls, 1);
	take_iteration(&counts, true, 10);
	assert_int_equal(counts.stalls, 2);
	/* it ends; user space may have recorded it as in progress at the same moment */
	take_callback(&counts, LP_EVENT_SLOW, 1, 10);
	take_callback(&counts, LP_EVENT_PROGRESS, 1, 10);
	assert_int_equal(counts.stalls, 2);
	/* the next one, another loop's, and a loop without a slot, as in a damaged record */
	take_callback(&counts, LP_EVENT_SLOW, 1, 30);
	take_callback(&counts, LP_EVENT_SLOW, 2, 30);
	take_callback(&counts, LP_EVENT_SLOW, LP_MAX_LOOPS, 40);
	assert_int_equal(counts.stalls, 4);
}

static void the_end_says_what_was_lost(void **state)
{
	const struct lp_recorder_totals totals = { .files = 12, .bytes = 700 << 20 };
	struct lp_event_lost lost = { .event = { .type = LP_EVENT_LOST } };
	struct lp_capture_counts counts = { 0 };
	char text[512];

	(void)state;
	lost.counts[LP_LOST_RING] = 7;
	capture_counts_add(&counts, &lost.event);
	/* counts are those since the beginning */
	lost.counts[LP_LOST_RING] = 9;
	lost.counts[LP_LOST_UNREADABLE] = 1;
	capture_counts_add(&counts, &lost.event);
	capture_counts_text(text, sizeof(text), &counts, "/srv/days", &totals);
	assert_string_equal(text, "/srv/days: 12 files, 700 MiB, 0 loops, 0 stalls; "
				  "lost: events 9, unreadable 1; "
				  "`loopprof report /srv/days` prints it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_capture_is_not_given_the_name_of_another_format),
		TEST(other_names_and_directories_are_taken),
		TEST(the_end_says_what_is_in_the_capture),
		TEST(a_stall_is_counted_once_whether_or_not_it_has_ended),
		TEST(the_end_says_what_was_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
