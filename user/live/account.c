// SPDX-License-Identifier: BSD-2-Clause
#include "account.h"

#include "base/macros.h"

/* The limit of attempts to read the counters while no iteration ends. */
#define READS 4

static uint64_t load(const __u64 *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

/* Returns the time of all ended iterations and of the one in progress. */
static uint64_t read_busy(const struct lp_loop *loop, uint64_t now_ns)
{
	uint64_t busy_ns = 0, start_ns = 0;
	int i;

	for (i = 0; i < READS; i++) {
		start_ns = load(&loop->iteration_start_ns);
		busy_ns = load(&loop->busy_ns);
		if (load(&loop->iteration_start_ns) == start_ns && load(&loop->busy_ns) == busy_ns)
			break;
	}
	return start_ns && start_ns < now_ns ? busy_ns + (now_ns - start_ns) : busy_ns;
}

void account_read(struct lp_window *window, const struct lp_loop *loop, uint64_t now_ns,
		  struct lp_event_loop_stats *stats)
{
	uint64_t start_ns = loop->wall_start_ns;
	uint64_t wall_ns = start_ns && now_ns > start_ns ? now_ns - start_ns : 0;
	uint64_t busy_ns = read_busy(loop, now_ns), most_ns;

	if (wall_ns < window->wall_ns)
		wall_ns = window->wall_ns;
	/* neither busy nor idle time may decrease, or grow by more than the time since the last
	 * report */
	most_ns = window->busy_ns + (wall_ns - window->wall_ns);
	if (busy_ns > most_ns)
		busy_ns = most_ns;
	if (busy_ns < window->busy_ns)
		busy_ns = window->busy_ns;
	window->wall_ns = wall_ns;
	window->busy_ns = busy_ns;
	stats->event.time_ns = start_ns ? start_ns + wall_ns : now_ns;
	stats->wall_start_ns = start_ns;
	stats->busy_ns = busy_ns;
	stats->idle_ns = wall_ns - busy_ns;
	stats->iterations = saturating_sub(load(&loop->iterations), load(&loop->unslept));
	stats->callbacks = loop->callbacks;
	stats->slow = loop->slow_callbacks;
	stats->iteration = loop->iteration;
}

/* Returns the time since start_ns, or 0 if it is less than least_ns. */
static uint64_t late_duration(uint64_t start_ns, uint64_t now_ns, uint64_t least_ns)
{
	uint64_t ns = start_ns && now_ns > start_ns ? now_ns - start_ns : 0;

	return ns >= least_ns ? ns : 0;
}

bool account_open(const struct lp_loop *loop, uint64_t now_ns, struct lp_open *open)
{
	uint64_t start_ns = load(&loop->start_ns);
	uint32_t callback = loop->callback;

	/* as in BPF, a slow callback within which an eager task runs counts as that task */
	if (start_ns && loop->eager_start_ns == start_ns)
		callback = loop->eager_callback;
	open->in_bursts = false;
	open->callback = callback < LP_MAX_CALLBACKS ? callback : 0;
	open->callback_ns = late_duration(start_ns, now_ns, loop->threshold_ns);
	open->iteration_ns =
		late_duration(load(&loop->iteration_start_ns), now_ns, loop->threshold_ns);
	/* BPF is counting the callback: it has ended */
	if (__atomic_load_n(&loop->reporting, __ATOMIC_ACQUIRE))
		open->callback_ns = 0;
	return open->callback_ns || open->iteration_ns;
}

bool account_is_slow(const struct lp_open *open, uint32_t callback)
{
	return open->callback_ns && open->callback == callback;
}

void account_close(const struct lp_open *open, struct lp_event_loop_stats *stats)
{
	if (open->callback_ns)
		stats->slow++;
	if (open->iteration_ns)
		lp_histogram_add(&stats->iteration, open->iteration_ns);
}

void account_close_callback(const struct lp_open *open, const struct lp_loop *loop,
			    struct lp_event_callback_stats *stats)
{
	if (!account_is_slow(open, stats->callback))
		return;
	stats->slow++;
	/*
	 * as in BPF, with bursts a histogram has the callbacks that were traced and the one that
	 * was running when the loop was detected
	 */
	if (open->in_bursts && loop->sampled && loop->detected_segment_ns != loop->start_ns)
		return;
	lp_histogram_add(&stats->run, open->callback_ns);
}
