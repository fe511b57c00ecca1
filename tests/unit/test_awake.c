// SPDX-License-Identifier: BSD-2-Clause
/* What keeps a loop awake that never waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>

#include <cmocka.h>

#include "base/clocks.h"
#include "base/macros.h"
#include "model/awake.h"

static void the_state_of_a_descriptor_has_words(void **state)
{
	static const struct {
		uint32_t events, ended;
		const char *text;
	} cases[] = {
		{ EPOLLIN, 0, "fd 9 (pipe:[4711]) readable" },
		{ EPOLLIN, 1, "fd 9 (pipe:[4711]) at its end" },
		{ EPOLLIN | EPOLLHUP, 0, "fd 9 (pipe:[4711]) at its end" },
		{ EPOLLIN | EPOLLRDHUP, 0, "fd 9 (pipe:[4711]) at its end" },
		{ EPOLLERR | EPOLLHUP, 0, "fd 9 (pipe:[4711]) with an error" },
		{ EPOLLOUT, 0, "fd 9 (pipe:[4711]) writable" },
		{ 0, 0, "fd 9 (pipe:[4711]) ready" },
	};
	char text[LP_AWAKE_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lp_event_awake event = {
			.descriptor = 9,
			.events = cases[i].events,
			.ended = cases[i].ended,
			.resource = { .kind = LP_RESOURCE_PIPE, .number = 4711 },
		};

		awake_text(&event, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void names_of_a_target_are_sanitised(void **state)
{
	struct lp_event_awake event = { .descriptor = 9, .events = EPOLLIN };
	char text[LP_AWAKE_BYTES];

	(void)state;
	awake_text(&event, text, sizeof(text));
	assert_string_equal(text, "fd 9 readable");
	event.resource.kind = LP_RESOURCE_PATH;
	event.resource.bytes = 6;
	memcpy(event.resource.data, "/a\033[2J", 6);
	awake_text(&event, text, sizeof(text));
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "readable"));
}

static void a_loop_whose_polls_return_at_once_has_many_of_them(void **state)
{
	(void)state;
	assert_true(awake_polls_at_once(100000, 100000, NS_PER_S));
	assert_true(awake_polls_at_once(25, 0, NS_PER_S / 4));
	/* a part of a long callback, in which the loop did not poll and thus was never idle */
	assert_false(awake_polls_at_once(1, 0, NS_PER_S / 4));
	assert_false(awake_polls_at_once(24, 0, NS_PER_S / 4));
	assert_false(awake_polls_at_once(198, 0, 2 * NS_PER_S - 1));
	/* a loop that waits in its polls */
	assert_false(awake_polls_at_once(100, NS_PER_S / 2, NS_PER_S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_state_of_a_descriptor_has_words),
		cmocka_unit_test(names_of_a_target_are_sanitised),
		cmocka_unit_test(a_loop_whose_polls_return_at_once_has_many_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
