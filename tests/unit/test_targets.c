// SPDX-License-Identifier: BSD-2-Clause
/* The turns of targets, with workers, a session and a kernel that answer as a test wants. */
#include "discovery/targets_internal.h"

#include "base/clocks.h"
#include "runtime/remote/loop_search.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TARGETS 4
#define UNIT(number) ((uint64_t)(number) << 8)
#define SEARCHES_MAX 16

/* ---- workers ---- */

static struct {
	enum lp_search_room room; /* where the next search may begin */
	pid_t begun[SEARCHES_MAX];
	uint64_t tickets[SEARCHES_MAX];
	size_t count;
	bool answered; /* result is that of the search that has ended */
	struct lp_loops_found result;
} searches;

int loop_search_open(void)
{
	return 0;
}

void loop_search_close(void)
{
}

enum lp_search_room loop_search_room(bool others_wait)
{
	(void)others_wait;
	return searches.room;
}

bool loop_search_is_busy(void)
{
	return searches.room != LP_SEARCH_ANY;
}

/* Each search is under way until the test sets the room again. */
int loop_search_begin(const struct lp_instance *instance, uint64_t ticket)
{
	assert_true(searches.count < SEARCHES_MAX);
	searches.begun[searches.count] = instance->pid;
	searches.tickets[searches.count++] = ticket;
	searches.room = LP_SEARCH_NONE;
	return 0;
}

bool loop_search_take(struct lp_loops_found *found)
{
	bool answered = searches.answered;

	searches.answered = false;
	*found = searches.result;
	return answered;
}

static struct {
	size_t begun;
	bool busy;
	struct lp_examined last;
	size_t stale; /* number of examinations that find a changed file, before ... */
	int code; /* ... those with this result */
} examinations;

int examine_open(void)
{
	return 0;
}

void examine_close(void)
{
}

bool examine_is_free(bool others_wait)
{
	(void)others_wait;
	return !examinations.busy;
}

bool examine_is_busy(void)
{
	return examinations.busy;
}

int examine_begin(const struct lp_process_info *process, const struct lp_examine_options *options)
{
	examinations.last = (struct lp_examined){ .pid = process->pid, .ticket = options->ticket };
	examinations.last.code = examinations.begun++ < examinations.stale ? -ESTALE
									   : examinations.code;
	examinations.busy = true;
	return 0;
}

bool examine_take(struct lp_examined *examined)
{
	bool busy = examinations.busy;

	*examined = examinations.last;
	examinations.busy = false;
	return busy;
}

/* ---- the session ---- */

static struct {
	size_t added, dropped; /* loops that were added, and iterations that were dropped */
	unsigned int add_us; /* the time that it takes to add a loop */
	int known; /* the slot of loops that are known already; negative: none */
	bool lacks_polls;
	int follow_polls; /* the result for all poll calls */
} session;

int session_add_loop(struct lp_session *of, const struct lp_instance *instance,
		     const struct lp_running_loop *running, uint64_t threshold_ns)
{
	(void)of;
	(void)instance;
	(void)running;
	(void)threshold_ns;
	usleep(session.add_us);
	session.added++;
	return session.known < 0 ? 0 : -EEXIST;
}

bool session_lacks_polls(const struct lp_session *of)
{
	(void)of;
	return session.lacks_polls;
}

int session_follow_polls(struct lp_session *of, bool all)
{
	(void)of;
	assert_true(all);
	session.lacks_polls = session.follow_polls == -EBUSY;
	return session.follow_polls;
}

void session_drop_iteration(struct lp_session *of, uint32_t slot)
{
	(void)of;
	assert_int_equal(slot, session.known);
	session.dropped++;
}

int session_find_loop(const struct lp_session *of, pid_t tid)
{
	(void)of;
	(void)tid;
	return session.known;
}

struct lp_open_roles session_open_roles(const struct lp_session *of, pid_t pid, bool all)
{
	(void)of;
	(void)pid;
	(void)all;
	return (struct lp_open_roles){ 0 };
}

int session_add_process(struct lp_session *of, const struct lp_instance *instance, uint64_t owner,
			uint64_t threshold_ns, struct lp_error *error)
{
	(void)of;
	(void)instance;
	(void)owner;
	(void)threshold_ns;
	(void)error;
	return 0;
}

