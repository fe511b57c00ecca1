// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <cmocka.h>

#include "session/roles.h"

/* the skeletons need the types that roles.h includes */
#include "c_loops.skel.h"
#include "loopprof.skel.h"
#include "lost.skel.h"

#define FINDING(kind) (1U << LP_FINDING_##kind)

/* Features of a run that need a role. */
enum {
	TRACED = 1,
	QUEUE = 2,
	ORIGINS = 4,
	LIFETIMES = 8,
};

static const struct {
	const char *program;
	unsigned int wanted_by; /* features of which any one needs the role */
	uint32_t finding; /* or the finding that needs it */
	enum lp_role_need need;
	enum lp_role_stage stage;
	bool in_bursts;
	bool each_callback;
	bool by_address;
} expected[LP_PROBE_ROLES] = {
	[LP_PROBE_DISPATCH] = { "lp_context_run", TRACED, .need = LP_ROLE_INDISPENSABLE,
				.in_bursts = true, .each_callback = true },
	[LP_PROBE_RUNNING_LOOP] = { "lp_running_loop", TRACED, .need = LP_ROLE_NEEDED,
				    .in_bursts = true },
	[LP_PROBE_READY] = { "lp_deque_append", QUEUE, .need = LP_ROLE_NEEDED, .in_bursts = true,
			     .each_callback = true },
	[LP_PROBE_DISPATCH_HANDLE] = { "lp_uv_handle", TRACED, .in_bursts = true,
				       .each_callback = true },
	[LP_PROBE_DISPATCH_TIMER] = { "lp_uv_timer", TRACED, .in_bursts = true,
				      .each_callback = true },
	[LP_PROBE_DISPATCH_METHOD] = { "lp_uv_method", TRACED, .in_bursts = true,
				       .each_callback = true },
	[LP_PROBE_NEVER_AWAITED] = { "lp_lost", 0, FINDING(NEVER_AWAITED),
				     .stage = LP_STAGE_FINDINGS, .by_address = true },
	[LP_PROBE_NEVER_RETRIEVED] = { "lp_lost", 0, FINDING(NEVER_RETRIEVED),
				       .stage = LP_STAGE_LIFECYCLE, .by_address = true },
	[LP_PROBE_DESTROYED_PENDING] = { "lp_lost", 0, FINDING(DESTROYED_PENDING),
					 .stage = LP_STAGE_LIFECYCLE, .by_address = true },
	[LP_PROBE_NO_RUNNING_LOOP] = { "lp_lost", 0, FINDING(NO_RUNNING_LOOP),
				       .stage = LP_STAGE_LIFECYCLE, .by_address = true },
	[LP_PROBE_OTHER_LOOP] = { "lp_lost", 0, FINDING(OTHER_LOOP), .stage = LP_STAGE_LIFECYCLE,
				  .by_address = true },
	[LP_PROBE_LOOP_CLOSE] = { "lp_lost", 0, FINDING(PENDING_AT_CLOSE),
				  .stage = LP_STAGE_LIFECYCLE, .by_address = true },
	[LP_PROBE_C_LOOP_CLOSE] = { "lp_lost", 0, FINDING(PENDING_AT_CLOSE),
				    .stage = LP_STAGE_LIFECYCLE, .by_address = true },
	[LP_PROBE_TIMER] = { "lp_heap_push", 0, FINDING(WRONG_THREAD),
			     .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_C_LOOP_TIMER] = { "lp_uv_later", 0, FINDING(WRONG_THREAD),
				    .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_C_LOOP_THREADSAFE] = { "lp_uv_threadsafe", 0, FINDING(WRONG_THREAD),
					 .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_EXCEPTION] = { "lp_exception_made", 0, FINDING(CLOSED_LOOP),
				 .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_TASK_CANCEL] = { "lp_task_cancel", 0, FINDING(CANCELLED),
				   .stage = LP_STAGE_FINDINGS },
	[LP_PROBE_TASK_CANCELLED] = { "lp_task_cancelled", 0, FINDING(CANCELLED),
				      .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_TASK_CREATED] = { "lp_task_created", ORIGINS | LIFETIMES,
				    .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_TASK_ENDED] = { "lp_task_ended", LIFETIMES, .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_COROUTINE_CREATED] = { "lp_coroutine_created", ORIGINS,
					 .stage = LP_STAGE_LIFECYCLE },
};

