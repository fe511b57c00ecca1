// SPDX-License-Identifier: BSD-2-Clause
/*
 * The BPF objects that are loaded after the first one is attached, whose maps they share: the
 * programs for findings and for the origins and lifetimes of tasks, as findings may never occur and
 * must not delay the beginning of the run; the programs of loops written in C, which most runs
 * never meet; and the program of wakeups, which is needed when a loop waits for a lock whose holder
 * is not known.
 */
#include "session_internal.h"

#include "base/log.h"

#include "c_loops.skel.h"
#include "lost.skel.h"
#include "wakeups.skel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

/* The functions of a skeleton, of which each has its own type. */
struct skeleton_type {
	int (*open)(struct lp_late_object *late);
	int (*load)(const struct lp_late_object *late);
	void (*destroy)(const struct lp_late_object *late);
};

#define SKELETON_FUNCTIONS(name)                                                                   \
	static int name##_open(struct lp_late_object *late)                                        \
	{                                                                                          \
		struct name##_bpf *skeleton = name##_bpf__open();                                  \
                                                                                                   \
		if (!skeleton)                                                                     \
			return errno ? -errno : -ENOMEM;                                           \
		late->skeleton = skeleton;                                                         \
		late->object = skeleton->obj;                                                      \
		late->config = (struct lp_config *)&skeleton->rodata->lp_config;                   \
		late->stopped = &skeleton->bss->lp_stopped;                                        \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	static int name##_load(const struct lp_late_object *late)                                  \
	{                                                                                          \
		return name##_bpf__load(late->skeleton);                                           \
	}                                                                                          \
                                                                                                   \
	static void name##_destroy(const struct lp_late_object *late)                              \
	{                                                                                          \
		name##_bpf__destroy(late->skeleton);                                               \
	}

SKELETON_FUNCTIONS(lost)
SKELETON_FUNCTIONS(c_loops)
SKELETON_FUNCTIONS(wakeups)

static const struct skeleton_type skeletons[LP_OBJECTS] = {
	[LP_OBJECT_FINDINGS] = { lost_open, lost_load, lost_destroy },
	[LP_OBJECT_C_LOOPS] = { c_loops_open, c_loops_load, c_loops_destroy },
	[LP_OBJECT_WAKEUPS] = { wakeups_open, wakeups_load, wakeups_destroy },
};

static int choose_programs(struct lp_session *session, enum lp_role_object which)
{
	struct bpf_program *program;
	const char *name;
	size_t role;
	int err = 0;

	for (role = 0; !err && role < LP_PROBE_ROLES; role++) {
		name = role_program(&session->config, (enum lp_probe_role)role);
		if (!name || session_roles[role].object != which)
			continue;
		program = bpf_object__find_program_by_name(session->late[which].object, name);
		err = program ? bpf_program__set_autoload(program, true) : -ENOENT;
	}
	return err;
}

/*
 * Makes an object use the maps of the first one, by their names. Internal maps, which hold
 * constants, are not shared.
 */
static int share_maps(struct lp_session *session, struct bpf_object *object)
{
	struct bpf_map *map, *first;
	int err = 0;

	bpf_object__for_each_map(map, object)
	{
		if (bpf_map__is_internal(map))
			continue;
		first = bpf_object__find_map_by_name(session->skeleton->obj, bpf_map__name(map));
		err = first ? bpf_map__reuse_fd(map, bpf_map__fd(first)) : -ENOENT;
		if (err)
			return err;
	}
	return err;
}

static void free_object(struct lp_session *session, enum lp_role_object which)
{
	struct lp_late_object *late = &session->late[which];

	if (late->object)
		skeletons[which].destroy(late);
	late->object = NULL;
}

static int load(struct lp_session *session, enum lp_role_object which)
{
	struct lp_late_object *late = &session->late[which];
	int err = skeletons[which].open(late);

	if (err)
		return err;
	memcpy((void *)late->config, (const void *)&session->skeleton->rodata->lp_config,
	       sizeof(*late->config));
	err = choose_programs(session, which);
	if (!err)
		err = share_maps(session, late->object);
	return err ? err : skeletons[which].load(late);
}

int session_load_object(struct lp_session *session, enum lp_role_object which)
{
	struct lp_late_object *late = &session->late[which];

	if (which == LP_OBJECT_MAIN || late->object || late->refused)
		return late->refused;
	late->refused = load(session, which);
	if (late->refused)
		free_object(session, which);
	return late->refused;
}

bool session_load_findings_object(struct lp_session *session)
{
	const struct lp_session_config *config = &session->config;
	bool refused = session->late[LP_OBJECT_FINDINGS].refused;
	int err;

	if (!config->findings && !config->origins && !config->lifetimes)
		return false;
	err = session_load_object(session, LP_OBJECT_FINDINGS);
	if (err && !refused)
		log_warning(
			"the kernel refuses the BPF programs that find lost coroutines and tasks: %s; going on without (-vv shows the verifier's log)",
			strerror(-err));
	return !err;
}

struct bpf_object *session_object(const struct lp_session *session, enum lp_role_object which)
{
	return which == LP_OBJECT_MAIN ? session->skeleton->obj : session->late[which].object;
}

void session_free_late_objects(struct lp_session *session)
{
	size_t which;

	for (which = LP_OBJECT_MAIN + 1; which < LP_OBJECTS; which++)
		free_object(session, (enum lp_role_object)which);
}