int session_complete_process(struct lp_session *of, const struct lp_instance *instance,
			     struct lp_error *error)
{
	(void)of;
	(void)instance;
	(void)error;
	return 0;
}

bool session_refuse_loop(struct lp_session *of, pid_t pid, pid_t tid, bool own_share)
{
	(void)of;
	(void)pid;
	(void)tid;
	(void)own_share;
	return true;
}

bool session_update_loop(struct lp_session *of, uint32_t slot,
			 const struct lp_running_loop *running)
{
	(void)of;
	(void)slot;
	(void)running;
	return false;
}

const struct lp_loop *session_loop(const struct lp_session *of, uint32_t slot)
{
	(void)of;
	(void)slot;
	return NULL;
}

uint64_t session_lost(const struct lp_session *of, enum lp_lost_kind kind)
{
	(void)of;
	(void)kind;
	return 0;
}

bool session_knows_loops(const struct lp_session *of, pid_t pid)
{
	(void)of;
	(void)pid;
	return true;
}

bool session_in_bursts(const struct lp_session *of)
{
	(void)of;
	return false;
}

pid_t session_next_to_examine(struct lp_session *of)
{
	(void)of;
	return 0;
}

void session_follow_process(struct lp_session *of, pid_t pid, bool watch)
{
	(void)of;
	(void)pid;
	(void)watch;
}

void session_remove_process(struct lp_session *of, pid_t pid)
{
	(void)of;
	(void)pid;
}

void session_count_unattached(struct lp_session *of)
{
	(void)of;
}

void session_sweep(struct lp_session *of, uint64_t now_ns)
{
	(void)of;
	(void)now_ns;
}

/* ---- the live source ---- */

void live_add_target(struct lp_live *live, const struct lp_process_info *process,
		     const struct lp_instance *instance)
{
	(void)live;
	(void)process;
	(void)instance;
}

void live_remove_target(struct lp_live *live, pid_t pid)
{
	(void)live;
	(void)pid;
}

void live_report_limited(struct lp_live *live, pid_t pid)
{
	(void)live;
	(void)pid;
}

void live_add_loop(struct lp_live *live, const struct lp_instance *instance, uint32_t slot,
		   const struct lp_running_loop *running)
{
	(void)live;
	(void)instance;
	(void)slot;
	(void)running;
}

void live_end_loop(struct lp_live *live, pid_t pid, uint32_t slot)
{
	(void)live;
	(void)pid;
	(void)slot;
}

void live_begin_turn(struct lp_live *live)
{
	(void)live;
}

int live_drain(struct lp_live *live)
{
	(void)live;
	return 0;
}

/* ---- targets ---- */

struct fixture {
	struct lp_targets *targets;
	pid_t pids[TARGETS];
	struct lp_target *target[TARGETS];
};

static int find_loops(const struct lp_instance *instance, struct lp_running_loop *loops,
		      size_t capacity)
{
	(void)instance;
	(void)capacity;
	loops[0] = (struct lp_running_loop){ .own_poll = true };
	return 1;
}

static const struct lp_runtime runtime = { .find_loops = find_loops };

/* Adds TARGETS processes that are attached. */
static int setup(void **state)
{
	const struct lp_targets_config config = { .threshold_ns = NS_PER_S };
	static struct fixture fixture;
	struct lp_error error;
	size_t i;

	memset(&fixture, 0, sizeof(fixture));
	memset(&searches, 0, sizeof(searches));
	memset(&examinations, 0, sizeof(examinations));
	memset(&session, 0, sizeof(session));
	session.known = -1;
	*state = &fixture;
	if (targets_new(&config, &fixture.targets))
		return -1;
	for (i = 0; i < TARGETS; i++) {
		fixture.pids[i] = fork();
		if (!fixture.pids[i]) {
			pause();
			_exit(0);
		}
		fixture.target[i] = target_new(fixture.targets, fixture.pids[i], false, &error);
		if (!fixture.target[i])
			return -1;
		fixture.target[i]->process.owner = UNIT(1);
		fixture.target[i]->state = LP_TARGET_ATTACHED;
		fixture.target[i]->instance.runtime = &runtime;
		fixture.target[i]->instance.pid = fixture.pids[i];
	}
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	size_t i;

	targets_free(fixture->targets);
	for (i = 0; i < TARGETS; i++) {
		kill(fixture->pids[i], SIGKILL);
		waitpid(fixture->pids[i], NULL, 0);
	}
	return 0;
}

