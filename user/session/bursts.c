// SPDX-License-Identifier: BSD-2-Clause
/*
 * With --budget the probes that time callbacks are attached in bursts, for each process separately,
 * as an attached uprobe costs its trap even if its program does nothing. Between bursts the loops
 * are sampled.
 *
 * At the beginning of a burst the probes are attached before trace_ns of its loops is set. At the
 * end trace_ns is cleared first, and the probes are detached once each loop's thread has noticed
 * that between two callbacks. So every callback that is timed is timed from its beginning to its
 * end.
 */
#include "session_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"

#include <errno.h>
#include <stdlib.h>

/*
 * The longest wait in ns for the loops of a process to notice the end of a burst. A callback may
 * last longer, and its neighbours pay for the probes meanwhile.
 */
#define PATIENCE_NS (300 * NS_PER_MS)
#define ENDING_CHECK_NS (10 * NS_PER_MS)
/*
 * The least time in ns between two beginnings of bursts. Attaching takes tens of milliseconds, in
 * which the ring buffer is not read.
 */
#define BEGIN_GAP_NS (100 * NS_PER_MS)
/* The least time in ns to the next beginning if the kernel did not finish with the last one. */
#define BUSY_GAP_NS (1000 * NS_PER_MS)
/* The same for a process that is refused for some time, in ns. */
#define REFUSED_GAP_NS (10 * NS_PER_S)
/* The time in ns after which a process whose probes could not be attached is tried again. */
#define FAILED_GAP_NS (60 * NS_PER_S)
/* A process that is added begins with a burst if fewer processes than this are in one. */
#define AT_ONCE 4
#define GRID_NS (10 * NS_PER_MS)
#define IDLE_WAIT_NS (1000 * NS_PER_MS)

static struct lp_loop *loop_at(const struct lp_session *session, uint32_t slot)
{
	return mapped_array_at(&session->loops, slot);
}

void session_open_bursts(struct lp_session *session, struct lp_attachment *attachment)
{
	const struct lp_attachment *other;
	uint64_t now = clock_now();
	size_t bursts = 0;

	if (session->config.budget <= 0)
		return;
	allowance_open(&attachment->allowance, session->config.budget, now);
	for (other = session->attachments; other; other = other->next)
		bursts += other->burst == LP_BURST_ON;
	if (bursts >= AT_ONCE || session->without_bursts)
		return;
	attachment->burst = LP_BURST_ON;
	session->costs.bursts++;
	allowance_begin(&attachment->allowance, now);
}

/* Handles a burst that could not begin, so that a later one does. */
static void put_off(struct lp_session *session, struct lp_attachment *attachment,
		    const struct lp_error *error, uint64_t now)
{
	attachment->burst = LP_BURST_NONE;
	session_detach_callback_probes(session, attachment);
	switch (error->code) {
	case -EBUSY: /* which was reported */
		attachment->begin_ns = now + REFUSED_GAP_NS;
		/* else the process alone is refused, and others may begin theirs */
		if (attacher_busy(session->attacher))
			session->begin_ns = now + BUSY_GAP_NS;
		return;
	case -ESTALE:
		log_detail(
			"a probed file of process %d was changed or exchanged, and is examined again",
			attachment->pid);
		session_discard_callback_probes(session, attachment);
		return;
	case -EPIPE: /* which session_sweep reports */
		break;
	default:
		if (!attachment->reported)
			log_warning("%s; going on with samples alone for now", error->text);
		attachment->reported = true;
	}
	attachment->begin_ns = now + FAILED_GAP_NS;
}

static void begin(struct lp_session *session, struct lp_attachment *attachment)
{
	struct lp_error error = { .code = 0 };
	uint64_t now;
	uint32_t slot;
	int err;

	attachment->burst = LP_BURST_ON;
	err = session_attach_callback_probes(session, attachment, &error);
	now = clock_now();
	session->begin_ns = now + BEGIN_GAP_NS;
	if (err) {
		put_off(session, attachment, &error, now);
		return;
	}
	session->costs.bursts++;
	/* the cost since the last call belongs to no burst */
	allowance_spend(&attachment->allowance, session_book(session, attachment), now);
	allowance_begin(&attachment->allowance, now);
	for (slot = attachment->loops; slot != LP_NO_SLOT; slot = session->accounts[slot].next)
		session_join_burst(session, slot);
	log_detail("a burst begins in process %d", attachment->pid);
}

static void end(struct lp_session *session, struct lp_attachment *attachment, uint64_t now)
{
	uint32_t slot;

	attachment->burst = LP_BURST_ENDING;
	attachment->patience_ns = now + PATIENCE_NS;
	for (slot = attachment->loops; slot != LP_NO_SLOT; slot = session->accounts[slot].next)
		session_join_burst(session, slot);
}