static void check_run(unsigned int asked, uint32_t findings)
{
	const struct lp_session_config config = {
		.sampling = !(asked & TRACED),
		.queue = asked & QUEUE,
		.origins = asked & ORIGINS,
		.lifetimes = asked & LIFETIMES,
		.findings = findings,
	};
	size_t i;

	for (i = 0; i < LP_PROBE_ROLES; i++) {
		const char *program = role_program(&config, (enum lp_probe_role)i);
		const char *wanted = expected[i].wanted_by & asked || expected[i].finding & findings
					     ? expected[i].program
					     : NULL;

		if (wanted && i == LP_PROBE_DISPATCH && asked & QUEUE)
			wanted = "lp_context_queue";
		if (!wanted) {
			assert_null(program);
			continue;
		}
		assert_non_null(program);
		assert_string_equal(program, wanted);
	}
}

static void a_run_has_the_programs_that_it_asks_for(void **state)
{
	unsigned int asked, kind;

	(void)state;
	for (asked = 0; asked < 16; asked++) {
		check_run(asked, 0);
		check_run(asked, UINT32_MAX);
		for (kind = 0; kind < 32; kind++)
			check_run(asked, 1U << kind);
	}
}

static void roles_are_attached_as_ever(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LP_PROBE_ROLES; i++) {
		assert_int_equal(session_roles[i].need, expected[i].need);
		assert_int_equal(session_roles[i].stage, expected[i].stage);
		assert_int_equal(session_roles[i].in_bursts, expected[i].in_bursts);
		assert_int_equal(session_roles[i].each_callback, expected[i].each_callback);
		assert_int_equal(session_roles[i].by_address, expected[i].by_address);
	}
}

/* A program knows what it was hit for: it serves one role, or finds the role by the address. */
static void programs_know_their_role(void **state)
{
	size_t i, other;

	(void)state;
	for (i = 0; i < LP_PROBE_ROLES; i++)
		for (other = 0; other < LP_PROBE_ROLES; other++)
			if (other != i &&
			    !strcmp(session_roles[i].program, session_roles[other].program))
				assert_true(session_roles[i].by_address);
}

/* Bursts and the probes of the first stage begin before the object of findings is loaded. */
static void early_roles_are_not_of_the_object_of_findings(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < LP_PROBE_ROLES; i++) {
		if (session_roles[i].in_bursts)
			assert_int_equal(session_roles[i].stage, LP_STAGE_LOOPS);
		if (session_roles[i].stage == LP_STAGE_LOOPS)
			assert_int_not_equal(session_roles[i].object, LP_OBJECT_FINDINGS);
	}
}

static void each_program_is_in_its_object(void **state)
{
	struct loopprof_bpf *first = loopprof_bpf__open();
	struct lost_bpf *second = lost_bpf__open();
	struct c_loops_bpf *third = c_loops_bpf__open();
	size_t i;

	(void)state;
	assert_non_null(first);
	assert_non_null(second);
	assert_non_null(third);
	for (i = 0; i < LP_PROBE_ROLES; i++) {
		const struct lp_role *role = &session_roles[i];
		const struct bpf_object *object = role->object == LP_OBJECT_MAIN       ? first->obj
						  : role->object == LP_OBJECT_FINDINGS ? second->obj
										       : third->obj;

		assert_non_null(bpf_object__find_program_by_name(object, role->program));
		if (role->queue_program)
			assert_non_null(
				bpf_object__find_program_by_name(object, role->queue_program));
	}
	c_loops_bpf__destroy(third);
	lost_bpf__destroy(second);
	loopprof_bpf__destroy(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_has_the_programs_that_it_asks_for),
		cmocka_unit_test(roles_are_attached_as_ever),
		cmocka_unit_test(programs_know_their_role),
		cmocka_unit_test(early_roles_are_not_of_the_object_of_findings),
		cmocka_unit_test(each_program_is_in_its_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
