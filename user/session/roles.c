// SPDX-License-Identifier: BSD-2-Clause
#include "roles.h"

const struct lp_role session_roles[LP_PROBE_ROLES] = {
#define LP_ROLE(name, ...) [LP_PROBE_##name] = { __VA_ARGS__ },
#include "../../bpf/wire/probe_roles.inc"
};

/* Returns what a run is asked for, as bits of enum lp_wanted_by. */
static uint32_t asked_for(const struct lp_session_config *config)
{
	return (config->sampling ? 0 : LP_WANTED_BY_TRACE) |
	       (config->queue ? LP_WANTED_BY_QUEUE : 0) |
	       (config->origins ? LP_WANTED_BY_ORIGINS : 0) |
	       (config->lifetimes ? LP_WANTED_BY_LIFETIMES : 0);
}

const char *role_program(const struct lp_session_config *config, enum lp_probe_role role)
{
	const struct lp_role *row = &session_roles[role];

	if (!(row->wanted_by & asked_for(config)) && !(row->findings & config->findings))
		return NULL;
	return config->queue && row->queue_program ? row->queue_program : row->program;
}
