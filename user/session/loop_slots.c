// SPDX-License-Identifier: BSD-2-Clause
/*
 * The slots of loops and callbacks in the BPF maps: they are assigned, filled in, read and released
 * here.
 */
#include "session_internal.h"

#include "base/clocks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The time in ns after which programs that had found their loop before have ended. */
#define PROGRAMS_NS 1000000
/* A callback is late, and is sampled, after this part of the threshold. */
#define LATE_PART 10
#define LATE_LEAST_NS 100000
/*
 * The number of causes that are read at once. The kernel returns -ENOSPC if a bucket of its hash
 * has more (kernel/bpf/hashtab.c: __htab_map_lookup_and_delete_batch).
 */
#define CAUSE_BATCH 256

uint64_t session_late_ns(uint64_t threshold_ns)
{
	uint64_t late_ns = threshold_ns / LATE_PART;

	return late_ns > LATE_LEAST_NS ? late_ns : LATE_LEAST_NS;
}

/* Enters a thread into the index of loops, as lp_index_thread does in BPF. */
static void index_thread(struct lp_session *session, uint32_t tid, uint32_t slot)
{
	struct lp_thread_bucket *bucket =
		mapped_array_at(&session->buckets, lp_thread_bucket_of(tid));
	size_t i;

	for (i = 0; i < LP_BUCKET_THREADS; i++) {
		if (bucket->tids[i])
			continue;
		bucket->slots[i] = slot;
		__atomic_store_n(&bucket->tids[i], tid, __ATOMIC_RELEASE);
		return;
	}
}

