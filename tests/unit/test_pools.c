// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pools of libraries, by objects laid out as in CPython 3.13 in this process, which are read as
 * those of a remote process.  Tests on live interpreters cover what the libraries do with them.
 */
#include "objects_fixture.h"

/* ---- expressions ----------------------------------------------------------------------- */

static void numbers(void **state)
{
	struct instance *pool = new_instance(new_class("app.Pool"));

	(void)state;
	set_attribute(pool, "size", new_int(5));
	set_attribute(pool, "overflow", new_int(-2));
	set_attribute(pool, "none", at(&none));
	set_attribute(pool, "zero", new_int(0));
	set_attribute(pool, "text", new_string("many"));
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size"), 5);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size overflow"), 3);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size -overflow"), 7);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "none"), LP_POOL_UNLIMITED);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size ~overflow"),
			 LP_POOL_UNLIMITED);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "@zero"), LP_POOL_UNLIMITED);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "zero"), 0);
	/* a number below 0, another type, an attribute that is not there */
	assert_int_equal(cpython_pool_compute(pools, at(pool), "overflow"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "text"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "size -other"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "other|size"), 5);
	assert_int_equal(cpython_pool_compute(pools, 16, "size"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), NULL), LP_POOL_UNKNOWN);
}

static void members_are_counted(void **state)
{
	struct instance *pool = new_instance(new_class("app.Pool"));
	struct instance *request = new_instance(new_class("app.Request"));
	struct instance *served = new_instance(new_class("app.Request"));
	uint64_t requests[] = { at(request), at(served), at(request) };
	struct object *deque = new_object(deque_type);

	(void)state;
	set_attribute(request, "connection", at(&none));
	set_attribute(served, "connection", at(pool));
	set_attribute(pool, "requests", new_list(3, requests));
	set_attribute(pool, "waiters", at(&none));
	set_attribute(pool, "free", at(deque));
	deque->words[6] = 9; /* maxlen */
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#requests"), 3);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "?requests.connection"), 2);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "!requests.connection"), 1);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#waiters"), 0);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "^free"), 9);
	deque->words[6] = UINT64_MAX;
	assert_int_equal(cpython_pool_compute(pools, at(pool), "^free"), LP_POOL_UNLIMITED);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "?requests.other"), LP_POOL_UNKNOWN);
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#pool"), LP_POOL_UNKNOWN);
}

static void members_of_a_deque(void **state)
{
	struct object *deque = new_object(deque_type);
	uint64_t first[66] = { 0 }, second[66] = { 0 }, *members;

	(void)state;
	/* leftblock, rightblock, leftindex; the first object is the last one of its block */
	first[64] = 0xa0;
	first[65] = at(second);
	second[1] = 0xb0;
	deque->words[0] = 2;
	deque->words[1] = at(first);
	deque->words[3] = 63;
	assert_int_equal(cpython_pool_members(pools, at(deque), &members), 2);
	assert_int_equal(members[0], 0xa0);
	assert_int_equal(members[1], 0xb0);
	free(members);
	/* a circle of blocks ends at the number of members, which is bounded */
	second[65] = at(first);
	deque->words[0] = 1UL << 40;
	assert_int_equal(cpython_pool_members(pools, at(deque), &members),
			 CPYTHON_POOL_MEMBERS_MAX);
	free(members);
	deque->words[3] = 64;
	assert_true(cpython_pool_members(pools, at(deque), &members) < 0);
	assert_null(members);
}

static void members_of_a_queue_in_both_layouts(void **state)
{
	struct object *ring = new_object(new_type("_queue.SimpleQueue", 72, 0));
	struct object *older = new_object(new_type("_queue.SimpleQueue", 56, 0));
	struct object *other = new_object(new_type("_queue.SimpleQueue", 64, 0));
	uint64_t items[4] = { 0xc0, 0, 0xa0, 0xb0 }, *members;
	struct instance *pool = new_instance(new_class("app.Pool"));

	(void)state;
	ring->words[1] = 1; /* where to put */
	ring->words[2] = 2; /* where to get */
	ring->words[3] = at(items);
	ring->words[4] = 4;
	ring->words[5] = 3;
	assert_int_equal(cpython_pool_members(pools, at(ring), &members), 3);
	assert_int_equal(members[0], 0xa0);
	assert_int_equal(members[2], 0xc0);
	free(members);
	set_attribute(pool, "ring", at(ring));
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#ring"), 3);
	ring->words[5] = 5;
	assert_true(cpython_pool_members(pools, at(ring), &members) < 0);
	ring->words[4] = 0;
	ring->words[5] = 0;
	assert_true(cpython_pool_members(pools, at(ring), &members) < 0);

	older->words[2] = new_list(4, items);
	older->words[3] = 2;
	assert_int_equal(cpython_pool_members(pools, at(older), &members), 2);
	assert_int_equal(members[1], 0xb0);
	free(members);
	set_attribute(pool, "older", at(older));
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#older"), 2);
	older->words[3] = 5;
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#older"), LP_POOL_UNKNOWN);
	/* a layout that no version has */
	set_attribute(pool, "other", at(other));
	assert_int_equal(cpython_pool_compute(pools, at(pool), "#other"), LP_POOL_UNKNOWN);
}

