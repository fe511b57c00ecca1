// SPDX-License-Identifier: BSD-2-Clause
/* Bursts that cannot begin, and files that change between an examination and an attachment. */
#include "session/session_internal.h"

#include "base/clocks.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TARGET_PID 4711

/* What the attaching of these tests does, by the change time of the examined file. */
enum { ATTACHES = 1, IS_STALE, FAILS };

static int attach(const struct lp_attach_request *request)
{
	switch (request->known->changed_ns) {
	case IS_STALE:
		return -ESTALE;
	case FAILS:
		return -ENOMEM;
	default:
		return 0;
	}
}

struct fixture {
	struct lp_session *session;
	struct lp_attachment *attachment;
	struct lp_instance instance;
	uint64_t now;
};

/* The state of the file when it was examined. */
static int64_t examined_ns;

static int find_probe(const struct lp_instance *instance, enum lp_probe_role role,
		      struct lp_probe *probe, struct lp_error *error)
{
	(void)instance;
	(void)error;
	*probe = (struct lp_probe){ .role = role,
				    .emulated = true,
				    .count = 1,
				    .function = "context_run",
				    .file = { .changed_ns = examined_ns } };
	return 0;
}

static const struct lp_runtime runtime = { .find_probe = find_probe };

static int setup(void **state)
{
	static struct fixture fixture;
	struct lp_session *session = calloc(1, sizeof(*session));

	fixture = (struct fixture){ .session = session,
				    .attachment = calloc(1, sizeof(*fixture.attachment)),
				    .instance = { .runtime = &runtime, .pid = TARGET_PID },
				    .now = clock_now() };
	*state = &fixture;
	/* not loaded: the descriptors of its programs are invalid, so that files are only checked */
	session->skeleton = loopprof_bpf__open();
	if (!session->skeleton || attacher_new(attach, &session->attacher))
		return -1;
	session->config.budget = 0.01;
	fixture.attachment->pid = TARGET_PID;
	fixture.attachment->loops = LP_NO_SLOT;
	session->attachments = fixture.attachment;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	session_detach(fixture->session, fixture->attachment);
	attacher_free(fixture->session->attacher);
	loopprof_bpf__destroy(fixture->session->skeleton);
	free(fixture->session);
	return 0;
}

/* Finds a role's probe in an examination of the file as it was at an instant. */
static int examine(struct fixture *fixture, enum lp_probe_role role, int64_t changed_ns)
{
	struct lp_error error;

	examined_ns = changed_ns;
	return session_attach_role(fixture->session, fixture->attachment, &fixture->instance, role,
				   &error);
}

static enum lp_burst_state turn_after(struct fixture *fixture, uint64_t ns)
{
	fixture->now += ns;
	session_turn_bursts(fixture->session, fixture->now);
	return fixture->attachment->burst;
}

static bool is_open(struct fixture *fixture, enum lp_probe_role role)
{
	return session_open_roles(fixture->session, TARGET_PID, true).roles >> role & 1;
}

static void test_a_changed_file_is_examined_again(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(examine(fixture, LP_PROBE_DISPATCH, IS_STALE), 0);
	assert_int_equal(examine(fixture, LP_PROBE_RUNNING_LOOP, IS_STALE), 0);
	assert_false(is_open(fixture, LP_PROBE_DISPATCH));
	assert_int_equal(session_next_to_examine(fixture->session), 0);
	assert_int_equal(turn_after(fixture, 10 * NS_PER_S), LP_BURST_NONE);
	/* one examination finds all of them */
	assert_true(is_open(fixture, LP_PROBE_DISPATCH));
	assert_true(is_open(fixture, LP_PROBE_RUNNING_LOOP));
	assert_int_equal(session_next_to_examine(fixture->session), TARGET_PID);
	assert_int_equal(session_next_to_examine(fixture->session), 0);
	assert_int_equal(turn_after(fixture, 10 * NS_PER_S), LP_BURST_NONE);
	assert_int_equal(examine(fixture, LP_PROBE_DISPATCH, ATTACHES), 0);
	assert_int_equal(turn_after(fixture, 10 * NS_PER_S), LP_BURST_ON);
	assert_int_equal(fixture->session->costs.bursts, 1);
}

static void test_a_file_that_changes_before_its_first_probe_is_examined_again(void **state)
{
	struct fixture *fixture = *state;

	fixture->session->config.findings = UINT32_MAX;
	fixture->session->config.sampling = true;
	assert_int_equal(examine(fixture, LP_PROBE_TIMER, IS_STALE), -ESTALE);
	assert_true(is_open(fixture, LP_PROBE_TIMER));
	assert_int_equal(examine(fixture, LP_PROBE_TIMER, ATTACHES), 0);
	assert_false(is_open(fixture, LP_PROBE_TIMER));
}

static void test_a_burst_that_fails_is_tried_again(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(examine(fixture, LP_PROBE_DISPATCH, FAILS), 0);
	assert_int_equal(turn_after(fixture, 10 * NS_PER_S), LP_BURST_NONE);
	assert_int_equal(session_next_to_examine(fixture->session), 0);
	fixture->attachment->roles[LP_PROBE_DISPATCH].probe->file.changed_ns = ATTACHES;
	assert_int_equal(turn_after(fixture, 10 * NS_PER_S), LP_BURST_NONE);
	assert_int_equal(turn_after(fixture, 100 * NS_PER_S), LP_BURST_ON);
}

static void test_without_bursts_none_begins(void **state)
{
	struct fixture *fixture = *state;

	session_allow_bursts(fixture->session, false);
	/* as when a process is added, also while another one is being attached to */
	session_open_bursts(fixture->session, fixture->attachment);
	assert_int_equal(fixture->attachment->burst, LP_BURST_NONE);
	assert_int_equal(examine(fixture, LP_PROBE_DISPATCH, ATTACHES), 0);
	assert_int_equal(turn_after(fixture, 10 * NS_PER_S), LP_BURST_NONE);
	session_allow_bursts(fixture->session, true);
	assert_int_equal(turn_after(fixture, 10 * NS_PER_S), LP_BURST_ON);
	session_allow_bursts(fixture->session, false);
	assert_int_equal(turn_after(fixture, 10 * NS_PER_S), LP_BURST_NONE);
}

static bool does_not_answer(pid_t pid)
{
	return pid != TARGET_PID;
}

/* It would be the first to begin again and again, and no other process would get a burst. */
static void test_a_process_that_is_refused_delays_no_other(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(examine(fixture, LP_PROBE_DISPATCH, ATTACHES), 0);
	attacher_judge_by(fixture->session->attacher, does_not_answer, NULL);
	assert_int_equal(turn_after(fixture, 10 * NS_PER_S), LP_BURST_NONE);
	assert_in_range(fixture->session->begin_ns, 0, clock_now() + NS_PER_S / 2);
	assert_true(fixture->attachment->begin_ns > clock_now() + NS_PER_S);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_changed_file_is_examined_again),
		TEST(test_a_file_that_changes_before_its_first_probe_is_examined_again),
		TEST(test_a_burst_that_fails_is_tried_again),
		TEST(test_without_bursts_none_begins),
		TEST(test_a_process_that_is_refused_delays_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
