// SPDX-License-Identifier: BSD-2-Clause
#include "roles.h"

static bool is_traced(const struct lp_session_config *config, const struct lp_role *role)
{
	(void)role;
	return !config->sampling;
}

static bool is_queue(const struct lp_session_config *config, const struct lp_role *role)
{
	(void)role;
	return config->queue;
}

static bool is_found(const struct lp_session_config *config, const struct lp_role *role)
{
	return config->findings >> role->finding & 1;
}

static bool has_origins(const struct lp_session_config *config, const struct lp_role *role)
{
	(void)role;
	return config->origins;
}

static bool has_lifetimes(const struct lp_session_config *config, const struct lp_role *role)
{
	(void)role;
	return config->lifetimes;
}

static bool has_either(const struct lp_session_config *config, const struct lp_role *role)
{
	return has_origins(config, role) || has_lifetimes(config, role);
}

#define LOST(kind, where, when)                                                                    \
	{                                                                                          \
		.program = "lp_lost", .object = LP_OBJECT_FINDINGS, .is_wanted = is_found,         \
		.finding = (kind), .place = (where), .stage = (when),                              \
	}

const struct lp_role session_roles[LP_PROBE_ROLES] = {
	[LP_PROBE_DISPATCH] = { .program = "lp_context_run",
				.queue_program = "lp_context_queue",
				.is_wanted = is_traced,
				.need = LP_ROLE_INDISPENSABLE,
				.in_bursts = true },
	[LP_PROBE_RUNNING_LOOP] = { .program = "lp_running_loop",
				    .is_wanted = is_traced,
				    .need = LP_ROLE_NEEDED,
				    .in_bursts = true },
	[LP_PROBE_READY] = { .program = "lp_deque_append",
			     .is_wanted = is_queue,
			     .need = LP_ROLE_NEEDED,
			     .in_bursts = true },
	[LP_PROBE_DISPATCH_HANDLE] = { .program = "lp_uv_handle",
				       .is_wanted = is_traced,
				       .in_bursts = true },
	[LP_PROBE_DISPATCH_TIMER] = { .program = "lp_uv_timer",
				      .is_wanted = is_traced,
				      .in_bursts = true },
	[LP_PROBE_DISPATCH_METHOD] = { .program = "lp_uv_method",
				       .is_wanted = is_traced,
				       .in_bursts = true },
	/*
	 * Coroutines are recognised without LP_FACT_FINDINGS, and a program may drop its first one
	 * at once.
	 */
	[LP_PROBE_NEVER_AWAITED] =
		LOST(LP_FINDING_NEVER_AWAITED, LP_SITE_NEVER_AWAITED, LP_STAGE_FINDINGS),
	[LP_PROBE_NEVER_RETRIEVED] =
		LOST(LP_FINDING_NEVER_RETRIEVED, LP_SITE_NEVER_RETRIEVED, LP_STAGE_LIFECYCLE),
	[LP_PROBE_DESTROYED_PENDING] =
		LOST(LP_FINDING_DESTROYED_PENDING, LP_SITE_DESTROYED_PENDING, LP_STAGE_LIFECYCLE),
	[LP_PROBE_NO_RUNNING_LOOP] =
		LOST(LP_FINDING_NO_RUNNING_LOOP, LP_SITE_NO_RUNNING_LOOP, LP_STAGE_LIFECYCLE),
	[LP_PROBE_OTHER_LOOP] = LOST(LP_FINDING_OTHER_LOOP, LP_SITE_OTHER_LOOP, LP_STAGE_LIFECYCLE),
	[LP_PROBE_LOOP_CLOSE] =
		LOST(LP_FINDING_PENDING_AT_CLOSE, LP_SITE_LOOP_CLOSE, LP_STAGE_LIFECYCLE),
	[LP_PROBE_C_LOOP_CLOSE] =
		LOST(LP_FINDING_PENDING_AT_CLOSE, LP_SITE_C_LOOP_CLOSE, LP_STAGE_LIFECYCLE),
	[LP_PROBE_TIMER] = { .program = "lp_heap_push",
			     .is_wanted = is_found,
			     .finding = LP_FINDING_WRONG_THREAD,
			     .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_C_LOOP_TIMER] = { .program = "lp_uv_later",
				    .is_wanted = is_found,
				    .finding = LP_FINDING_WRONG_THREAD,
				    .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_C_LOOP_THREADSAFE] = { .program = "lp_uv_threadsafe",
					 .is_wanted = is_found,
					 .finding = LP_FINDING_WRONG_THREAD,
					 .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_EXCEPTION] = { .program = "lp_exception_made",
				 .object = LP_OBJECT_FINDINGS,
				 .is_wanted = is_found,
				 .finding = LP_FINDING_CLOSED_LOOP,
				 .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_TASK_CREATED] = { .program = "lp_task_created",
				    .object = LP_OBJECT_FINDINGS,
				    .is_wanted = has_either,
				    .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_TASK_ENDED] = { .program = "lp_task_ended",
				  .object = LP_OBJECT_FINDINGS,
				  .is_wanted = has_lifetimes,
				  .stage = LP_STAGE_LIFECYCLE },
	[LP_PROBE_COROUTINE_CREATED] = { .program = "lp_coroutine_created",
					 .object = LP_OBJECT_FINDINGS,
					 .is_wanted = has_origins,
					 .stage = LP_STAGE_LIFECYCLE },
};

const char *role_program(const struct lp_session_config *config, enum lp_probe_role role)
{
	const struct lp_role *row = &session_roles[role];

	if (!row->is_wanted(config, row))
		return NULL;
	return config->queue && row->queue_program ? row->queue_program : row->program;
}
