// SPDX-License-Identifier: BSD-2-Clause
/*
 * Limits on what one process takes of a shared resource.  BPF's part of the code runs in user space
 * here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "session/holdings.h"

#define CAPACITY 8
#define LOOPS 1024
#define RESERVED (LOOPS / LP_RESERVED_PART)
#define FIRST_OF_RESERVED (RESERVED / 3 + 1)
#define UNIT 0x1234567ULL

static struct lp_holding items[CAPACITY];
static struct lp_holdings holdings;

static int setup(void **state)
{
	(void)state;
	memset(items, 0xff, sizeof(items));
	memset(&items[0], 0, sizeof(items[0]));
	memset(&holdings, 0, sizeof(holdings));
	holdings.shared = true;
	holdings.loop_capacity = LOOPS;
	return holdings_open(&holdings, items, CAPACITY);
}

static int teardown(void **state)
{
	(void)state;
	holdings_close(&holdings);
	return 0;
}

/* Takes as many loops as are granted; returns their number. */
static int take_loops(uint32_t number)
{
	int count = 0;

	while ((uint32_t)count < holdings.loop_capacity && holdings_may_loop(&holdings, number)) {
		holdings_loop(&holdings, number, 1);
		count++;
	}
	return count;
}

static void one_process_leaves_the_reserved_part(void **state)
{
	uint32_t hog = holdings_add(&holdings, 100, 0), victim;

	(void)state;
	assert_int_equal(take_loops(hog), LOOPS - RESERVED);
	assert_false(holdings_may_loop(&holdings, hog));
	victim = holdings_add(&holdings, 200, 0);
	assert_int_not_equal(victim, hog);
	assert_int_equal(take_loops(victim), FIRST_OF_RESERVED);
}

/* A service with a thousand loops is profiled as a whole, and others are profiled beside it. */
static void the_real_table_has_space_for_a_thousand_loops_of_one_unit(void **state)
{
	uint32_t hog = holdings_add(&holdings, 100, UNIT), victim;

	(void)state;
	holdings.loop_capacity = LP_MAX_LOOPS - 1;
	assert_in_range(take_loops(hog), 1000, LP_MAX_LOOPS - 100);
	victim = holdings_add(&holdings, 200, UNIT + 1);
	assert_in_range(take_loops(victim), 48, LP_MAX_LOOPS);
}

/* Who takes its turn later gets as much as who came first, until the reserved part is left. */
static void the_reserved_part_is_for_those_with_little(void **state)
{
	uint32_t first = holdings_add(&holdings, 100, 0), second = holdings_add(&holdings, 200, 0);
	uint32_t late = holdings_add(&holdings, 300, 0);
	int count = 0;

	(void)state;
	while (holdings_may_loop(&holdings, first) && holdings_may_loop(&holdings, second)) {
		holdings_loop(&holdings, first, 1);
		holdings_loop(&holdings, second, 1);
		count += 2;
	}
	assert_int_equal(count, LOOPS - RESERVED);
	assert_false(holdings_may_loop(&holdings, first));
	assert_int_equal(take_loops(late), FIRST_OF_RESERVED);
}

static void many_greedy_processes_leave_space_for_one_more(void **state)
{
	uint32_t number;
	pid_t pid;

	(void)state;
	for (pid = 1; pid < CAPACITY - 1; pid++)
		assert_int_not_equal(take_loops(holdings_add(&holdings, pid, 0)), 0);
	number = holdings_add(&holdings, 100, 0);
	assert_in_range(take_loops(number), 4, LOOPS);
}

static void what_is_given_back_may_be_taken_again(void **state)
{
	uint32_t hog = holdings_add(&holdings, 100, 0), other = holdings_add(&holdings, 200, 0);

	(void)state;
	take_loops(hog);
	take_loops(other);
	holdings_loop(&holdings, hog, -(LOOPS - RESERVED));
	assert_int_equal(items[hog].loops, 0);
	assert_int_equal(items[0].loops, FIRST_OF_RESERVED);
	assert_true(holdings_may_loop(&holdings, other));
	holdings_callback(&holdings, hog, 1);
	holdings_callback(&holdings, hog, -1);
	assert_int_equal(items[0].callbacks, 0);
}

/* An earlier program's callback may be removed after the next one has got its PID. */
static void nothing_is_given_back_that_is_not_held(void **state)
{
	uint32_t process = holdings_add(&holdings, 100, 7);
	uint32_t unit = items[process].unit;

	(void)state;
	holdings_callback(&holdings, process, -1);
	holdings_loop(&holdings, process, -1);
	assert_int_equal(items[process].callbacks, 0);
	assert_int_equal(items[process].loops, 0);
	assert_int_equal(items[unit].callbacks, 0);
	assert_int_equal(items[0].callbacks, 0);
	assert_int_equal(take_loops(process), LOOPS - RESERVED);
}

/* Without a limit on the unit, many processes with few loops each would take all of them. */
static void a_unit_leaves_the_reserved_part_however_many_processes_it_has(void **state)
{
	uint32_t numbers[4], victim;
	int count = 0;
	pid_t pid;

	(void)state;
	for (pid = 0; pid < 4; pid++) {
		numbers[pid] = holdings_add(&holdings, 100 + pid, UNIT);
		assert_int_not_equal(numbers[pid], 0);
	}
	for (pid = 0; pid < 4; pid++)
		count += take_loops(numbers[pid]);
	assert_int_equal(count, LOOPS - RESERVED);
	victim = holdings_add(&holdings, 200, UNIT + 1);
	assert_int_not_equal(victim, 0);
	assert_int_equal(take_loops(victim), FIRST_OF_RESERVED);
}

