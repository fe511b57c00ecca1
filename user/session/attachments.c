// SPDX-License-Identifier: BSD-2-Clause
/* The probes of one process: those of each role are attached and detached here. */
#include "session_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "privileges/rights.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lp_attachment *session_attachment(const struct lp_session *session, pid_t pid)
{
	struct lp_attachment *attachment = session->attachments;

	while (attachment && attachment->pid != pid)
		attachment = attachment->next;
	return attachment;
}

/*
 * Returns the program of a role, or NULL if the run has none, or has not loaded its object.
 */
static struct bpf_program *program_for(const struct lp_session *session, enum lp_probe_role role)
{
	const struct bpf_object *object = session_object(session, session_roles[role].object);
	const char *name = role_program(&session->config, role);

	return name && object ? bpf_object__find_program_by_name(object, name) : NULL;
}

static int attach_place(struct lp_session *session, struct lp_attached_role *attached,
			struct bpf_program *program, const struct lp_probe *probe, size_t number,
			pid_t pid, bool *first)
{
	struct lp_site_key key = { .address = probe->places[number].address, .pid = (uint32_t)pid };
	const struct lp_attach_request request = { .program = bpf_program__fd(program),
						   .pid = pid,
						   .path = probe->path,
						   .known = &probe->file,
						   .offset = probe->places[number].offset };
	uint32_t role = probe->role;
	int result = -EXDEV;

	/* an earlier call attached this place, and a later place failed */
	if (attached->probes[number] || attached->shares[number])
		return 0;
	if (session_roles[role].by_address) {
		if (bpf_map_update_elem(bpf_map__fd(session->skeleton->maps.sites), &key, &role,
					BPF_ANY))
			return -errno;
		attached->addresses[number] = key.address;
	}
	/*
	 * a burst is for one process; with a shared probe the others that run the file would pay
	 * for it
	 */
	if (session->shared && probe->file.reach == LP_FILE_OF_HOST &&
	    !(session->config.budget > 0 && session_roles[role].in_bursts))
		result = shared_uprobes_attach(session->shared, &request, &attached->shares[number],
					       first);
	/* the worker that examined the file was wrong: only this process is probed */
	if (result == -EXDEV) {
		result = attacher_attach(session->attacher, &request, first);
		attached->probes[number] = result > 0 ? result : 0;
	}
	return result < 0 ? result : 0;
}

/* Sets the sentence for a probe that was not attached. Returns the error code. */
static int explain_failure(const struct lp_attacher *attacher, const struct lp_probe *probe,
			   pid_t pid, int err, struct lp_error *error)
{
	char failure[64];

	snprintf(failure, sizeof(failure), "cannot attach to process %d", pid);
	if (attacher_explain(attacher, err, failure, error))
		return err;
	switch (err) {
	case -ESTALE:
		return error_set(
			error, err,
			"%s is not probed in process %d: the file that it has mapped there was exchanged or changed after it was examined",
			probe->function, pid);
	case -EBUSY:
		return error_set(
			error, err,
			"%s yet: to put a probe on %s, the kernel waits for another process that uses the same file and is stuck in the kernel, mostly in a page fault; nothing else is attached until that process goes on. End it: ps -eo pid,wchan:32,comm lists it, often with request_wait_answer (a FUSE or network file system that does not answer)",
			failure, probe->function);
	case -ETIMEDOUT:
		/* to the callers it is the same: the probe is attached later */
		return error_set(
			error, -EBUSY,
			"%s now: reading its memory got no answer; it is tried again by itself",
			failure);
	case -EDQUOT:
		/* to the callers it is the same: the probe is attached later */
		return error_set(
			error, -EBUSY,
			"%s for some seconds: it, or processes of the same service or container, have made the kernel wait for too long before it put in a probe (their threads map and unmap memory all the time, or wait for a file system that does not answer); nothing is to be done, as it is tried again by itself",
			failure);
	case -EPERM:
	case -EACCES:
		return rights_refuse(error, err, LP_RIGHT_PROBES, failure);
	case -ENOENT:
		if (access(LP_UPROBES_PATH, R_OK))
			return error_set(
				error, err,
				"%s: the kernel offers no uprobes (there is no " LP_UPROBES_PATH
				"): use a kernel with CONFIG_UPROBE_EVENTS=y and a mounted /sys, or -m sample --find none",
				failure);
		return error_set(error, err, "%s: %s", failure, strerror(-err));
	default:
		return error_set(error, err, "%s: %s%s", failure, strerror(-err),
				 err == -EMFILE ? "; allow more (ulimit -n, LimitNOFILE=)" : "");
	}
}

static int attach_probe(struct lp_session *session, struct lp_attachment *attachment,
			struct bpf_program *program, const struct lp_probe *probe,
			struct lp_error *error)
{
	struct lp_attached_role *attached = &attachment->roles[probe->role];
	bool first = false;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < probe->count; i++)
		err = attach_place(session, attached, program, probe, i, attachment->pid, &first);
	attached->resolved = !err;
	if (err)
		err = explain_failure(session->attacher, probe, attachment->pid, err, error);
	/* others that wait for the same process are not reported */
	if (first)
		log_process("%s", error->text);
	return err;
}

