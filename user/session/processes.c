// SPDX-License-Identifier: BSD-2-Clause
/* The profiled processes: adding one, attaching more probes as it loads libraries, removing it. */
#include "session_internal.h"

#include "base/clocks.h"
#include "base/log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/*
 * Returns whether the process cannot be profiled without the probe. -EBADMSG, false data of the
 * process, affects only the results of that process.
 */
static bool is_needed(const struct lp_role *role, int err)
{
	return role->need == LP_ROLE_INDISPENSABLE ||
	       (role->need == LP_ROLE_NEEDED && err != -EBADMSG);
}

struct lp_open_roles session_open_roles(const struct lp_session *session, pid_t pid, bool all)
{
	const struct lp_attachment *attachment = session_attachment(session, pid);
	struct lp_open_roles open = { 0 };
	size_t i;

	for (i = 0; i < LP_PROBE_ROLES; i++) {
		const struct lp_role *role = &session_roles[i];

		if ((role->stage != LP_STAGE_LOOPS && !all) ||
		    !role_program(&session->config, (enum lp_probe_role)i) ||
		    (attachment && (attachment->roles[i].resolved || attachment->roles[i].probe)))
			continue;
		open.roles |= 1U << i;
		if (role->stage != LP_STAGE_LOOPS)
			open.lost |= 1U << i;
		if (role->stage == LP_STAGE_LIFECYCLE)
			open.later |= 1U << i;
	}
	return open;
}

void session_detach(struct lp_session *session, struct lp_attachment *attachment)
{
	size_t role;

	while (attachment->loops != LP_NO_SLOT)
		session_forget_loop(session, attachment->loops);
	for (role = 0; role < LP_PROBE_ROLES; role++)
		session_detach_role(session, attachment, (enum lp_probe_role)role);
	free(attachment);
}

/*
 * Gives the programs a part of what they need of a process, once it is known. Returns whether they
 * have it.
 */
static bool report_fact(struct lp_session *session, struct lp_attachment *attachment,
			const struct lp_instance *instance, enum lp_fact fact)
{
	int map = bpf_map__fd(session->skeleton->maps.processes);
	uint32_t key = (uint32_t)instance->pid;
	struct lp_process process;

	if (attachment->facts >> fact & 1)
		return true;
	if (bpf_map_lookup_elem(map, &key, &process) ||
	    instance->runtime->find_fact(instance, fact, &process.facts) ||
	    bpf_map_update_elem(map, &key, &process, BPF_EXIST))
		return false;
	attachment->facts |= 1U << fact;
	return true;
}

/* Gives the programs what they need of loops, before the probes can be hit. */
static void report_loop_facts(struct lp_session *session, struct lp_attachment *attachment,
			      const struct lp_instance *instance)
{
	report_fact(session, attachment, instance, LP_FACT_KINDS);
	report_fact(session, attachment, instance, LP_FACT_LOOPS);
}

/*
 * Warns that a probe could not be attached, once per role if many processes are profiled. Repeated
 * warnings appear with -v only, and so do those about a process that has ended meanwhile, and all
 * of them once nothing can be attached any more, which has its own message.
 */
static void warn(struct lp_session *session, pid_t pid, enum lp_probe_role role,
		 const struct lp_error *error)
{
	if (kill(pid, 0) || error->code == -EPIPE ||
	    (session->shared && session->warned >> role & 1)) {
		log_detail("%s", error->text);
		return;
	}
	session->warned |= 1U << role;
	log_warning("%s", error->text);
}

/* Counts a process whose memory and files disagree, once. */
static void count_refusal(struct lp_session *session, struct lp_attachment *attachment)
{
	if (!attachment->disagrees) {
		session->disagreeing++;
		session->costs.attach_failures++;
	}
	attachment->disagrees = true;
}

/*
 * Returns whether a role is tried again after an error: its probe is not found yet (-EAGAIN), the
 * kernel has to finish with another one (-EBUSY), or its file has to be examined again (-ESTALE).
 */
static bool is_tried_again(int err)
{
	return err == -EAGAIN || err == -EBUSY || err == -ESTALE;
}

/*
 * Attaches the roles of the stages from first to last. Returns the number of roles whose probes
 * cannot be found yet, or a negative errno.
 */
static int attach_roles(struct lp_session *session, struct lp_attachment *attachment,
			const struct lp_instance *instance, enum lp_role_stage first,
			enum lp_role_stage last, struct lp_error *error)
{
	int err, open = 0;
	size_t role;

	for (role = 0; role < LP_PROBE_ROLES; role++) {
		const struct lp_role *row = &session_roles[role];

		if (row->stage < first || row->stage > last)
			continue;
		/* attaching may take so long that a burst would exceed its allowance meanwhile */
		if (!row->in_bursts)
			session_turn_bursts(session, clock_now());
		err = session_attach_role(session, attachment, instance, (enum lp_probe_role)role,
					  error);
		/* -ENODEV: the probe is searched for again when a loop begins to run */
		if (err == -ENODEV)
			continue;
		if (is_tried_again(err)) {
			if (row->need == LP_ROLE_INDISPENSABLE)
				return err;
			open++;
			continue;
		}
		if (err == -EBADMSG)
			count_refusal(session, attachment);
		if (err && is_needed(row, err)) {
			/* a process that is added already goes on without the probe */
			attachment->roles[role].resolved = true;
			return err;
		}
		if (err) {
			/* the run goes on without this probe */
			warn(session, instance->pid, (enum lp_probe_role)role, error);
			attachment->roles[role].resolved = true;
		}
	}
	return open;
}

