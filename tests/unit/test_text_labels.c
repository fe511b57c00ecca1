// SPDX-License-Identifier: BSD-2-Clause
/* Rows of a table remain different, however much of their names is cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sinks/text/labels.h"
#include "base/text.h"

static const struct lp_terminal wide = { .columns = 80, .utf8 = true };
static const struct lp_terminal ascii = { .columns = 80 };

#define LABEL(the_text, the_detail)                                                                \
	{                                                                                          \
		.prefix = "", .text = (the_text), .detail = (the_detail)                           \
	}

static void expect_distinct(struct lp_text_label *labels, size_t count, size_t width,
			    const struct lp_terminal *terminal)
{
	size_t i, j;

	text_labels_fit(labels, count, width, terminal);
	for (i = 0; i < count; i++) {
		if (text_columns(labels[i].shown) > width)
			fail_msg("'%s' is wider than %zu", labels[i].shown, width);
		for (j = 0; j < i; j++)
			if (labels[i].group == labels[j].group &&
			    !strcmp(labels[i].shown, labels[j].shown))
				fail_msg("'%s' twice", labels[i].shown);
	}
}

static void what_fits_is_shown_whole(void **state)
{
	struct lp_text_label labels[] = { LABEL("main", "app/a.py:1"), LABEL("other", "") };

	(void)state;
	expect_distinct(labels, 2, 16, &wide);
	assert_string_equal(labels[0].shown, "main");
	assert_string_equal(labels[1].shown, "other");
}

static void of_a_long_name_the_end_is_shown(void **state)
{
	struct lp_text_label labels[] = { LABEL("Application.handle_request", "") };

	(void)state;
	expect_distinct(labels, 1, 16, &wide);
	assert_string_equal(labels[0].shown, "\xe2\x80\xa6.handle_request");
	expect_distinct(labels, 1, 16, &ascii);
	assert_string_equal(labels[0].shown, "..handle_request");
}

static void functions_within_one_function_show_both_ends_of_their_own_names(void **state)
{
	struct lp_text_label labels[] = {
		LABEL("shield.<locals>._inner_done_callback", "asyncio/tasks.py:958"),
		LABEL("shield.<locals>._outer_done_callback", "asyncio/tasks.py:975"),
	};

	(void)state;
	expect_distinct(labels, 2, 16, &wide);
	assert_string_equal(labels[0].shown, "_inner_\u2026callback");
	assert_string_equal(labels[1].shown, "_outer_\u2026callback");
}

static void names_with_the_same_end_show_both_ends(void **state)
{
	struct lp_text_label labels[] = { LABEL("first of all workers' thread", ""),
					  LABEL("second of all workers' thread", ""),
					  LABEL("main", "") };

	(void)state;
	expect_distinct(labels, 3, 16, &wide);
	assert_non_null(strstr(labels[0].shown, "first"));
	assert_non_null(strstr(labels[1].shown, "second"));
	assert_non_null(strstr(labels[1].shown, "thread"));
	assert_string_equal(labels[2].shown, "main");
}

static void the_same_name_has_its_place(void **state)
{
	struct lp_text_label labels[] = { LABEL("main.<locals>.<lambda>", "app/a.py:7"),
					  LABEL("main.<locals>.<lambda>", "app/a.py:9"),
					  LABEL("main.<locals>.<lambda>", "app/b.py:9"),
					  LABEL("main.<locals>.<lambda>", "") };

	(void)state;
	expect_distinct(labels, 4, 16, &wide);
	assert_non_null(strstr(labels[0].shown, "a.py:7"));
	assert_non_null(strstr(labels[1].shown, "a.py:9"));
	assert_non_null(strstr(labels[2].shown, "b.py:9"));
}

static void what_nothing_distinguishes_has_its_number(void **state)
{
	struct lp_text_label labels[20];
	size_t i;

	(void)state;
	for (i = 0; i < 20; i++)
		labels[i] = (struct lp_text_label)LABEL("a name that is the same in all rows",
							"a/place/too.py:1");
	expect_distinct(labels, 20, 16, &wide);
	expect_distinct(labels, 20, 16, &ascii);
	expect_distinct(labels, 20, 8, &wide);
}

static void what_another_column_distinguishes_may_be_equal(void **state)
{
	struct lp_text_label labels[] = { LABEL("main", "a"), LABEL("main", "b") };

	(void)state;
	labels[1].group = 1;
	text_labels_fit(labels, 2, 16, &wide);
	assert_string_equal(labels[0].shown, "main");
	assert_string_equal(labels[1].shown, "main");
	labels[1].group = 0;
	labels[0].twins = labels[1].twins = true;
	text_labels_fit(labels, 2, 16, &wide);
	assert_string_equal(labels[1].shown, "main");
}

/* The call's name is shown whole, and the end of what the call is on. */
static void a_prefix_stays(void **state)
{
	struct lp_text_label labels[] = { LABEL("/srv/app/data/one/of/many.db", ""),
					  LABEL("/srv/web/data/one/of/many.db", "") };

	(void)state;
	labels[0].prefix = labels[1].prefix = "read on ";
	expect_distinct(labels, 2, 24, &wide);
	assert_int_equal(strncmp(labels[0].shown, "read on /srv/a", 14), 0);
	assert_int_equal(strncmp(labels[1].shown, "read on /srv/w", 14), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_shown_whole),
		cmocka_unit_test(of_a_long_name_the_end_is_shown),
		cmocka_unit_test(functions_within_one_function_show_both_ends_of_their_own_names),
		cmocka_unit_test(names_with_the_same_end_show_both_ends),
		cmocka_unit_test(the_same_name_has_its_place),
		cmocka_unit_test(what_nothing_distinguishes_has_its_number),
		cmocka_unit_test(what_another_column_distinguishes_may_be_equal),
		cmocka_unit_test(a_prefix_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