/* Stores the facts of a loop word by word, as programs may read them meanwhile. */
static void fill_facts(struct lp_loop *loop, const struct lp_running_loop *running)
{
	__u64 *to = (__u64 *)&loop->facts;
	const __u64 *from = (const __u64 *)&running->facts;
	size_t i;

	_Static_assert(sizeof(loop->facts) % sizeof(*to) == 0, "words");
	for (i = 0; i < sizeof(loop->facts) / sizeof(*to); i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
}

static void fill_loop(struct lp_loop *loop, const struct lp_running_loop *running)
{
	fill_facts(loop, running);
	loop->kind = running->kind;
	loop->object = running->object;
	loop->base_frame = 0;
	loop->poll_descriptor = running->descriptor;
	loop->own_descriptor = running->descriptor != 0;
}

int session_find_loop(const struct lp_session *session, pid_t tid)
{
	uint32_t slot, key = (uint32_t)tid;

	return bpf_map_lookup_elem(bpf_map__fd(session->skeleton->maps.loop_slots), &key, &slot)
		       ? -ENOENT
		       : (int)slot;
}

/* Makes BPF report the next poll of the thread, whose report may be limited otherwise. */
static void forget_poller(struct lp_session *session, pid_t tid)
{
	uint32_t key = (uint32_t)tid;

	bpf_map_delete_elem(bpf_map__fd(session->skeleton->maps.pollers), &key);
}

bool session_update_loop(struct lp_session *session, uint32_t slot,
			 const struct lp_running_loop *running)
{
	struct lp_loop *loop = mapped_array_at(&session->loops, slot);

	if (loop->object == running->object) {
		/* the loop's class may have been patched since the last call */
		fill_facts(loop, running);
		return false;
	}
	fill_loop(loop, running);
	forget_poller(session, running->tid);
	return true;
}

int session_add_loop(struct lp_session *session, const struct lp_instance *instance,
		     const struct lp_running_loop *running, uint64_t threshold_ns)
{
	uint32_t slot, key = (uint32_t)running->tid;
	uint32_t holding = holdings_find(&session->holdings, instance->pid);
	struct lp_loop *loop;
	char path[64];

	if (session_find_loop(session, running->tid) >= 0)
		return -EEXIST;
	if (!holdings_may_loop(&session->holdings, holding))
		return -EDQUOT;
	if (bpf_map_lookup_and_delete_elem(bpf_map__fd(session->skeleton->maps.free_loops), NULL,
					   &slot))
		return -ENOSPC;
	loop = mapped_array_at(&session->loops, slot);
	holdings_loop(&session->holdings, holding, 1);
	loop->holding = holding;
	loop->pid = (uint32_t)instance->pid;
	loop->tid = key;
	loop->thread_state = running->thread_state;
	loop->created_ns = clock_now();
	loop->wall_start_ns = loop->created_ns;
	loop->threshold_ns = threshold_ns;
	loop->late_ns = session_late_ns(threshold_ns);
	loop->sampled = session->config.sampling || session->config.budget > 0;
	loop->layout = instance->layout;
	fill_loop(loop, running);
	/* BPF_NOEXIST: the thread may have become a loop by itself in this moment */
	if (bpf_map_update_elem(bpf_map__fd(session->skeleton->maps.loop_slots), &key, &slot,
				BPF_NOEXIST)) {
		int err = -errno;

		session_release_loop(session, slot);
		return err;
	}
	index_thread(session, key, slot);
	forget_poller(session, running->tid);
	snprintf(path, sizeof(path), "/proc/%d/task/%d", instance->pid, running->tid);
	if (access(path, F_OK)) {
		/* the thread has ended meanwhile, and its number may be given to another thread */
		session_release_loop(session, slot);
		return -ESRCH;
	}
	return (int)slot;
}

bool session_refuse_loop(struct lp_session *session, pid_t pid, pid_t tid, bool own_share)
{
	int map = bpf_map__fd(session->skeleton->maps.refused_loops);
	uint32_t number = holdings_find(&session->holdings, pid), key = (uint32_t)tid, before;

	if (!bpf_map_lookup_elem(map, &key, &before) && before == number)
		return false;
	if (bpf_map_update_elem(map, &key, &number, BPF_ANY))
		return false;
	if (own_share)
		holdings_limit(&session->holdings, number, LP_LIMITED_LOOPS, 1);
	session_lose(session, LP_LOST_LOOPS, 1);
	return true;
}

uint32_t session_take_callback(struct lp_session *session, uint32_t slot, uint64_t identity,
			       uint64_t check, bool *is_new)
{
	int slots = bpf_map__fd(session->skeleton->maps.callback_slots);
	int unused = bpf_map__fd(session->skeleton->maps.free_callbacks);
	struct lp_callback_key key = { .identity = identity, .loop = slot };
	struct lp_callback_value value;

	*is_new = false;
	if (!bpf_map_lookup_elem(slots, &key, &value) && value.check == check)
		return value.callback;
	value = (struct lp_callback_value){ .check = check };
	if (bpf_map_lookup_and_delete_elem(unused, NULL, &value.callback)) {
		session_lose(session, LP_LOST_CALLBACKS, 1);
		return 0;
	}
	if (bpf_map_update_elem(slots, &key, &value, BPF_ANY)) {
		bpf_map_update_elem(unused, NULL, &value.callback, BPF_ANY);
		session_lose(session, LP_LOST_CALLBACKS, 1);
		return 0;
	}
	*is_new = true;
	return value.callback;
}

/* Returns whether BPF has noticed a boundary of the loop meanwhile, so that its state is newer. */
static bool is_under_way(const struct lp_loop *loop)
{
	return loop->iteration_start_ns || loop->poll_start_ns || loop->start_ns ||
	       loop->callbacks || loop->iterations;
}

/*
 * Clears an instant that was stored as value, unless BPF has stored another one since. Returns
 * whether it was cleared.
 */
static bool take_back(__u64 *at, uint64_t value)
{
	__u64 expected = value;

	return __atomic_compare_exchange_n(at, &expected, 0, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* Records a wait whose cause is known. */
static void begin_wait(struct lp_wait_state *stall, uint64_t now_ns,
		       const struct lp_segment_begun *begun)
{
	stall->account.account.segment_ns = now_ns;
	stall->account.account.blocks[0] = begun->block;
	stall->account.account.block_count = 1;
	stall->iteration_ns = now_ns;
	stall->wait = begun->wait;
	stall->wait.segment_ns = now_ns;
	stall->wait.iteration_ns = now_ns;
	/* the time that the thread waits for a CPU at the end of the wait is not known */
	stall->wait.delayed = 1;
	stall->wait.migrations = UINT64_MAX;
	__atomic_store_n(&stall->wait.since_ns, now_ns, __ATOMIC_RELEASE);
}

bool session_begin_segment(struct lp_session *session, uint32_t slot, uint64_t now_ns,
			   const struct lp_segment_begun *begun)
{
	struct lp_wait_state *stall = mapped_array_at(&session->stalls, slot);
	struct lp_loop *loop = mapped_array_at(&session->loops, slot);

	if (is_under_way(loop))
		return false;
	if (begun->state == LP_DETECTED_POLLING) {
		if (!loop->base_frame)
			loop->base_frame = begun->frame;
		__atomic_store_n(&loop->poll_start_ns, now_ns, __ATOMIC_RELEASE);
		return true;
	}
	loop->sampled = 1;
	loop->queue_delay_ns = LP_NO_QUEUE_DELAY;
	/* a callback that a sample discovers in this iteration as its first begins at this instant */
	loop->detected_segment_ns = now_ns;
	if (begun->state == LP_DETECTED_CALLBACK && begun->blocked) {
		begin_wait(stall, now_ns, begun);
		loop->callbacks = 1;
		loop->iteration_callbacks = 1;
		loop->callback = begun->callback;
		loop->task = begun->task;
		/* BPF recognises it at its first sample by its callable and its task */
		loop->cut = begun->callback != 0;
		__atomic_store_n(&loop->start_ns, now_ns, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&loop->iteration_start_ns, now_ns, __ATOMIC_RELEASE);
	/* the loop has begun to poll in this moment, so that no iteration is under way */
	if (__atomic_load_n(&loop->poll_start_ns, __ATOMIC_ACQUIRE)) {
		take_back(&loop->iteration_start_ns, now_ns);
		take_back(&loop->start_ns, now_ns);
	}
	return true;
}

void session_count_eager(struct lp_session *session, uint32_t slot, uint64_t start_ns,
			 uint32_t callback)
{
	struct lp_loop *loop = mapped_array_at(&session->loops, slot);

	/* BPF must not find the callback of another start */
	__atomic_store_n(&loop->eager_start_ns, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&loop->eager_callback, callback, __ATOMIC_RELEASE);
	__atomic_store_n(&loop->eager_start_ns, start_ns, __ATOMIC_RELEASE);
}

bool session_take_poll_back(struct lp_session *session, uint32_t slot, uint64_t now_ns)
{
	struct lp_loop *loop = mapped_array_at(&session->loops, slot);

	return take_back(&loop->poll_start_ns, now_ns);
}

static void unindex_thread(struct lp_session *session, uint32_t tid, uint32_t slot)
{
	struct lp_thread_bucket *bucket =
		mapped_array_at(&session->buckets, lp_thread_bucket_of(tid));
	size_t i;

	for (i = 0; i < LP_BUCKET_THREADS; i++)
		if (bucket->tids[i] == tid && bucket->slots[i] == slot)
			__atomic_store_n(&bucket->tids[i], 0, __ATOMIC_RELEASE);
}

uint64_t session_stop(struct lp_session *session)
{
	const struct timespec running = { .tv_nsec = PROGRAMS_NS };
	uint64_t now;
	size_t i;

	__atomic_store_n(&session->skeleton->bss->lp_stopped, 1, __ATOMIC_RELEASE);
	for (i = 0; i < LP_OBJECTS; i++)
		if (session->late[i].object)
			__atomic_store_n(session->late[i].stopped, 1, __ATOMIC_RELEASE);
	memset(mapped_array_at(&session->buckets, 0), 0, session->buckets.bytes);
	now = clock_now();
	nanosleep(&running, NULL);
	return now;
}

void session_loop_began(struct lp_session *session, uint32_t slot, pid_t pid)
{
	struct lp_attachment *attachment = session_attachment(session, pid);
	struct lp_loop_costs *account = &session->accounts[slot];

	if (!attachment || account->attachment)
		return;
	account->attachment = attachment;
	account->next = attachment->loops;
	attachment->loops = slot;
	session_join_burst(session, slot);
}

void session_forget_loop(struct lp_session *session, uint32_t slot)
{
	struct lp_loop_costs *account = &session->accounts[slot];
	uint32_t *at;

	if (!account->attachment)
		return;
	session_book_loop(session, slot);
	for (at = &account->attachment->loops; *at != slot; at = &session->accounts[*at].next)
		;
	*at = account->next;
	account->attachment = NULL;
}

/* --inner: the programs have learned types of the process, which another one has elsewhere. */
static void forget_chain(struct lp_session *session, uint32_t slot)
{
	static const union lp_awaiting unknown;

	if (session->config.inner)
		bpf_map_update_elem(bpf_map__fd(session->skeleton->maps.await_chains), &slot,
				    &unknown, BPF_ANY);
}

void session_release_loop(struct lp_session *session, uint32_t slot)
{
	int slots = bpf_map__fd(session->skeleton->maps.loop_slots);
	const struct lp_loop *loop = mapped_array_at(&session->loops, slot);
	uint32_t tid = loop->tid, holding = loop->holding, found;

	/*
	 * The thread may go on, or have ended before the loop was entered; BPF must not find the
	 * slot by its number.
	 */
	if (tid && !bpf_map_lookup_elem(slots, &tid, &found) && found == slot)
		bpf_map_delete_elem(slots, &tid);
	unindex_thread(session, tid, slot);
	session_forget_loop(session, slot);
	memset(&session->accounts[slot], 0, sizeof(session->accounts[slot]));
	memset(mapped_array_at(&session->loops, slot), 0, session->loops.element);
	memset(mapped_array_at(&session->stalls, slot), 0, session->stalls.element);
	forget_chain(session, slot);
	holdings_loop(&session->holdings, holding, -1);
	bpf_map_update_elem(bpf_map__fd(session->skeleton->maps.free_loops), NULL, &slot, BPF_ANY);
}

void session_release_callback(struct lp_session *session, uint32_t slot,
			      const struct lp_callback_key *key, pid_t pid)
{
	const struct lp_loop *loop = session_loop(session, key->loop);
	uint32_t holding = loop && loop->pid == (uint32_t)pid
				   ? loop->holding
				   : holdings_find(&session->holdings, pid);

	bpf_map_delete_elem(bpf_map__fd(session->skeleton->maps.callback_slots), key);
	memset(mapped_array_at(&session->callbacks, slot), 0, session->callbacks.element);
	if (session->config.queue)
		memset(mapped_array_at(&session->queues, slot), 0, session->queues.element);
	holdings_callback(&session->holdings, holding, -1);
	bpf_map_update_elem(bpf_map__fd(session->skeleton->maps.free_callbacks), NULL, &slot,
			    BPF_ANY);
}

void session_drop_iteration(struct lp_session *session, uint32_t slot)
{
	struct lp_wait_state *stall;
	struct lp_loop *loop;

	if (slot >= mapped_array_capacity(&session->loops) ||
	    slot >= mapped_array_capacity(&session->stalls))
		return;
	loop = mapped_array_at(&session->loops, slot);
	stall = mapped_array_at(&session->stalls, slot);
	__atomic_store_n(&loop->start_ns, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&loop->iteration_start_ns, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&stall->wait.since_ns, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&stall->wait.off_ns, 0, __ATOMIC_RELEASE);
}

void session_watch_loop(struct lp_session *session, uint32_t slot, bool watch)
{
	struct lp_loop *loop;

	if (slot >= mapped_array_capacity(&session->loops))
		return;
	loop = mapped_array_at(&session->loops, slot);
	if (watch)
		__atomic_store_n(&loop->ready_descriptor, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&loop->watched, watch, __ATOMIC_RELEASE);
}

const struct lp_loop *session_loop(const struct lp_session *session, uint32_t slot)
{
	return slot < mapped_array_capacity(&session->loops)
		       ? mapped_array_at(&session->loops, slot)
		       : NULL;
}

const struct lp_wait_state *session_stall(const struct lp_session *session, uint32_t slot)
{
	return slot < mapped_array_capacity(&session->stalls)
		       ? mapped_array_at(&session->stalls, slot)
		       : NULL;
}

const struct lp_callback_stats *session_callback(const struct lp_session *session, uint32_t slot)
{
	return slot < mapped_array_capacity(&session->callbacks)
		       ? mapped_array_at(&session->callbacks, slot)
		       : NULL;
}

const struct lp_queue_stats *session_queue(const struct lp_session *session, uint32_t slot)
{
	if (!session->config.queue || slot >= mapped_array_capacity(&session->queues))
		return NULL;
	return mapped_array_at(&session->queues, slot);
}

uint64_t session_lost(const struct lp_session *session, enum lp_lost_kind kind)
{
	return *(const uint64_t *)mapped_array_at(&session->lost, kind);
}

void session_expect(struct lp_session *session, const struct lp_event_raw_finding *finding)
{
	const struct lp_object_key key = {
		.object = lp_asking_hash(finding->frames, finding->depth),
		.pid = finding->event.pid,
	};
	const __u32 expected = 1;

	bpf_map_update_elem(bpf_map__fd(session->skeleton->maps.expected), &key, &expected,
			    BPF_ANY);
}

void session_lose(struct lp_session *session, enum lp_lost_kind kind, uint64_t count)
{
	__atomic_fetch_add((uint64_t *)mapped_array_at(&session->lost, kind), count,
			   __ATOMIC_RELAXED);
}

void session_limit(struct lp_session *session, pid_t pid, enum lp_limited_kind kind, uint64_t count)
{
	holdings_limit(&session->holdings, holdings_find(&session->holdings, pid), kind, count);
}

bool session_limited(const struct lp_session *session, pid_t pid, uint64_t *counts)
{
	uint32_t number = holdings_find(&session->holdings, pid);

	if (number)
		memcpy(counts, session->holdings.items[number].limited,
		       sizeof(session->holdings.items[number].limited));
	return number != 0;
}

void session_take_causes(struct lp_session *session, lp_cause_taker take, void *context)
{
	int map = bpf_map__fd(session->skeleton->maps.causes), err;
	struct lp_cause_key keys[CAUSE_BATCH], position;
	struct lp_cause_value values[CAUSE_BATCH];
	bool first = true;
	uint32_t count, i;

	holdings_no_causes(&session->holdings);
	do {
		count = CAUSE_BATCH;
		err = bpf_map_lookup_and_delete_batch(map, first ? NULL : &position, &position,
						      keys, values, &count, NULL);
		if (err && errno != ENOENT)
			return;
		for (i = 0; i < count; i++)
			if (values[i].count)
				take(context, &keys[i], &values[i]);
		first = false;
	} while (!err);
}

/* ---- bursts of --budget ------------------------------------------------------------ */

void session_harvest_burst(struct lp_session *session, uint32_t slot)
{
	struct lp_loop *loop = mapped_array_at(&session->loops, slot);
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
	struct lp_loop *loop = mapped_array_at(&session->loops, slot);

	if (session->config.budget <= 0 || !attachment)
		return;
	if (attachment->burst != LP_BURST_ON) {
		__atomic_store_n(&loop->trace_ns, 0, __ATOMIC_RELEASE);
	} else if (!loop->trace_ns) {
		session_harvest_burst(session, slot);
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
	/* a loop that was polling when its probes were attached has missed none of its callbacks */
	if (!since && loop->trace_ns && loop->poll_start_ns) {
		since = loop->poll_start_ns > loop->trace_ns ? loop->poll_start_ns : loop->trace_ns;
		until = now;
	}
	return since && until > since ? traced + (until - since) : traced;
}