int session_complete_process(struct lp_session *session, const struct lp_instance *instance,
			     struct lp_error *error)
{
	struct lp_attachment *attachment = session_attachment(session, instance->pid);
	int open, early, lost;

	if (!attachment)
		return -ESRCH;
	report_loop_facts(session, attachment, instance);
	open = attach_roles(session, attachment, instance, LP_STAGE_LOOPS, LP_STAGE_LOOPS, error);
	if (is_tried_again(open))
		return 1;
	if (open < 0 || !session_load_findings_object(session))
		return open;
	early = attach_roles(session, attachment, instance, LP_STAGE_FINDINGS, LP_STAGE_FINDINGS,
			     error);
	if (early < 0)
		return early;
	if (!report_fact(session, attachment, instance, LP_FACT_FINDINGS))
		return open + early + 1;
	lost = attach_roles(session, attachment, instance, LP_STAGE_FINDINGS, LP_STAGE_LIFECYCLE,
			    error);
	return lost < 0 ? lost : open + lost;
}

void session_follow_process(struct lp_session *session, pid_t pid, bool watch)
{
	struct lp_process_filter *filter = mapped_array_at(&session->filter, 0);
	uint32_t bits = (uint32_t)pid % LP_FILTER_BYTES;

	/* other processes may have the same lowest bits */
	if (watch)
		session->followed[bits]++;
	else if (session->followed[bits])
		session->followed[bits]--;
	__atomic_store_n(&filter->targets[bits], session->followed[bits] != 0, __ATOMIC_RELEASE);
}

int session_add_process(struct lp_session *session, const struct lp_instance *instance,
			uint64_t owner, uint64_t threshold_ns, struct lp_error *error)
{
	struct lp_attachment *attachment = calloc(1, sizeof(*attachment));
	struct lp_process process = {
		.layout = instance->layout,
		.threshold_ns = threshold_ns,
		.late_ns = session_late_ns(threshold_ns),
	};
	uint32_t key = (uint32_t)instance->pid;
	int err;

	if (!attachment)
		return error_set(error, -ENOMEM, "out of memory");
	process.holding = holdings_add(&session->holdings, instance->pid, owner);
	/* a process without an element would have no limits */
	err = process.holding ? 0 : -ENOSPC;
	if (!err && bpf_map_update_elem(bpf_map__fd(session->skeleton->maps.processes), &key,
					&process, BPF_ANY))
		err = -errno;
	if (err) {
		error_set(error, err, "process %d is over the limit of %d processes at once",
			  instance->pid, LP_MAX_PROCESSES);
		holdings_remove(&session->holdings, instance->pid);
		free(attachment);
		return err;
	}
	attachment->pid = instance->pid;
	attachment->loops = LP_NO_SLOT;
	attachment->next = session->attachments;
	session->attachments = attachment;
	session_open_bursts(session, attachment);
	report_loop_facts(session, attachment, instance);
	err = attach_roles(session, attachment, instance, LP_STAGE_LOOPS, LP_STAGE_LOOPS, error);
	if (err >= 0)
		return 0;
	if (err != -EBADMSG && !is_tried_again(err))
		session->costs.attach_failures++;
	session_remove_process(session, instance->pid);
	return err;
}

void session_count_unattached(struct lp_session *session)
{
	session->costs.attach_failures++;
}

void session_sweep(struct lp_session *session, uint64_t now)
{
	switch (attacher_turn(session->attacher)) {
	case LP_ATTACHER_FREE:
		log_process("the kernel attaches probes again");
		break;
	case LP_ATTACHER_ENDED:
		session->failed = true;
		break;
	case LP_ATTACHER_SAME:
		break;
	}
	if (session->shared)
		shared_uprobes_sweep(session->shared, now);
}

bool session_has_failed(const struct lp_session *session)
{
	return session->failed;
}

bool session_knows_loops(const struct lp_session *session, pid_t pid)
{
	const struct lp_attachment *attachment = session_attachment(session, pid);

	return attachment && attachment->facts >> LP_FACT_LOOPS & 1;
}

void session_remove_process(struct lp_session *session, pid_t pid)
{
	struct lp_attachment **at = &session->attachments, *attachment;
	uint32_t key = (uint32_t)pid;

	attachment = session_attachment(session, pid);
	if (attachment)
		session_book(session, attachment);
	bpf_map_delete_elem(bpf_map__fd(session->skeleton->maps.processes), &key);
	holdings_remove(&session->holdings, pid);
	while ((attachment = *at)) {
		if (attachment->pid == pid) {
			*at = attachment->next;
			session_detach(session, attachment);
			return;
		}
		at = &attachment->next;
	}
}
