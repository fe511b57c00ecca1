// SPDX-License-Identifier: BSD-2-Clause
/*
 * The places of workers that hang, and the patience with one that gets no CPU. The functions of
 * cpu_progress.c here replace the scheduler's counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clocks.h"
#include "process/cpu_progress.h"
#include "process/worker.h"
#include "process/worker_places.h"

#define WORKERS 64

/* The state of each worker in these tests, by its PID; others are in that of number 0. */
static char states[WORKERS];
static struct lp_worker_places places;
static int descriptors[WORKERS]; /* a written one is that of a worker that has ended */

struct lp_cpu_progress cpu_progress_read(pid_t pid)
{
	return (struct lp_cpu_progress){ .state = states[pid < WORKERS ? pid : 0] };
}

bool cpu_progress_made(const struct lp_cpu_progress *before, const struct lp_cpu_progress *now)
{
	(void)before;
	return now->state == 'R';
}

/* The unit of a process is its hundreds. */
static uint64_t unit_of(pid_t pid)
{
	return (uint64_t)(pid / 100) << 8 | 1;
}

static int begin(void **state)
{
	(void)state;
	memset(&places, 0, sizeof(places));
	memset(states, 'D', sizeof(states));
	places.owner_of = unit_of;
	return 0;
}

static int end(void **state)
{
	(void)state;
	worker_places_free(&places);
	return 0;
}

static void hang(pid_t worker, pid_t target)
{
	descriptors[worker] = eventfd(0, EFD_CLOEXEC);
	worker_places_add(&places, descriptors[worker], worker, target);
}

static void end_worker(pid_t worker)
{
	const uint64_t one = 1;

	assert_int_equal(write(descriptors[worker], &one, sizeof(one)), sizeof(one));
}

static void test_a_process_has_its_part(void **state)
{
	(void)state;
	hang(1, 101);
	assert_int_equal(worker_places_check(&places, 101), 0);
	hang(2, 101);
	assert_int_equal(worker_places_check(&places, 101), -EDQUOT);
	/* another one of its unit has its own part */
	assert_int_equal(worker_places_check(&places, 102), 0);
	assert_int_equal(worker_places_taken(&places), 2);
}

static void test_a_unit_has_half(void **state)
{
	pid_t i;

	(void)state;
	for (i = 0; i < LP_WORKER_PLACES_OF_UNIT; i++)
		hang(1 + i, 101 + i);
	assert_int_equal(worker_places_check(&places, 150), -EDQUOT);
	assert_int_equal(worker_places_check(&places, 200), 0);
	for (i = 0; i < LP_WORKER_PLACES_OF_UNIT; i++)
		hang(20 + i, 300 + 100 * i);
	assert_int_equal(worker_places_check(&places, 1500), -EUSERS);
}

/* The call of a worker returns at last: it ends, and its place is free again. */
static void test_the_place_of_one_that_has_ended_is_free(void **state)
{
	(void)state;
	hang(1, 101);
	hang(2, 101);
	end_worker(1);
	assert_int_equal(worker_places_check(&places, 101), 0);
	assert_int_equal(worker_places_taken(&places), 1);
	end_worker(2);
	assert_int_equal(worker_places_taken(&places), 0);
}

/* On a busy machine a killed worker waits for a CPU before it ends: nothing hangs. */
static void test_one_that_waits_for_a_cpu_takes_no_place(void **state)
{
	pid_t i;

	(void)state;
	for (i = 1; i <= 3 * LP_WORKER_PLACES; i++) {
		states[i] = 'R';
		hang(i, 101);
	}
	assert_int_equal(worker_places_taken(&places), 0);
	assert_int_equal(worker_places_check(&places, 101), 0);
	states[5] = states[6] = 'D';
	assert_int_equal(worker_places_check(&places, 101), -EDQUOT);
	assert_int_equal(worker_places_check(&places, 201), 0);
}

/* Vain waits for one unit do not shorten those for another one. */
static void test_patience_is_that_of_the_unit(void **state)
{
	const uint64_t still_ns = 250 * NS_PER_MS;
	uint64_t now = NS_PER_S, least;

	(void)state;
	assert_int_equal(worker_places_longest_wait(&places, 101, still_ns, now), still_ns);
	worker_places_spend(&places, 101, NS_PER_S, now);
	least = worker_places_longest_wait(&places, 102, still_ns, now);
	assert_in_range(least, 1, still_ns / 4);
	assert_int_equal(worker_places_longest_wait(&places, 201, still_ns, now), still_ns);
	/* never more than the limit of the request */
	assert_int_equal(worker_places_longest_wait(&places, 102, least / 2, now), least / 2);
	now += 10 * NS_PER_S;
	assert_int_equal(worker_places_longest_wait(&places, 101, still_ns, now), still_ns);
}

/* ---- with a worker ------------------------------------------------------------------ */

static ssize_t serve(const void *message, size_t bytes, void *answer, size_t capacity)
{
	const uint64_t *ms = message;

	(void)bytes;
	(void)capacity;
	usleep((useconds_t)*ms * 1000);
	memcpy(answer, ms, sizeof(*ms));
	return sizeof(*ms);
}

static ssize_t call(struct lp_worker *worker, uint64_t ms)
{
	const struct iovec part = { &ms, sizeof(ms) };
	uint64_t answer;

	return worker_call(worker, 101, &part, 1, &answer, sizeof(answer));
}

/*
 * A worker that is ready to run is not given up, however short the limits are: when the call has
 * taken too long, nobody waits any more, and neither the worker nor its target is at fault.
 */
static void test_one_that_gets_no_cpu_does_not_hang(void **state)
{
	const struct lp_worker_limits limits = { .still_ns = 50 * NS_PER_MS,
						 .cpu_ns = NS_PER_S,
						 .wall_ns = 200 * NS_PER_MS };
	struct lp_workers *workers;
	struct lp_worker *worker;
	uint64_t generation;

	(void)state;
	memset(states, 'R', sizeof(states));
	assert_int_equal(workers_new(serve, &workers), 0);
	worker = worker_new(workers, &limits, false);
	assert_int_equal(call(worker, 0), sizeof(uint64_t));
	generation = worker_generation(worker);
	assert_int_equal(call(worker, 600), -ECANCELED);
	assert_int_equal(worker_generation(worker), generation);
	usleep(1000000);
	assert_int_equal(call(worker, 100), sizeof(uint64_t));
	assert_int_equal(worker_generation(worker), generation);
	/* the same sleep counts as hanging in any other state */
	memset(states, 'S', sizeof(states));
	assert_int_equal(call(worker, 600), -ETIMEDOUT);
	worker_free(worker);
	workers_free(workers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_process_has_its_part),
		TEST(test_a_unit_has_half),
		TEST(test_the_place_of_one_that_has_ended_is_free),
		TEST(test_one_that_waits_for_a_cpu_takes_no_place),
		TEST(test_patience_is_that_of_the_unit),
		TEST(test_one_that_gets_no_cpu_does_not_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