static void a_unit_goes_with_the_last_of_its_processes(void **state)
{
	uint32_t first = holdings_add(&holdings, 100, UNIT), unit = items[first].unit, second;

	(void)state;
	assert_int_not_equal(unit, 0);
	second = holdings_add(&holdings, 101, UNIT);
	assert_int_equal(items[second].unit, unit);
	holdings_loop(&holdings, first, 1);
	holdings_callback(&holdings, second, 1);
	assert_int_equal(items[unit].loops, 1);
	assert_int_equal(items[unit].callbacks, 1);
	holdings_remove(&holdings, 100);
	holdings_remove(&holdings, 101);
	/* loops and callbacks that are still held count for the unit */
	assert_int_equal(items[holdings_add(&holdings, 102, UNIT)].unit, unit);
	holdings_remove(&holdings, 102);
	holdings_loop(&holdings, first, -1);
	holdings_callback(&holdings, second, -1);
	assert_int_equal(items[unit].loops, 0);
	/* all elements but the first one are free */
	for (pid_t pid = 1; pid < CAPACITY; pid++)
		assert_int_not_equal(holdings_add(&holdings, pid, 0), 0);
}

static void one_that_is_alone_by_choice_may_have_all(void **state)
{
	uint32_t number = holdings_add(&holdings, 100, 0);

	(void)state;
	holdings.shared = false;
	assert_int_equal(take_loops(number), LOOPS);
}

static void an_element_is_free_once_nothing_is_held(void **state)
{
	uint32_t first = holdings_add(&holdings, 100, 0), second;

	(void)state;
	assert_int_equal(items[first].loops, 0);
	assert_int_equal(holdings_add(&holdings, 100, 0), first);
	holdings_loop(&holdings, first, 1);
	holdings_limit(&holdings, first, LP_LIMITED_LOOPS, 3);
	holdings_remove(&holdings, 100);
	/* its counts remain readable until a new process has its PID */
	assert_int_equal(holdings_find(&holdings, 100), first);
	assert_int_equal(items[first].limited[LP_LIMITED_LOOPS], 3);
	second = holdings_add(&holdings, 100, 0);
	assert_int_not_equal(second, first);
	assert_int_equal(holdings_find(&holdings, 100), second);
	holdings_loop(&holdings, first, -1);
	assert_int_equal(holdings_add(&holdings, 300, 0), first);
	assert_int_equal(items[first].limited[LP_LIMITED_LOOPS], 0);
}

static void there_is_a_limit(void **state)
{
	pid_t pid;

	(void)state;
	for (pid = 1; pid < CAPACITY; pid++)
		assert_int_equal(holdings_add(&holdings, pid, 0), pid);
	assert_int_equal(holdings_add(&holdings, 1000, 0), 0);
	/* processes without an element have no limits, and count in element 0 */
	holdings_loop(&holdings, 0, 1);
	holdings_limit(&holdings, 0, LP_LIMITED_LOOPS, 1);
	assert_true(holdings_may_loop(&holdings, 0));
	assert_int_equal(items[0].loops, 1);
	assert_int_equal(items[0].limited[LP_LIMITED_LOOPS], 0);
}

/* A process whose unit has no element would be limited by nothing but its own share. */
static void a_process_gets_no_element_if_its_unit_gets_none(void **state)
{
	pid_t pid;

	(void)state;
	for (pid = 1; pid < CAPACITY - 1; pid++)
		assert_int_not_equal(holdings_add(&holdings, pid, 0), 0);
	assert_int_equal(holdings_add(&holdings, 100, UNIT), 0);
	assert_int_equal(holdings_find(&holdings, 100), 0);
	/* the last element is still free for one that needs no other */
	assert_int_not_equal(holdings_add(&holdings, 200, 0), 0);
}

static void causes_are_taken_all_at_once(void **state)
{
	uint32_t number = holdings_add(&holdings, 100, 0);

	(void)state;
	items[0].causes = items[number].causes = 7;
	holdings_no_causes(&holdings);
	assert_int_equal(items[0].causes, 0);
	assert_int_equal(items[number].causes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_process_leaves_the_reserved_part),
		TEST(the_real_table_has_space_for_a_thousand_loops_of_one_unit),
		TEST(the_reserved_part_is_for_those_with_little),
		TEST(a_process_gets_no_element_if_its_unit_gets_none),
		TEST(many_greedy_processes_leave_space_for_one_more),
		TEST(what_is_given_back_may_be_taken_again),
		TEST(nothing_is_given_back_that_is_not_held),
		TEST(a_unit_leaves_the_reserved_part_however_many_processes_it_has),
		TEST(a_unit_goes_with_the_last_of_its_processes),
		TEST(one_that_is_alone_by_choice_may_have_all),
		TEST(an_element_is_free_once_nothing_is_held),
		TEST(there_is_a_limit),
		TEST(causes_are_taken_all_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
