// SPDX-License-Identifier: BSD-2-Clause
/*
 * --budget: the probes that time callbacks are attached in bursts, a process at a time, as
 * an attached uprobe costs its trap even where its program does nothing.  In between the
 * loops are sampled.
 *
 * When a burst begins the probes come first, then its loops are told (trace_ns); when it
 * ends they are told first, and the probes go once each has seen it between two callbacks.
 * So whatever is timed is timed from its beginning to its end.
 */
#include "session_internal.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"

#include <bpf/libbpf.h>
#include <stdlib.h>

/* A thread that is in one callback for so long, and has neighbours that pay for waiting. */
#define PATIENCE_NS (300 * NS_PER_MS)
#define ENDING_CHECK_NS (10 * NS_PER_MS)
/* To attach takes tens of milliseconds, in which nobody empties the ring buffer. */
#define BEGIN_GAP_NS (100 * NS_PER_MS)
/* So many processes may begin their first burst as they are found. */
#define AT_ONCE 4
#define GRID_NS (10 * NS_PER_MS)
#define IDLE_WAIT_NS (1000 * NS_PER_MS)

static struct lp_loop *loop_at(const struct lp_session *session, uint32_t slot)
{
	return mapped_array_at(&session->loops, slot);
}

/* Takes over what a burst that is over was long, so that the next one may begin. */
static void harvest(struct lp_session *session, uint32_t slot)
{
	struct lp_loop *loop = loop_at(session, slot);
	uint64_t since = loop->traced_since_ns, until = loop->traced_until_ns;

	if (since && until > since)
		session->accounts[slot].traced_ns += until - since;
	loop->traced_since_ns = 0;
	loop->traced_until_ns = 0;
}

bool session_in_bursts(const struct lp_session *session)
{
	return session->config.budget > 0;
}

void session_join_burst(struct lp_session *session, uint32_t slot)
{
	const struct lp_attachment *attachment = session->accounts[slot].attachment;
	struct lp_loop *loop = loop_at(session, slot);

	if (session->config.budget <= 0 || !attachment)
		return;
	if (attachment->burst != LP_BURST_ON) {
		__atomic_store_n(&loop->trace_ns, 0, __ATOMIC_RELEASE);
	} else if (!loop->trace_ns) {
		harvest(session, slot);
		__atomic_store_n(&loop->trace_ns, clock_now(), __ATOMIC_RELEASE);
	}
}

uint64_t session_traced_ns(const struct lp_session *session, uint32_t slot, uint64_t now)
{
	const struct lp_loop *loop = session_loop(session, slot);
	uint64_t traced, since, until;

	if (!loop || session->config.sampling || !loop->wall_start_ns)
		return 0;
	if (session->config.budget <= 0)
		return now > loop->wall_start_ns ? now - loop->wall_start_ns : 0;
	traced = session->accounts[slot].traced_ns;
	since = loop->traced_since_ns;
	until = loop->traced_until_ns ? loop->traced_until_ns : now;
	/* it polls since before its probes came, so that none of its callbacks is missing */
	if (!since && loop->trace_ns && loop->poll_start_ns) {
		since = loop->poll_start_ns > loop->trace_ns ? loop->poll_start_ns : loop->trace_ns;
		until = now;
	}
	return since && until > since ? traced + (until - since) : traced;
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
	if (bursts >= AT_ONCE)
		return;
	attachment->burst = LP_BURST_ON;
	session->costs.bursts++;
	allowance_begin(&attachment->allowance, now);
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
		log_warning("%s; going on with samples alone", error.text);
		attachment->refused = true;
		attachment->burst = LP_BURST_NONE;
		session_detach_callback_probes(session, attachment);
		return;
	}
	session->costs.bursts++;
	/* what came in between was no burst's */
	allowance_spend(&attachment->allowance, session_book(session, attachment), now);
	allowance_begin(&attachment->allowance, now);
	for (slot = attachment->loops; slot != LP_NO_SLOT; slot = session->accounts[slot].next)
		session_join_burst(session, slot);
	log_detail("pid %d: a burst begins", attachment->pid);
}

static void end(struct lp_session *session, struct lp_attachment *attachment, uint64_t now)
{
	uint32_t slot;

	attachment->burst = LP_BURST_ENDING;
	attachment->patience_ns = now + PATIENCE_NS;
	for (slot = attachment->loops; slot != LP_NO_SLOT; slot = session->accounts[slot].next)
		session_join_burst(session, slot);
}

/* Its thread polls, does other things, or takes long over what it began in the burst. */
static void cut(struct lp_session *session, uint32_t slot, uint64_t now)
{
	struct lp_loop *loop = loop_at(session, slot);
	uint64_t start = loop->start_ns;

	loop->last_handle = 0;
	loop->last_sampled_ns = start ? start : now;
	loop->context = 0;
	/* a callback that runs counts as sampled; which one it is has to be seen on its stack */
	loop->cut = start != 0;
	if (!loop->traced_until_ns)
		loop->traced_until_ns = start ? start : now;
	__atomic_store_n(&loop->sampled, 1, __ATOMIC_RELEASE);
}

/* Has every loop seen that the burst is over?  Who cannot is not waited for. */
static bool all_know(struct lp_session *session, const struct lp_attachment *attachment,
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
		harvest(session, slot);
	allowance_end(&attachment->allowance, (uint32_t)rand(), now);
	log_detail("pid %d: the burst is over, it took %.1f %% of the time", attachment->pid,
		   100 * attachment->allowance.rate);
}

/* For how long the loop that waited most had work and no CPU, since it was asked last. */
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
 * The moment of a process's next turn, in about so many ns, on a grid that is the same for
 * all processes, so that the turns of many are one wake-up.
 */
static uint64_t next_turn(uint64_t now, uint64_t wait_ns)
{
	uint64_t grid = GRID_NS;

	while (grid * 2 <= wait_ns)
		grid *= 2;
	return (now / grid + 1) * grid;
}

static void turn(struct lp_session *session, struct lp_attachment *attachment, bool may_begin,
		 uint64_t now)
{
	struct lp_allowance *allowance = &attachment->allowance;

	allowance_spend(allowance, session_book(session, attachment), now);
	allowance_set_leave(allowance, link_closer_delay_ns(session->link_closer));
	allowance_starved(allowance, waited_ns(session, attachment));
	if (attachment->burst == LP_BURST_ON && (!may_begin || allowance_must_end(allowance, now)))
		end(session, attachment, now);
	if (attachment->burst == LP_BURST_ENDING && all_know(session, attachment, now))
		finish(session, attachment, now);
	if (attachment->burst == LP_BURST_NONE && may_begin && !attachment->refused &&
	    attachment->roles[LP_PROBE_DISPATCH].probe && allowance_may_begin(allowance) &&
	    now >= session->begin_ns)
		begin(session, attachment);
	attachment->turn_ns = next_turn(now, attachment->burst == LP_BURST_ENDING
						     ? ENDING_CHECK_NS
						     : allowance_wait_ns(allowance));
}

uint64_t session_turn_bursts(struct lp_session *session, bool may_begin, uint64_t now)
{
	struct lp_attachment *attachment;
	uint64_t next = now + IDLE_WAIT_NS;

	if (session->config.budget <= 0)
		return UINT64_MAX;
	for (attachment = session->attachments; attachment; attachment = attachment->next) {
		if (now >= attachment->turn_ns)
			turn(session, attachment, may_begin, now);
		if (attachment->turn_ns < next)
			next = attachment->turn_ns;
	}
	return next;
}
