// SPDX-License-Identifier: BSD-2-Clause
#include "page_store.h"

#include "tables.h"
#include "base/macros.h"
#include "model/shortage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Limit of findings with a record; the summary counts the others. */
#define FINDINGS_MAX 1000
/* Once tables are full, unused entries are removed after this many stalls, not after each. */
#define TRIM_EVERY 10000
/* At most 1/N of the stalls are retained as first ones: each stall may have a new callback. */
#define FIRST_SHARE 4

static void add_stall(void *context, const struct lp_stall *stall);

void page_store_init(struct lp_page_store *store, size_t stalls_max, size_t details_max)
{
	memset(store, 0, sizeof(*store));
	store->stalls_max = stalls_max;
	store->details_max = details_max;
	tables_init(&store->tables);
	once_per_stall_start(&store->once, add_stall, store);
}

void page_store_free(struct lp_page_store *store)
{
	size_t i;

	once_per_stall_free(&store->once);
	for (i = 0; i < store->stall_count; i++)
		free(store->stalls[i].detail);
	free(store->stalls);
	free(store->findings);
	free(store->stalled);
	tables_free(&store->tables);
	memset(store, 0, sizeof(*store));
}

/* ---- reducing to the limits -------------------------------------------------- */

static int by_worth(const void *left, const void *right)
{
	const struct lp_page_stall *a = left, *b = right;

	if (a->first != b->first)
		return a->first ? -1 : 1;
	return a->duration_ns < b->duration_ns ? 1 : a->duration_ns > b->duration_ns ? -1 : 0;
}

static int by_time(const void *left, const void *right)
{
	const struct lp_page_stall *a = left, *b = right;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return a->loop < b->loop ? -1 : a->loop > b->loop ? 1 : 0;
}

static void forget_detail(struct lp_page_store *store, struct lp_page_stall *stall)
{
	if (!stall->detail)
		return;
	free(stall->detail);
	stall->detail = NULL;
	store->detail_count--;
}

static void move_detail(struct lp_page_tables *to, const struct lp_page_tables *from,
			struct lp_page_detail *detail)
{
	size_t i;

	detail->holder = tables_move_string(to, from, detail->holder);
	detail->holder_stack = tables_move_stack(to, from, detail->holder_stack);
	detail->chain = tables_move_stack(to, from, detail->chain);
	for (i = 0; i < detail->part_count; i++) {
		struct lp_page_part *part = &detail->parts[i];

		part->stack = tables_move_stack(to, from, part->stack);
		part->name = tables_move_string(to, from, part->name);
		part->target = tables_move_string(to, from, part->target);
		part->local = tables_move_string(to, from, part->local);
		part->dns_name = tables_move_string(to, from, part->dns_name);
		part->file_system = tables_move_string(to, from, part->file_system);
		part->callback = tables_move_callback(to, from, part->callback);
	}
}

static void move_finding(struct lp_page_tables *to, const struct lp_page_tables *from,
			 struct lp_page_finding *finding)
{
	uint32_t *const strings[] = { &finding->name, &finding->file, &finding->task_name,
				      &finding->exception_type, &finding->exception_message };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(strings); i++)
		*strings[i] = tables_move_string(to, from, *strings[i]);
	finding->created = tables_move_frame(to, from, finding->created);
	finding->parked = tables_move_frame(to, from, finding->parked);
	finding->stack = tables_move_stack(to, from, finding->stack);
	finding->loop_stack = tables_move_stack(to, from, finding->loop_stack);
}

/* Replaces the tables by ones with the entries in use; all numbers change. */
static void rebuild_tables(struct lp_page_store *store)
{
	struct lp_page_tables from = store->tables, *to = &store->tables;
	size_t i;

	tables_init(to);
	if (store->stalled)
		memset(store->stalled, 0, store->stalled_bytes);
	for (i = 0; i < store->stall_count; i++) {
		struct lp_page_stall *stall = &store->stalls[i];

		stall->callback = tables_move_callback(to, &from, stall->callback);
		stall->handler = tables_move_frame(to, &from, stall->handler);
		stall->task_name = tables_move_string(to, &from, stall->task_name);
		stall->stack = tables_move_stack(to, &from, stall->stack);
		stall->call = tables_move_string(to, &from, stall->call);
		stall->target = tables_move_string(to, &from, stall->target);
		if (stall->detail)
			move_detail(to, &from, stall->detail);
		if (stall->first && stall->callback / 8 < store->stalled_bytes)
			store->stalled[stall->callback / 8] |= (uint8_t)(1 << stall->callback % 8);
	}
	for (i = 0; i < store->finding_count; i++)
		move_finding(to, &from, &store->findings[i]);
	tables_free(&from);
}