void session_detach_role(struct lp_session *session, struct lp_attachment *attachment,
			 enum lp_probe_role role)
{
	struct lp_attached_role *attached = &attachment->roles[role];
	struct lp_site_key key = { .pid = (uint32_t)attachment->pid };
	size_t place;

	for (place = 0; place < LP_PROBE_SITES; place++) {
		attacher_detach(session->attacher, attached->probes[place]);
		shared_uprobes_release(attached->shares[place], clock_now());
		key.address = attached->addresses[place];
		if (key.address)
			bpf_map_delete_elem(bpf_map__fd(session->skeleton->maps.sites), &key);
	}
	free(attached->probe);
	memset(attached, 0, sizeof(*attached));
}

/* Stores a role's probe for the bursts, each of which attaches it. */
static int store_probe(struct lp_attached_role *attached, const struct lp_probe *probe,
		       struct lp_error *error)
{
	size_t bytes = strlen(probe->function) + 1;

	attached->probe = malloc(sizeof(*probe) + bytes);
	if (!attached->probe)
		return error_set(error, -ENOMEM, "out of memory");
	*attached->probe = *probe;
	/* the name belongs to the examination, which is freed before the next burst */
	attached->probe->function = memcpy(attached->probe + 1, probe->function, bytes);
	return 0;
}

/* Finds a role's probe in the last examination, and attaches it unless bursts do. */
static int find_and_attach(struct lp_session *session, struct lp_attachment *attachment,
			   const struct lp_instance *instance, enum lp_probe_role role,
			   struct lp_error *error)
{
	struct lp_attached_role *attached = &attachment->roles[role];
	struct lp_probe probe;
	int err;

	err = instance->runtime->find_probe(instance, role, &probe, error);
	if (err)
		return err;
	err = session_load_object(session, session_roles[role].object);
	if (err)
		return error_set(
			error, err,
			"the kernel refuses the BPF programs for %s: %s (-vv shows the verifier's log)",
			probe.function, strerror(-err));
	attached->stepped = !probe.emulated;
	/* other probes are hit seldom, or were requested by an option whose cost is documented */
	if (!probe.emulated && session_roles[role].each_callback)
		log_process(
			"the kernel emulates no instruction near the entry of %s in process %d: each hit will cost it several times as much as usual",
			probe.function, instance->pid);
	if (session_roles[role].in_bursts && session->config.budget > 0) {
		err = store_probe(attached, &probe, error);
		if (err || attachment->burst != LP_BURST_ON)
			return err;
	}
	return attach_probe(session, attachment, program_for(session, role), &probe, error);
}

int session_attach_role(struct lp_session *session, struct lp_attachment *attachment,
			const struct lp_instance *instance, enum lp_probe_role role,
			struct lp_error *error)
{
	struct lp_attached_role *attached = &attachment->roles[role];
	int err = 0;

	if (!role_program(&session->config, role) || attached->resolved)
		return 0;
	/* with bursts the probe was found before; in this burst the kernel may have been busy */
	if (!attached->probe)
		err = find_and_attach(session, attachment, instance, role, error);
	else if (attachment->burst == LP_BURST_ON)
		err = attach_probe(session, attachment, program_for(session, role), attached->probe,
				   error);
	/* all places of the role are found again, as they are valid for one state of the file */
	if (err == -ESTALE)
		session_detach_role(session, attachment, role);
	return err;
}

bool session_has_callback_probes(const struct lp_attachment *attachment)
{
	size_t role;

	for (role = 0; role < LP_PROBE_ROLES; role++)
		if (session_roles[role].need == LP_ROLE_INDISPENSABLE &&
		    attachment->roles[role].probe)
			return true;
	return false;
}

int session_attach_callback_probes(struct lp_session *session, struct lp_attachment *attachment,
				   struct lp_error *error)
{
	size_t role;
	int err = 0;

	for (role = 0; !err && role < LP_PROBE_ROLES; role++) {
		const struct lp_attached_role *attached = &attachment->roles[role];

		if (attached->probe && !attached->resolved)
			err = attach_probe(session, attachment,
					   program_for(session, (enum lp_probe_role)role),
					   attached->probe, error);
	}
	return err;
}

void session_discard_callback_probes(struct lp_session *session, struct lp_attachment *attachment)
{
	size_t role;

	for (role = 0; role < LP_PROBE_ROLES; role++)
		if (attachment->roles[role].probe)
			session_detach_role(session, attachment, (enum lp_probe_role)role);
	attachment->must_be_examined = session->must_be_examined = true;
}

pid_t session_next_to_examine(struct lp_session *session)
{
	struct lp_attachment *attachment;

	for (attachment = session->attachments; session->must_be_examined && attachment;
	     attachment = attachment->next) {
		if (attachment->must_be_examined) {
			attachment->must_be_examined = false;
			return attachment->pid;
		}
	}
	session->must_be_examined = false;
	return 0;
}

void session_detach_callback_probes(struct lp_session *session, struct lp_attachment *attachment)
{
	size_t role, place;

	for (role = 0; role < LP_PROBE_ROLES; role++) {
		struct lp_attached_role *attached = &attachment->roles[role];

		if (!session_roles[role].in_bursts)
			continue;
		for (place = 0; place < LP_PROBE_SITES; place++) {
			attacher_detach(session->attacher, attached->probes[place]);
			attached->probes[place] = 0;
		}
		attached->resolved = false;
	}
}
