/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session's table of probe roles, with one row per role. Probes are attached in the order of
 * enum lp_probe_role, which has no other meaning.
 */
#ifndef LP_SESSION_ROLES_H
#define LP_SESSION_ROLES_H

#include "session.h"

enum lp_role_object {
	LP_OBJECT_MAIN, /* the first BPF object, of session.c */
	LP_OBJECT_FINDINGS, /* the second BPF object, of findings_object.c */
};

/* The consequence for a process if the probe cannot be attached. */
enum lp_role_need {
	LP_ROLE_OPTIONAL, /* the process is profiled without it, after a warning */
	/*
	 * the process is not profiled, but with -EBADMSG, false data of the process, as
	 * LP_ROLE_OPTIONAL
	 */
	LP_ROLE_NEEDED,
	/* the process is not profiled, and the probe has to be found at once */
	LP_ROLE_INDISPENSABLE,
};

/* When the probe is attached. */
enum lp_role_stage {
	LP_STAGE_LOOPS, /* when the process is added */
	LP_STAGE_FINDINGS, /* once the second BPF object is loaded */
	/* as LP_STAGE_FINDINGS, and LP_FACT_FINDINGS of the process is known */
	LP_STAGE_LIFECYCLE,
};

struct lp_role {
	const char *program; /* name of the BPF program */
	/* name of the program in its place with --queue; NULL: the same */
	const char *queue_program;
	enum lp_role_object object;
	/* Returns whether a run with this configuration needs the probe. */
	bool (*is_wanted)(const struct lp_session_config *config, const struct lp_role *role);
	/* the kind of finding that needs the probe, if is_wanted is is_found */
	enum lp_finding_kind finding;
	/* value of its addresses in the map sites; 0: they are not in the map */
	enum lp_finding_site place;
	enum lp_role_need need;
	enum lp_role_stage stage;
	bool in_bursts; /* the probe times callbacks: with a budget it is attached in bursts only */
};

extern const struct lp_role session_roles[LP_PROBE_ROLES];

/* Returns the name of the BPF program that serves a role in a run, or NULL if the run has none. */
const char *role_program(const struct lp_session_config *config, enum lp_probe_role role);

#endif /* LP_SESSION_ROLES_H */
