// SPDX-License-Identifier: BSD-2-Clause
/*
 * The second BPF object has the programs for findings and for the origins and lifetimes of tasks.
 * It shares the maps of the first object. It is loaded after that one is attached, as findings may
 * never occur and must not delay the beginning of the run.
 */
#include "session_internal.h"

#include "base/log.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

static int choose_programs(struct lp_session *session)
{
	struct bpf_program *program;
	const char *name;
	size_t role;
	int err = 0;

	for (role = 0; !err && role < LP_PROBE_ROLES; role++) {
		name = role_program(&session->config, (enum lp_probe_role)role);
		if (!name || session_roles[role].object != LP_OBJECT_FINDINGS)
			continue;
		program = bpf_object__find_program_by_name(session->findings_object->obj, name);
		err = program ? bpf_program__set_autoload(program, true) : -ENOENT;
	}
	return err;
}

/*
 * Makes the second object use the maps of the first one, by their names. Internal maps, which hold
 * constants, are not shared.
 */
static int share_maps(struct lp_session *session)
{
	struct bpf_map *map, *first;
	int err = 0;

	bpf_object__for_each_map(map, session->findings_object->obj)
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

static int load(struct lp_session *session)
{
	int err;

	session->findings_object = lost_bpf__open();
	if (!session->findings_object)
		return errno ? -errno : -ENOMEM;
	memcpy((void *)&session->findings_object->rodata->lp_config,
	       (const void *)&session->skeleton->rodata->lp_config, sizeof(struct lp_config));
	err = choose_programs(session);
	if (!err)
		err = share_maps(session);
	return err ? err : lost_bpf__load(session->findings_object);
}

bool session_load_findings_object(struct lp_session *session)
{
	const struct lp_session_config *config = &session->config;
	int err;

	if (session->findings_object)
		return true;
	if (session->findings_object_refused ||
	    (!config->findings && !config->origins && !config->lifetimes))
		return false;
	err = load(session);
	if (!err)
		return true;
	session_free_findings_object(session);
	session->findings_object_refused = true;
	log_warning(
		"the kernel refuses the BPF programs that find lost coroutines and tasks: %s; going on without (-vv shows the verifier's log)",
		strerror(-err));
	return false;
}

void session_free_findings_object(struct lp_session *session)
{
	lost_bpf__destroy(session->findings_object);
	session->findings_object = NULL;
}