/*
 * Ends the burst of a loop whose thread has not noticed the end, as it polls, has left the loop or
 * is in a long callback.
 */
static void cut(struct lp_session *session, uint32_t slot, uint64_t now)
{
	struct lp_loop *loop = loop_at(session, slot);
	uint64_t start = loop->start_ns;

	loop->last_handle = 0;
	loop->last_sampled_ns = start ? start : now;
	loop->context = 0;
	/* a callback that is running counts as sampled; its stack is needed to identify it */
	loop->cut = start != 0;
	if (!loop->traced_until_ns)
		loop->traced_until_ns = start ? start : now;
	__atomic_store_n(&loop->sampled, 1, __ATOMIC_RELEASE);
}

/*
 * Returns whether every loop has noticed the end of the burst. One that polls or has left the loop
 * cannot notice it and is cut off, and so is every other one after PATIENCE_NS.
 */
static bool all_have_noticed(struct lp_session *session, const struct lp_attachment *attachment,
			     uint64_t now)
{
	bool patient = now < attachment->patience_ns;
	uint32_t slot;

	for (slot = attachment->loops; slot != LP_NO_SLOT; slot = session->accounts[slot].next) {
		struct lp_loop *loop = loop_at(session, slot);

		if (__atomic_load_n(&loop->sampled, __ATOMIC_ACQUIRE))
			continue;
		if (patient && !loop->poll_start_ns && !loop->outside)
			return false;
		cut(session, slot, now);
	}
	return true;
}

static void finish(struct lp_session *session, struct lp_attachment *attachment, uint64_t now)
{
	uint32_t slot;

	session_detach_callback_probes(session, attachment);
	attachment->burst = LP_BURST_NONE;
	for (slot = attachment->loops; slot != LP_NO_SLOT; slot = session->accounts[slot].next)
		session_harvest_burst(session, slot);
	allowance_end(&attachment->allowance, (uint32_t)rand(), now);
	log_detail("the burst is over in process %d, it took %.1f %% of the time", attachment->pid,
		   100 * attachment->allowance.rate);
}

/*
 * Returns the longest time in ns that a loop of the process was ready to run without a CPU since
 * the last call.
 */
static double waited_ns(struct lp_session *session, const struct lp_attachment *attachment)
{
	uint64_t most = 0;
	uint32_t slot;

	for (slot = attachment->loops; slot != LP_NO_SLOT; slot = session->accounts[slot].next) {
		uint64_t *booked = &session->accounts[slot].run_queue_ns;
		uint64_t all = session_stall(session, slot)->run_queue_ns;

		if (all > *booked && all - *booked > most)
			most = all - *booked;
		*booked = all;
	}
	return (double)most;
}

/*
 * Returns the instant of a process's next turn, in about wait_ns. It lies on a grid that all
 * processes share, so that the turns of many processes need one wake-up.
 */
static uint64_t next_turn(uint64_t now, uint64_t wait_ns)
{
	uint64_t grid = GRID_NS;

	while (grid * 2 <= wait_ns)
		grid *= 2;
	return (now / grid + 1) * grid;
}

static void turn(struct lp_session *session, struct lp_attachment *attachment, uint64_t now)
{
	struct lp_allowance *allowance = &attachment->allowance;
	bool may_begin = !session->without_bursts;

	allowance_spend(allowance, session_book(session, attachment), now);
	allowance_set_removal(allowance, attacher_delay_ns(session->attacher));
	allowance_starved(allowance, waited_ns(session, attachment));
	if (attachment->burst == LP_BURST_ON && (!may_begin || allowance_must_end(allowance, now)))
		end(session, attachment, now);
	if (attachment->burst == LP_BURST_ENDING && all_have_noticed(session, attachment, now))
		finish(session, attachment, now);
	if (attachment->burst == LP_BURST_NONE && may_begin &&
	    session_has_callback_probes(attachment) && allowance_may_begin(allowance) &&
	    now >= session->begin_ns && now >= attachment->begin_ns)
		begin(session, attachment);
	attachment->turn_ns = next_turn(now, attachment->burst == LP_BURST_ENDING
						     ? ENDING_CHECK_NS
						     : allowance_wait_ns(allowance));
}

void session_allow_bursts(struct lp_session *session, bool allowed)
{
	session->without_bursts = !allowed;
}

uint64_t session_turn_bursts(struct lp_session *session, uint64_t now)
{
	struct lp_attachment *attachment;
	uint64_t next = now + IDLE_WAIT_NS;

	if (session->config.budget <= 0)
		return UINT64_MAX;
	for (attachment = session->attachments; attachment; attachment = attachment->next) {
		if (now >= attachment->turn_ns)
			turn(session, attachment, now);
		if (attachment->turn_ns < next)
			next = attachment->turn_ns;
	}
	return next;
}