struct sorting {
	const struct lp_page_stall *stalls;
	int (*compare)(const void *left, const void *right);
};

static int by_number(const void *left, const void *right, void *context)
{
	const struct sorting *sorting = context;

	return sorting->compare(&sorting->stalls[*(const uint32_t *)left],
				&sorting->stalls[*(const uint32_t *)right]);
}

/* Sorts the stalls by their numbers, as qsort() would make a copy of all stalls. */
static void sort(struct lp_page_store *store, int (*compare)(const void *left, const void *right))
{
	struct lp_page_stall *stalls = store->stalls, first;
	struct sorting sorting = { stalls, compare };
	uint32_t *order = malloc(store->stall_count * sizeof(*order));
	size_t i, to, from;

	if (!order) {
		qsort(stalls, store->stall_count, sizeof(*stalls), compare);
		return;
	}
	for (i = 0; i < store->stall_count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, store->stall_count, sizeof(*order), by_number, &sorting);
	/* a place whose stall is in order has its own number */
	for (i = 0; i < store->stall_count; i++) {
		first = stalls[i];
		for (to = i; (from = order[to]) != i; to = from) {
			stalls[to] = stalls[from];
			order[to] = (uint32_t)to;
		}
		stalls[to] = first;
		order[to] = (uint32_t)to;
	}
	free(order);
}

/* Removes the details of all but the worst stalls, which are sorted by worth. */
static void trim_details(struct lp_page_store *store)
{
	size_t i, detailed = 0;

	for (i = 0; i < store->stall_count; i++) {
		struct lp_page_stall *stall = &store->stalls[i];

		if (!stall->detail)
			continue;
		if (++detailed > store->details_max)
			forget_detail(store, stall);
		else if (detailed == store->details_max)
			store->least_detailed_ns = stall->first ? UINT64_MAX : stall->duration_ns;
	}
}

/* whole: the tables are made anew even if they have much space left. */
static void trim(struct lp_page_store *store, bool whole)
{
	size_t i;

	sort(store, by_worth);
	for (i = store->stall_count; i > store->stalls_max; i--) {
		forget_detail(store, &store->stalls[i - 1]);
		store->omitted++;
		store->omitted_ns += store->stalls[i - 1].duration_ns;
		store->stall_count--;
	}
	if (i == store->stalls_max && i && !store->stalls[i - 1].first)
		store->least_ns = store->stalls[i - 1].duration_ns;
	trim_details(store);
	sort(store, by_time);
	if (whole || tables_are_crowded(&store->tables))
		rebuild_tables(store);
	store->since_trim = 0;
}

void page_store_finish(struct lp_page_store *store)
{
	once_per_stall_end(&store->once);
	if (store->stalls)
		trim(store, true);
}

/* ---- adding ------------------------------------------------------------------ */

static bool is_stalled(const struct lp_page_store *store, uint32_t callback)
{
	return callback / 8 < store->stalled_bytes &&
	       store->stalled[callback / 8] >> callback % 8 & 1;
}

/* Records that the callback has a stall with first set. Without memory it may get another one. */
static void mark_stalled(struct lp_page_store *store, uint32_t callback)
{
	size_t wanted = callback / 8 + 1;
	uint8_t *grown;

	if (wanted > store->stalled_bytes) {
		grown = realloc(store->stalled, 2 * wanted);
		if (!grown)
			return;
		memset(grown + store->stalled_bytes, 0, 2 * wanted - store->stalled_bytes);
		store->stalled = grown;
		store->stalled_bytes = 2 * wanted;
	}
	store->stalled[callback / 8] |= (uint8_t)(1 << callback % 8);
}

/* Returns whether a stall is the first one of its callback, which is retained; counts it then. */
static bool first_of_callback(struct lp_page_store *store, const struct lp_callback_info *callback)
{
	uint32_t number;

	if (store->first_count >= store->stalls_max / FIRST_SHARE)
		return false;
	number = page_store_callback(&store->tables, callback);
	if (!number || is_stalled(store, number))
		return false;
	store->first_count++;
	return true;
}

