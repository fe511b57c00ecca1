/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session's view of the table of probe roles, bpf/wire/probe_roles.inc. Probes are attached in
 * the order of its rows, on which nothing depends.
 */
#ifndef LP_SESSION_ROLES_H
#define LP_SESSION_ROLES_H

#include "session.h"

enum lp_role_object {
	LP_OBJECT_MAIN, /* the first BPF object, of session.c */
	LP_OBJECT_FINDINGS, /* findings, origins and lifetimes of tasks: late_objects.c */
	LP_OBJECT_C_LOOPS, /* loops written in C: late_objects.c */
	LP_OBJECT_WAKEUPS, /* who wakes a loop, which no role is for: wakeups.c */
	LP_OBJECTS,
};

/* What a run is asked for, by which it needs the probes of a role: bits. */
enum lp_wanted_by {
	LP_WANTED_BY_TRACE = 1, /* trace mode: every callback is timed */
	LP_WANTED_BY_QUEUE = 2, /* --queue */
	LP_WANTED_BY_ORIGINS = 4, /* --origins */
	LP_WANTED_BY_LIFETIMES = 8, /* --lifetimes */
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

/* When the probe is attached; the values are in the order of time. */
enum lp_role_stage {
	LP_STAGE_LOOPS, /* when the process is added */
	LP_STAGE_FINDINGS, /* once the BPF object of findings is loaded */
	/* as LP_STAGE_FINDINGS, and LP_FACT_FINDINGS of the process is known */
	LP_STAGE_LIFECYCLE,
};

struct lp_role {
	const char *program; /* name of the BPF program */
	/* name of the program in its place with --queue; NULL: the same */
	const char *queue_program;
	enum lp_role_object object;
	uint32_t wanted_by; /* the probe is needed by any of these, enum lp_wanted_by */
	uint32_t findings; /* or by any of these kinds of findings: bits, 1 << enum lp_finding_kind */
	enum lp_role_need need;
	enum lp_role_stage stage;
	bool in_bursts; /* the probe times callbacks: with a budget it is attached in bursts only */
	bool each_callback; /* each callback hits the probe */
	/* the program serves several roles, which it distinguishes by the map sites */
	bool by_address;
};

extern const struct lp_role session_roles[LP_PROBE_ROLES];

/* Returns the name of the BPF program that serves a role in a run, or NULL if the run has none. */
const char *role_program(const struct lp_session_config *config, enum lp_probe_role role);

#endif /* LP_SESSION_ROLES_H */