/* Has a worker answer the search that began last. */
static void answer(const struct lp_running_loop *loops, int count)
{
	searches.result = (struct lp_loops_found){ .pid = searches.begun[searches.count - 1],
						   .ticket = searches.tickets[searches.count - 1],
						   .count = count,
						   .loops = loops };
	searches.answered = true;
}

/* Makes turns, in one of which the room for a search is as given, for a part of a second. */
static void make_turns(struct fixture *fixture, size_t turns)
{
	while (turns--) {
		targets_check(fixture->targets, clock_now());
		usleep(20000);
	}
}

static void test_a_slow_search_delays_no_other_target(void **state)
{
	static const struct lp_running_loop loops[3];
	struct fixture *fixture = *state;

	searches.room = LP_SEARCH_ANY;
	target_search_loops(fixture->targets, fixture->target[0], 1);
	targets_begin_searches(fixture->targets);
	/* each turn has time for one of its loops */
	session.add_us = 25000;
	answer(loops, 3);
	/* from now on another search does not end, for which two targets wait */
	target_search_loops(fixture->targets, fixture->target[1], 1);
	target_search_loops(fixture->targets, fixture->target[2], 1);
	make_turns(fixture, 10);
	assert_int_equal(session.added, 3);
	assert_int_equal(searches.count, 1);
	searches.room = LP_SEARCH_ANY;
	make_turns(fixture, 1);
	assert_int_equal(searches.begun[1], fixture->pids[1]);
}

static void test_units_take_turns_in_searches(void **state)
{
	static const size_t order[TARGETS] = { 0, 3, 1, 2 };
	struct fixture *fixture = *state;
	size_t i;

	fixture->target[3]->process.owner = UNIT(2);
	for (i = 0; i < TARGETS; i++)
		target_search_loops(fixture->targets, fixture->target[i], 1);
	for (i = 0; i < TARGETS; i++) {
		searches.room = LP_SEARCH_ANY;
		targets_begin_searches(fixture->targets);
		assert_int_equal(searches.count, i + 1);
		assert_int_equal(searches.begun[i], fixture->pids[order[i]]);
	}
}

static void test_slow_searches_leave_a_worker_to_quick_ones(void **state)
{
	struct fixture *fixture = *state;

	searches.room = LP_SEARCH_ANY;
	target_search_loops(fixture->targets, fixture->target[0], 2);
	targets_begin_searches(fixture->targets);
	answer(NULL, 0);
	searches.result.wall_ns = NS_PER_S;
	fixture->target[0]->search.until_ns = UINT64_MAX;
	searches.room = LP_SEARCH_QUICK;
	target_search_loops(fixture->targets, fixture->target[1], 1);
	targets_examine(fixture->targets);
	assert_int_equal(searches.count, 2);
	assert_int_equal(searches.begun[1], fixture->pids[1]);
	searches.room = LP_SEARCH_ANY;
	targets_examine(fixture->targets);
	assert_int_equal(searches.count, 3);
	assert_int_equal(searches.begun[2], fixture->pids[0]);
}

static void test_a_dropped_target_is_in_no_queue(void **state)
{
	struct fixture *fixture = *state;

	target_search_loops(fixture->targets, fixture->target[0], 1);
	target_search_loops(fixture->targets, fixture->target[1], 1);
	target_queue_examination(fixture->targets, fixture->target[1]);
	target_drop(fixture->targets, fixture->target[1]);
	target_search_loops(fixture->targets, fixture->target[2], 1);
	searches.room = LP_SEARCH_ANY;
	targets_examine(fixture->targets);
	searches.room = LP_SEARCH_ANY;
	targets_examine(fixture->targets);
	assert_int_equal(searches.count, 2);
	assert_int_equal(searches.begun[1], fixture->pids[2]);
	assert_int_equal(examinations.begun, 0);
}