static bool reserve(struct lp_page_store *store)
{
	size_t most = store->stalls_max + store->stalls_max / 4 + 1, capacity;
	struct lp_page_stall *grown;

	if (store->stall_count >= most || store->detail_count >= 2 * store->details_max + 1 ||
	    (tables_dropped(&store->tables) && store->since_trim >= TRIM_EVERY))
		trim(store, false);
	if (store->stall_count < store->stall_capacity)
		return true;
	capacity = store->stall_capacity ? 2 * store->stall_capacity : 256;
	if (capacity > most)
		capacity = most;
	grown = realloc(store->stalls, capacity * sizeof(*grown));
	if (!grown) {
		store->no_memory = true;
		return false;
	}
	store->stalls = grown;
	store->stall_capacity = capacity;
	return true;
}

static void omit(struct lp_page_store *store, uint64_t duration_ns)
{
	store->omitted++;
	store->omitted_ns += duration_ns;
}

/*
 * Returns a new stall of the page; NULL: enough worse ones are retained, or out of memory, and the
 * stall is counted as omitted.
 */
static struct lp_page_stall *place_for(struct lp_page_store *store, const struct lp_loop_info *loop,
				       uint64_t start_ns, uint64_t duration_ns, bool first)
{
	uint64_t unix_ns = loop_unix_ns(loop, start_ns);
	struct lp_page_stall *stall;

	if ((!first && duration_ns <= store->least_ns) || !reserve(store)) {
		omit(store, duration_ns);
		return NULL;
	}
	stall = &store->stalls[store->stall_count++];
	store->since_trim++;
	*stall = (struct lp_page_stall){
		.start_ns = unix_ns, .duration_ns = duration_ns, .loop = loop->id, .first = first
	};
	return stall;
}

static void keep_times(struct lp_page_stall *stall, const struct lp_times *time)
{
	stall->time_known = time->known;
	stall->gc_known = time->known && time->gc_known;
	if (!time->known)
		return;
	stall->parts_ns[LP_CAUSE_ON_CPU] = time->on_cpu_ns;
	stall->parts_ns[LP_CAUSE_BLOCKED] = time->blocked_ns;
	stall->parts_ns[LP_CAUSE_GIL] = time->gil_ns;
	stall->parts_ns[LP_CAUSE_RUN_QUEUE] = time->run_queue_ns;
	stall->parts_ns[LP_CAUSE_GC] = time->gc_known ? time->gc_ns : 0;
}

/* Returns the stack of the longer part, blocked or on CPU; the only one without a detail. */
static const struct lp_stack *main_stack(const struct lp_breakdown *breakdown)
{
	bool blocked =
		!breakdown->sample_count ||
		(breakdown->time.known && breakdown->time.blocked_ns > breakdown->time.on_cpu_ns);

	if (breakdown->blocked_count && (blocked || !breakdown->time.known) &&
	    breakdown->blocked[0].stack.depth)
		return &breakdown->blocked[0].stack;
	if (breakdown->sample_count)
		return &breakdown->samples[0].stack;
	return breakdown->blocked_count ? &breakdown->blocked[0].stack : NULL;
}

static void keep_waker(struct lp_page_tables *tables, const struct lp_waker *waker,
		       struct lp_page_detail *detail)
{
	detail->parts[detail->part_count++] =
		(struct lp_page_part){ .kind = LP_PAGE_WAKER,
				       .count = (uint32_t)waker->tid,
				       .stack = tables_stack(tables, &waker->stack),
				       .name = page_store_string(tables, waker->thread) };
}

static void keep_parts(struct lp_page_tables *tables, const struct lp_breakdown *breakdown,
		       struct lp_page_detail *detail)
{
	size_t i;

	for (i = 0; i < breakdown->blocked_count; i++) {
		const struct lp_blocked *blocked = &breakdown->blocked[i];

		detail->parts[detail->part_count++] = (struct lp_page_part){
			.kind = LP_PAGE_BLOCKED,
			.count = blocked->count,
			.total_ns = blocked->duration_ns,
			.stack = tables_stack(tables, &blocked->stack),
			.name = page_store_string(tables, blocked->syscall),
			.target = page_store_string(tables, blocked->target),
			.local = page_store_string(tables, blocked->local),
			.file_system = page_store_string(
				tables, blocked->file_system ? blocked->file_system : ""),
			.dns_name = page_store_string(tables, blocked->dns_name),
		};
		if (blocked->woken && breakdown->waker.known)
			keep_waker(tables, &breakdown->waker, detail);
	}
	for (i = 0; i < breakdown->sample_count; i++) {
		const struct lp_sample *sample = &breakdown->samples[i];

		detail->parts[detail->part_count++] = (struct lp_page_part){
			.kind = LP_PAGE_SAMPLE,
			.count = sample->count,
			.stack = tables_stack(tables, &sample->stack),
			.reason = (uint8_t)sample->reason,
			.collecting = sample->collecting,
		};
	}
}

