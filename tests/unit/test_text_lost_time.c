// SPDX-License-Identifier: BSD-2-Clause
/* The table of where a loop's time went, for calls and names that are hard to show. */
#include "text_fixture.h"

#define MANY 60000

static const struct lp_shown_frame line = { .line = 41,
					    .function = (char *)"get",
					    .file = (char *)"/srv/app/db.py" };

static const char *table_of(struct lp_cause *causes, size_t count)
{
	static const struct lp_run_end end = { .end_ns = 99 };
	struct lp_loop_summary summary = {
		.loop = &loop, .callbacks = 5, .cause_count = count, .causes = causes
	};
	struct lp_summary total = { .loop_count = 1, .loops = &summary };
	struct lp_sink *sink = open_sink(&wide, false);

	sink->observer.end(sink, &total, &end);
	return written(sink, wide.columns);
}

static void a_call_is_listed_once(void **state)
{
	static const char *const calls[] = { "readv", "read", "read", "readv", "read" };
	struct lp_cause causes[5];
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		causes[i] = (struct lp_cause){ .kind = LP_CAUSE_BLOCKED,
					       .words = "fetch",
					       .own = &line,
					       .count = 1,
					       .total_ns = (9 - i) * MS };
		snprintf(causes[i].syscall, sizeof(causes[i].syscall), "%s", calls[i]);
	}
	assert_non_null(strstr(table_of(causes, 5), "    fetch (readv, read)  "));
}

static void the_path_of_a_cgroup_is_cut_at_a_character(void **state)
{
	struct lp_cause cause = {
		.kind = LP_CAUSE_RUN_QUEUE, .throttled = true, .count = 1, .total_ns = 9 * MS
	};
	const char *text;
	char clean[4096];
	size_t i;

	(void)state;
	/* an odd byte, then characters of two bytes each */
	strcpy(cause.target, "/");
	for (i = 0; i < 60; i++)
		strcat(cause.target, "é");
	text = table_of(&cause, 1);
	assert_non_null(strstr(text, "é"));
	snprintf(clean, sizeof(clean), "%s", text);
	text_sanitise(clean);
	for (i = 0; text[i]; i++)
		assert_true(text[i] == clean[i] || text[i] == '\n');
}

/* With the square of their number this takes minutes. */
static void very_many_causes_are_printed_at_once(void **state)
{
	struct lp_cause *causes = calloc(MANY, sizeof(*causes));
	const char *text;
	size_t i;

	(void)state;
	assert_non_null(causes);
	for (i = 0; i < MANY; i++) {
		causes[i] = (struct lp_cause){ .kind = LP_CAUSE_ON_CPU,
					       .own = &line,
					       .count = 1,
					       .total_ns = (MANY - i) * MS };
		snprintf(causes[i].words, sizeof(causes[i].words), "import %zu", i);
	}
	text = table_of(causes, MANY);
	assert_non_null(strstr(text, "import 19 "));
	assert_non_null(strstr(text, "    and 59980 more that took less time in all"));
	free(causes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_listed_once),
		cmocka_unit_test(the_path_of_a_cgroup_is_cut_at_a_character),
		cmocka_unit_test(very_many_causes_are_printed_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