static void test_loops_wait_for_poll_calls_that_are_not_attached_yet(void **state)
{
	static const struct lp_running_loop loop = { .own_poll = true };
	struct fixture *fixture = *state;

	session.lacks_polls = true;
	session.follow_polls = -EBUSY;
	/* a probe has added it meanwhile */
	session.known = 7;
	searches.room = LP_SEARCH_ANY;
	target_search_loops(fixture->targets, fixture->target[0], 1);
	targets_begin_searches(fixture->targets);
	answer(&loop, 1);
	make_turns(fixture, 2);
	assert_int_equal(session.added, 0);
	session.follow_polls = 0;
	make_turns(fixture, 30);
	assert_int_equal(session.added, 1);
	assert_int_equal(session.dropped, 1);
	assert_false(session.lacks_polls);
}

static void test_a_file_that_changes_is_examined_again(void **state)
{
	struct fixture *fixture = *state;
	struct lp_target *target = fixture->target[0];

	target->state = LP_TARGET_WAITING;
	target->instance.runtime = NULL;
	examinations.stale = 3;
	examinations.code = -EAGAIN;
	make_turns(fixture, 20);
	assert_true(examinations.begun > 3);
	assert_int_equal(target->state, LP_TARGET_WAITING);
	assert_int_equal(targets_failures(fixture->targets), 0);
}

static void test_a_file_that_changes_all_the_time_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct lp_target *target = fixture->target[0];
	size_t i;

	target->state = LP_TARGET_WAITING;
	target->instance.runtime = NULL;
	examinations.stale = SIZE_MAX;
	for (i = 0; i < 100 && target->state == LP_TARGET_WAITING; i++) {
		target->retry_ns = 0;
		make_turns(fixture, 1);
	}
	assert_int_equal(target->state, LP_TARGET_REFUSED);
	assert_int_equal(targets_failures(fixture->targets), 1);
}

static void test_a_process_that_has_ended_is_no_failure(void **state)
{
	struct fixture *fixture = *state;
	struct lp_target *target = fixture->target[0];
	siginfo_t ended;

	target->state = LP_TARGET_WAITING;
	target->instance.runtime = NULL;
	kill(fixture->pids[0], SIGKILL);
	waitid(P_PID, (id_t)fixture->pids[0], &ended, WEXITED | WNOWAIT);
	/* what reading a process gives that ends meanwhile */
	examinations.code = -EPERM;
	make_turns(fixture, 2);
	assert_true(examinations.begun > 0);
	assert_int_equal(target->state, LP_TARGET_WAITING);
	assert_int_equal(targets_failures(fixture->targets), 0);
	targets_reap(fixture->targets);
	assert_null(target_find(fixture->targets, fixture->pids[0]));
}

static void test_a_named_process_is_examined_until_its_file_is_still(void **state)
{
	struct fixture *fixture = *state;
	struct lp_error error;

	target_drop(fixture->targets, fixture->target[0]);
	examinations.stale = 3;
	examinations.code = -ENOTSUP;
	assert_int_equal(targets_add(fixture->targets, fixture->pids[0], false, &error), -ENOTSUP);
	assert_int_equal(examinations.begun, 4);
}

static int begin_remote(void **state)
{
	(void)state;
	return remote_begin();
}

static int end_remote(void **state)
{
	(void)state;
	remote_end();
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_slow_search_delays_no_other_target),
		TEST(test_units_take_turns_in_searches),
		TEST(test_slow_searches_leave_a_worker_to_quick_ones),
		TEST(test_a_dropped_target_is_in_no_queue),
		TEST(test_loops_wait_for_poll_calls_that_are_not_attached_yet),
		TEST(test_a_file_that_changes_is_examined_again),
		TEST(test_a_file_that_changes_all_the_time_is_refused),
		TEST(test_a_process_that_has_ended_is_no_failure),
		TEST(test_a_named_process_is_examined_until_its_file_is_still),
	};

	return cmocka_run_group_tests(tests, begin_remote, end_remote);
}