static void paths(void **state)
{
	uint64_t *class = new_class("app.Node");
	struct instance *a = new_instance(class), *b = new_instance(class);
	uint64_t items[] = { at(&none), at(b) };

	(void)state;
	set_attribute(a, "next", at(b));
	set_attribute(b, "next", at(&none));
	set_attribute(b, "value", 0x77);
	set_attribute(a, "any", new_list(2, items));
	set_attribute(a, "self", at(a));
	assert_int_equal(cpython_pool_path(pools, at(a), "next.value"), 0x77);
	assert_int_equal(cpython_pool_path(pools, at(a), "any.*.value"), 0x77);
	assert_int_equal(cpython_pool_path(pools, at(a), "next.next.value|next.value"), 0x77);
	assert_int_equal(cpython_pool_path(pools, at(a), "next.next"), 0);
	assert_int_equal(cpython_pool_path(pools, at(a), ""), at(a));
	/* there is a limit to the steps */
	assert_int_equal(cpython_pool_path(pools, at(a),
					   "self.self.self.self.self.self.self.self.self.self.self."
					   "self.self.self.self.self.self.self.next"),
			 0);
}

/* ---- holders ----------------------------------------------------------------------------- */

static const struct lp_pool *pool_of(uint64_t address)
{
	size_t i;

	for (i = 0; i < list.pool_count; i++)
		if (list.pools[i].address == address)
			return &list.pools[i];
	fail_msg("no such pool");
	return NULL;
}

/* A connection that one object leads to is held by the task that has the object. */
static void what_several_tasks_have_is_held_by_none(void **state)
{
	struct instance *pool = new_instance(new_class("aiohttp.connector.BaseConnector"));
	struct instance *connection = new_instance(new_class("aiohttp.connector.Connection"));
	struct instance *session = new_instance(new_class("app.Session"));
	const struct lp_pool *read;
	uint64_t *code = taken(256), *frame = taken(256);
	struct lp_await_chain *chain = taken(sizeof(*chain));

	(void)state;
	set_attribute(pool, "_limit", new_int(2));
	set_attribute(connection, "_connector", at(pool));
	set_attribute(connection, "_protocol", at(session));
	set_attribute(session, "connection", at(connection));
	set_word(code, python.row.code.co_nlocalsplus, 1);
	set_word(frame, python.row.frame.localsplus, at(session));
	chain->count = 1;
	chain->links[0] =
		(struct lp_await_link){ .frame = at(frame), .code = at(code), .running = true };
	cpython_pools_note(pools, 1, chain);
	cpython_pools_fill(pools);
	read = pool_of(at(pool));
	assert_string_equal(read->name, "aiohttp's connector");
	assert_int_equal(read->amounts[LP_POOL_LIMIT], 2);
	assert_int_equal(read->amounts[LP_POOL_OUT], LP_POOL_UNKNOWN);
	assert_int_equal(read->holder_count, 1);
	assert_int_equal(read->held, 1);
	assert_int_equal(read->holders[0].task, tasks[1].address);

	cpython_pools_free(pools);
	pools = cpython_pools_new(waits, &python, &list);
	list.pool_count = 0;
	cpython_pools_note(pools, 1, chain);
	cpython_pools_note(pools, 2, chain);
	cpython_pools_fill(pools);
	assert_int_equal(pool_of(at(pool))->holder_count, 0);
}

/* `async with pool.acquire():` has no variable for the connection. */
static void what_acquires_a_connection_of_aiomysql_holds_it(void **state)
{
	struct instance *pool = new_instance(new_class("aiomysql.pool.Pool"));
	struct instance *connection = new_instance(new_class("aiomysql.connection.Connection"));
	struct instance *context =
		new_instance(new_class("aiomysql.utils._PoolAcquireContextManager"));
	uint64_t *code = taken(256), *frame = taken(256);
	struct lp_await_chain *chain = taken(sizeof(*chain));

	(void)state;
	set_attribute(context, "_pool", at(pool));
	set_attribute(context, "_conn", at(connection));
	set_word(code, python.row.code.co_nlocalsplus, 1);
	set_word(frame, python.row.frame.localsplus, at(context));
	chain->count = 1;
	chain->links[0] =
		(struct lp_await_link){ .frame = at(frame), .code = at(code), .running = true };
	cpython_pools_note(pools, 1, chain);
	cpython_pools_fill(pools);
	assert_string_equal(pool_of(at(pool))->name, "aiomysql's pool");
	assert_int_equal(pool_of(at(pool))->holder_count, 1);
	assert_int_equal(pool_of(at(pool))->holders[0].task, tasks[1].address);
}

