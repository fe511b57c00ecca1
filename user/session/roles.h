/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the session knows of each role that a probe may have: one row a role.  The order of
 * enum lp_probe_role has no meaning but that probes are attached in it.
 */
#ifndef LP_SESSION_ROLES_H
#define LP_SESSION_ROLES_H

#include "session.h"

enum lp_role_object {
	LP_OBJECT_MAIN, /* the BPF object of session.c */
	LP_OBJECT_FINDINGS, /* the second one, of late.c */
};

/* What happens to a process for which the probe cannot be attached. */
enum lp_role_need {
	LP_ROLE_OPTIONAL, /* it is profiled without, after a warning */
	LP_ROLE_NEEDED, /* it is not profiled, unless its own data are false */
	LP_ROLE_INDISPENSABLE, /* it is not profiled, nor is the probe waited for */
};

/* When the probe is attached. */
enum lp_role_stage {
	LP_STAGE_LOOPS, /* with the process */
	LP_STAGE_FINDINGS, /* once the programs that find lost things are loaded */
	LP_STAGE_LIFECYCLE, /* then, once struct lp_lifecycle of the process is known as well */
};

struct lp_role {
	const char *program; /* name of its BPF program */
	const char *queue_program; /* the one in its place with --queue, or NULL */
	enum lp_role_object object;
	/* Does a run need the probe? */
	bool (*is_wanted)(const struct lp_session_config *config, const struct lp_role *role);
	enum lp_finding_kind finding; /* that it is wanted for, where that is of a finding */
	enum lp_finding_site place; /* its addresses are in the map places as this; 0: not there */
	enum lp_role_need need;
	enum lp_role_stage stage;
	bool in_bursts; /* it times callbacks: with a budget it is attached in bursts only */
};

extern const struct lp_role session_roles[LP_PROBE_ROLES];

/* The name of the BPF program that serves a role in a run, or NULL: the run has none for it. */
const char *role_program(const struct lp_session_config *config, enum lp_probe_role role);

#endif /* LP_SESSION_ROLES_H */