static void keep_reason(struct lp_page_tables *tables, struct lp_page_detail *detail,
			uint64_t total_ns, const char *words)
{
	detail->parts[detail->part_count++] =
		(struct lp_page_part){ .kind = LP_PAGE_SHORTAGE,
				       .total_ns = total_ns,
				       .name = page_store_string(tables, words) };
}

/* Adds the time that was lost because memory was short; at most LP_MEMORY_PARTS parts. */
static void keep_memory(struct lp_page_tables *tables, const struct lp_memory_shortage *memory,
			struct lp_page_detail *detail)
{
	char usage[LP_MEMORY_WORDS_MAX], part[LP_MEMORY_WORDS_MAX];
	char words[LP_CGROUP_BYTES + sizeof(usage) + sizeof(part) + 16];
	int i;

	memory_shortage_usage(memory, usage);
	for (i = 0; i < LP_MEMORY_PARTS; i++) {
		uint64_t ns = memory_shortage_ns(memory, (enum lp_memory_part)i);

		memory_shortage_words(memory, (enum lp_memory_part)i, part);
		snprintf(words, sizeof(words), "%s%s%s%s %s", part, *usage ? ": " : "",
			 memory->cgroup[0] ? "cgroup " : "", memory->cgroup, usage);
		if (ns)
			keep_reason(tables, detail, ns, words);
	}
}

/* Adds the reasons for which the thread had no CPU; at most LP_NEIGHBOURS + 2 parts. */
static void keep_shortage(struct lp_page_tables *tables, const struct lp_shortage *shortage,
			  struct lp_page_detail *detail)
{
	char words[LP_CGROUP_BYTES + 64];
	size_t i;

	if (shortage->throttled_ns) {
		snprintf(words, sizeof(words), "throttled: quota %u %% of a CPU, cgroup %s",
			 shortage_percent(shortage->quota_us, shortage->period_us),
			 shortage->quota_cgroup);
		keep_reason(tables, detail, shortage->throttled_ns,
			    shortage->period_us ? words : "throttled by the quota of a cgroup");
	}
	for (i = 0; i < shortage->neighbour_count; i++) {
		const struct lp_cpu_neighbour *neighbour = &shortage->neighbours[i];

		snprintf(words, sizeof(words), "the CPU ran %s (%s %d)", neighbour->name,
			 neighbour->own ? "a thread of the same process," : "pid", neighbour->pid);
		if (neighbour->duration_ns)
			keep_reason(tables, detail, neighbour->duration_ns, words);
	}
	if (shortage->steal_ns) {
		snprintf(
			words, sizeof(words),
			"the hypervisor took this from the %u CPUs of the host around the stall (steal)",
			shortage->steal_cpus);
		keep_reason(tables, detail, shortage->steal_ns, words);
	}
}

/*
 * Copies a breakdown into the stall.  more: number of parts that the caller adds.  Returns the
 * stall's new detail; NULL: enough worse stalls have one, or out of memory, and the stall has none.
 */
static struct lp_page_detail *keep_breakdown(struct lp_page_store *store,
					     struct lp_page_stall *stall,
					     const struct lp_breakdown *breakdown, size_t more)
{
	struct lp_page_tables *tables = &store->tables;
	/* a blocking call may be followed by the thread that ended it */
	size_t parts = 2 * breakdown->blocked_count + breakdown->sample_count + LP_NEIGHBOURS + 2 +
		       LP_MEMORY_PARTS + more;
	struct lp_page_detail *detail;

	keep_times(stall, &breakdown->time);
	stall->stack = tables_stack(tables, main_stack(breakdown));
	if (breakdown->blocked_count) {
		stall->call = page_store_string(tables, breakdown->blocked[0].syscall);
		stall->target = page_store_string(tables, breakdown->blocked[0].target);
	}
	if (!stall->first && stall->duration_ns <= store->least_detailed_ns)
		return NULL;
	detail = calloc(1, sizeof(*detail) + parts * sizeof(*detail->parts));
	if (!detail)
		return NULL;
	stall->detail = detail;
	store->detail_count++;
	detail->queue_delay_ns = LP_NO_QUEUE_DELAY;
	detail->dropped = breakdown->blocked_dropped;
	detail->dropped_ns = breakdown->blocked_dropped_ns;
	detail->chain = tables_stack(tables, &breakdown->await_chain);
	detail->holder_known = breakdown->gil.known;
	if (breakdown->gil.known) {
		detail->holder = page_store_string(tables, breakdown->gil.thread);
		detail->holder_tid = breakdown->gil.tid;
		detail->holder_stack = tables_stack(tables, &breakdown->gil.stack);
	}
	keep_parts(tables, breakdown, detail);
	keep_shortage(tables, &breakdown->shortage, detail);
	keep_memory(tables, &breakdown->shortage.memory, detail);
	return detail;
}