/* ---- bounds ------------------------------------------------------------------------------ */

/* Notes the jobs of a frame with one variable. */
static void note_other_jobs(const char *name, uint64_t value)
{
	uint64_t *code = taken(256), *frame = taken(256);
	struct lp_await_link link = { .frame = at(frame), .code = at(code), .running = true };
	struct object *names = new_object(new_type("tuple", 24, 0));

	names->words[0] = 1;
	set_word(names, python.row.tuple.ob_item, new_string(name));
	set_word(code, python.row.code.co_nlocalsplus, 1);
	set_word(code, python.row.code.co_localsplusnames, at(names));
	set_word(code, python.row.code.co_localspluskinds, at(new_object(string_type)));
	set_word(frame, python.row.frame.localsplus, value);
	cpython_other_jobs_note(pools, &link);
}

static void jobs_of_pools_of_processes_are_charged(void **state)
{
	struct instance *first = new_instance(new_class("app.First"));
	struct instance *second = new_instance(new_class("app.Second"));
	struct instance *item = new_instance(new_class("app.Item"));

	(void)state;
	set_attribute(item, "future", 0x5000);
	set_attribute(first, "1", at(item));
	set_attribute(first, "2", at(&none));
	set_attribute(second, "3", at(&none));
	pools->members_left = 3;
	note_other_jobs("pending_work_items", at(&first->dict));
	assert_non_null(map_get(&pools->other_jobs, 0x5000));
	assert_int_equal(pools->members_left, 1);
	/* the same dict again */
	note_other_jobs("pending_work_items", at(&first->dict));
	assert_int_equal(pools->members_left, 1);
	note_other_jobs("pending_work_items", at(&second->dict));
	assert_int_equal(pools->members_left, 0);
	assert_false(pools->jobs_cut);
	note_other_jobs("pending_work_items", at(&item->dict));
	assert_true(pools->jobs_cut);
}

/* A queue may be longer than what may still be read of all containers. */
static void queues_that_the_budget_cuts_are_cut(void **state)
{
	uint64_t items[] = { at(&none), at(&none), at(&none) };
	struct instance *pool = new_instance(new_class("app.Pool"));
	struct lp_pool_object object = { .address = at(pool) };

	(void)state;
	set_attribute(pool, "_work_queue", new_list(3, items));
	pools->members_left = 10;
	cpython_pool_jobs(pools, &object);
	assert_int_equal(pools->members_left, 7);
	assert_false(pools->jobs_cut);
	pools->members_left = 2;
	cpython_pool_jobs(pools, &object);
	assert_true(pools->jobs_cut);

	pools->jobs_cut = false;
	pools->members_left = 10;
	note_other_jobs("work_queue", new_list(3, items));
	assert_false(pools->jobs_cut);
	pools->members_left = 2;
	note_other_jobs("work_queue", new_list(3, items));
	assert_true(pools->jobs_cut);
}

/* shutdown() puts None into the queue of an executor, which is no job. */
static void what_ends_threads_is_not_queued(void **state)
{
	struct instance *item = new_instance(new_class("app.Item"));
	uint64_t items[] = { at(item), at(&none) };
	struct instance *pool = new_instance(new_class("app.Pool"));
	struct lp_pool_object object = { .address = at(pool) };

	(void)state;
	set_attribute(item, "other", at(&none));
	set_attribute(pool, "_work_queue", new_list(2, items));
	pools->members_left = 100;
	object.pool.amounts[LP_POOL_WAITING] = 2;
	cpython_pool_jobs(pools, &object);
	assert_int_equal(object.pool.amounts[LP_POOL_WAITING], 1);
	assert_false(object.pool.partial);
	object.pool.amounts[LP_POOL_WAITING] = LP_POOL_UNKNOWN;
	cpython_pool_jobs(pools, &object);
	assert_int_equal(object.pool.amounts[LP_POOL_WAITING], LP_POOL_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests_of_pools[] = {
		cmocka_unit_test_setup_teardown(numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(members_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(members_of_a_deque, setup, teardown),
		cmocka_unit_test_setup_teardown(members_of_a_queue_in_both_layouts, setup,
						teardown),
		cmocka_unit_test_setup_teardown(paths, setup, teardown),
		cmocka_unit_test_setup_teardown(what_several_tasks_have_is_held_by_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_acquires_a_connection_of_aiomysql_holds_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(jobs_of_pools_of_processes_are_charged, setup,
						teardown),
		cmocka_unit_test_setup_teardown(queues_that_the_budget_cuts_are_cut, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_ends_threads_is_not_queued, setup, teardown),
	};

	return cmocka_run_group_tests(tests_of_pools, NULL, NULL);
}