static void add_slow(struct lp_page_store *store, const struct lp_slow_callback *slow)
{
	bool first = first_of_callback(store, slow->callback);
	struct lp_page_stall *stall =
		place_for(store, slow->loop, slow->start_ns, slow->duration_ns, first);
	struct lp_page_detail *detail;

	if (!stall)
		return;
	stall->in_progress = slow->in_progress;
	stall->began_before = slow->began_before;
	/* making place for it may have changed the numbers */
	stall->callback = page_store_callback(&store->tables, slow->callback);
	stall->handler = page_store_frame(&store->tables, slow->handler);
	if (first)
		mark_stalled(store, stall->callback);
	stall->task = slow->task;
	stall->task_name = slow->task ? page_store_string(&store->tables, slow->task_name) : 0;
	stall->delayed_known = slow->delayed_known;
	stall->first_count = slow->delayed_callbacks;
	stall->second_count = slow->delayed_events;
	detail = keep_breakdown(store, stall, &slow->breakdown, 0);
	if (detail)
		detail->queue_delay_ns = slow->queue_delay_ns;
}

static void add_iteration(struct lp_page_store *store, const struct lp_slow_iteration *slow)
{
	struct lp_page_stall *stall =
		place_for(store, slow->loop, slow->start_ns, slow->duration_ns, false);
	struct lp_page_detail *detail;
	size_t i;

	if (!stall)
		return;
	stall->iteration = true;
	stall->slow_ns = slow->slow_ns;
	stall->in_progress = slow->in_progress;
	stall->began_before = slow->began_before;
	stall->first_count = slow->callbacks;
	stall->second_count = slow->slow_callbacks;
	detail = keep_breakdown(store, stall, &slow->breakdown, slow->top_count);
	if (!detail)
		return;
	for (i = 0; i < slow->top_count; i++)
		detail->parts[detail->part_count++] = (struct lp_page_part){
			.kind = LP_PAGE_TOP,
			.count = slow->top[i].count,
			.total_ns = slow->top[i].total_ns,
			.callback = page_store_callback(&store->tables, slow->top[i].callback),
		};
}

/* Called once for each stall: when it has ended, or at the end of the run. */
static void add_stall(void *context, const struct lp_stall *stall)
{
	if (stall->slow)
		add_slow(context, stall->slow);
	else
		add_iteration(context, stall->iteration);
}

void page_store_add_slow(struct lp_page_store *store, const struct lp_slow_callback *slow)
{
	if (once_per_stall_slow(&store->once, slow))
		omit(store, slow->duration_ns);
}

void page_store_add_iteration(struct lp_page_store *store, const struct lp_slow_iteration *slow)
{
	if (once_per_stall_iteration(&store->once, slow))
		omit(store, slow->duration_ns);
}

void page_store_add_finding(struct lp_page_store *store, const struct lp_finding *finding)
{
	struct lp_page_tables *tables = &store->tables;
	struct lp_page_finding *grown;

	if (finding->before || store->finding_count >= FINDINGS_MAX)
		return;
	grown = realloc(store->findings, (store->finding_count + 1) * sizeof(*grown));
	if (!grown)
		return;
	store->findings = grown;
	grown[store->finding_count++] = (struct lp_page_finding){
		.time_ns = finding->loop ? loop_unix_ns(finding->loop, finding->time_ns) : 0,
		.late_ns = finding->late_ns,
		.kind = finding->kind,
		.loop = finding->loop ? finding->loop->id : 0,
		.line = finding->line,
		.name = page_store_string(tables, finding->name),
		.file = page_store_string(tables, finding->file),
		.task_name = finding->task ? page_store_string(tables, finding->task_name) : 0,
		.exception_type = page_store_string(tables, finding->exception_type),
		.exception_message = page_store_string(tables, finding->exception_message),
		.created = page_store_frame(tables, finding->created),
		.parked = page_store_frame(tables, finding->parked),
		.stack = tables_stack(tables, &finding->stack),
		.loop_stack = tables_stack(tables, &finding->loop_stack),
		.tid = finding->tid,
		.timer = finding->timer,
		.noticed = finding->noticed,
	};
}
