// SPDX-License-Identifier: BSD-2-Clause
#include "page_store.h"

#include "tables.h"

#include <stdlib.h>
#include <string.h>

/* Found at more places than these: counted by the summary, without a record of their own. */
#define FINDINGS_MAX 1000
/* Full tables are emptied of what nothing needs, but not for each stall. */
#define TRIM_EVERY 10000
/* With a new name for each stall, the first of each must not crowd out the worst. */
#define FIRST_SHARE 4

static void add_stall(void *context, const struct lp_told_stall *stall);

void kept_init(struct lp_kept *kept, size_t stalls_max, size_t details_max)
{
	memset(kept, 0, sizeof(*kept));
	kept->stalls_max = stalls_max;
	kept->details_max = details_max;
	tables_init(&kept->tables);
	stalls_told_start(&kept->told, add_stall, kept);
}

void kept_free(struct lp_kept *kept)
{
	size_t i;

	stalls_told_free(&kept->told);
	for (i = 0; i < kept->stall_count; i++)
		free(kept->stalls[i].detail);
	free(kept->stalls);
	free(kept->findings);
	free(kept->seen);
	tables_free(&kept->tables);
	memset(kept, 0, sizeof(*kept));
}

/* ---- leaving within the limits --------------------------------------------- */

static int by_worth(const void *left, const void *right)
{
	const struct lp_kept_stall *a = left, *b = right;

	if (a->first != b->first)
		return a->first ? -1 : 1;
	return a->duration_ns < b->duration_ns ? 1 : a->duration_ns > b->duration_ns ? -1 : 0;
}

static int by_time(const void *left, const void *right)
{
	const struct lp_kept_stall *a = left, *b = right;

	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return a->loop < b->loop ? -1 : a->loop > b->loop ? 1 : 0;
}

static void forget_detail(struct lp_kept *kept, struct lp_kept_stall *stall)
{
	if (!stall->detail)
		return;
	free(stall->detail);
	stall->detail = NULL;
	kept->detail_count--;
}

static void move_detail(struct lp_kept_tables *to, const struct lp_kept_tables *from,
			struct lp_kept_detail *detail)
{
	size_t i;

	detail->holder = tables_move_string(to, from, detail->holder);
	detail->holder_stack = tables_move_stack(to, from, detail->holder_stack);
	detail->chain = tables_move_stack(to, from, detail->chain);
	for (i = 0; i < detail->part_count; i++) {
		struct lp_kept_part *part = &detail->parts[i];

		part->stack = tables_move_stack(to, from, part->stack);
		part->name = tables_move_string(to, from, part->name);
		part->target = tables_move_string(to, from, part->target);
		part->local = tables_move_string(to, from, part->local);
		part->callback = tables_move_callback(to, from, part->callback);
	}
}

static void move_finding(struct lp_kept_tables *to, const struct lp_kept_tables *from,
			 struct lp_kept_finding *finding)
{
	uint32_t *const strings[] = { &finding->name, &finding->file, &finding->task_name,
				      &finding->exception_type, &finding->exception_message };
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		*strings[i] = tables_move_string(to, from, *strings[i]);
	finding->created = tables_move_frame(to, from, finding->created);
	finding->parked = tables_move_frame(to, from, finding->parked);
	finding->stack = tables_move_stack(to, from, finding->stack);
	finding->loop_stack = tables_move_stack(to, from, finding->loop_stack);
}

/* New tables with what is still needed; numbers change. */
static void rebuild_tables(struct lp_kept *kept)
{
	struct lp_kept_tables from = kept->tables, *to = &kept->tables;
	size_t i;

	tables_init(to);
	if (kept->seen)
		memset(kept->seen, 0, kept->seen_bytes);
	for (i = 0; i < kept->stall_count; i++) {
		struct lp_kept_stall *stall = &kept->stalls[i];

		stall->callback = tables_move_callback(to, &from, stall->callback);
		stall->task_name = tables_move_string(to, &from, stall->task_name);
		stall->stack = tables_move_stack(to, &from, stall->stack);
		stall->call = tables_move_string(to, &from, stall->call);
		stall->target = tables_move_string(to, &from, stall->target);
		if (stall->detail)
			move_detail(to, &from, stall->detail);
		if (stall->first && stall->callback / 8 < kept->seen_bytes)
			kept->seen[stall->callback / 8] |= 1 << stall->callback % 8;
	}
	for (i = 0; i < kept->finding_count; i++)
		move_finding(to, &from, &kept->findings[i]);
	tables_free(&from);
}

static void trim(struct lp_kept *kept)
{
	size_t i, detailed = 0;

	qsort(kept->stalls, kept->stall_count, sizeof(*kept->stalls), by_worth);
	for (i = kept->stall_count; i > kept->stalls_max; i--) {
		forget_detail(kept, &kept->stalls[i - 1]);
		kept->omitted++;
		kept->omitted_ns += kept->stalls[i - 1].duration_ns;
		kept->stall_count--;
	}
	for (i = 0; i < kept->stall_count; i++)
		if (kept->stalls[i].detail && ++detailed > kept->details_max)
			forget_detail(kept, &kept->stalls[i]);
	qsort(kept->stalls, kept->stall_count, sizeof(*kept->stalls), by_time);
	rebuild_tables(kept);
	kept->since_trim = 0;
}

void kept_finish(struct lp_kept *kept)
{
	stalls_told_end(&kept->told);
	if (kept->stalls)
		trim(kept);
}

/* ---- adding ------------------------------------------------------------------ */

static bool first_of_callback(struct lp_kept *kept, uint32_t callback)
{
	size_t wanted = callback / 8 + 1;
	uint8_t *grown, bit = (uint8_t)(1 << callback % 8);

	if (!callback)
		return false;
	if (wanted > kept->seen_bytes) {
		grown = realloc(kept->seen, 2 * wanted);
		if (!grown)
			return false;
		memset(grown + kept->seen_bytes, 0, 2 * wanted - kept->seen_bytes);
		kept->seen = grown;
		kept->seen_bytes = 2 * wanted;
	}
	if (kept->seen[callback / 8] & bit || kept->first_count >= kept->stalls_max / FIRST_SHARE)
		return false;
	kept->seen[callback / 8] |= bit;
	kept->first_count++;
	return true;
}

static bool make_room(struct lp_kept *kept)
{
	size_t most = kept->stalls_max + kept->stalls_max / 4 + 1, room;
	struct lp_kept_stall *grown;

	if (kept->stall_count >= most || kept->detail_count >= 2 * kept->details_max + 1 ||
	    (tables_beyond(&kept->tables) && kept->since_trim >= TRIM_EVERY))
		trim(kept);
	if (kept->stall_count < kept->stall_room)
		return true;
	room = kept->stall_room ? 2 * kept->stall_room : 256;
	grown = realloc(kept->stalls, room * sizeof(*grown));
	if (!grown) {
		kept->no_memory = true;
		return false;
	}
	kept->stalls = grown;
	kept->stall_room = room;
	return true;
}

static void omit(struct lp_kept *kept, uint64_t duration_ns)
{
	kept->omitted++;
	kept->omitted_ns += duration_ns;
}

/* The place of a stall in the page; NULL: there is no memory, it is counted. */
static struct lp_kept_stall *place_for(struct lp_kept *kept, const struct lp_loop_info *loop,
				       uint64_t start_ns, uint64_t duration_ns, bool iteration)
{
	uint64_t unix_ns = loop_unix_ns(loop, start_ns);
	struct lp_kept_stall *stall;

	if (!make_room(kept)) {
		omit(kept, duration_ns);
		return NULL;
	}
	stall = &kept->stalls[kept->stall_count++];
	kept->since_trim++;
	*stall = (struct lp_kept_stall){ .start_ns = unix_ns,
					 .duration_ns = duration_ns,
					 .loop = loop->id,
					 .iteration = iteration };
	return stall;
}

static void keep_times(struct lp_kept_stall *stall, const struct lp_times *time)
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

/* Where it was longest: what remains of a stall that is kept without its details. */
static const struct lp_stack *main_stack(const struct lp_reasons *reasons)
{
	bool blocked = !reasons->sample_count ||
		       (reasons->time.known && reasons->time.blocked_ns > reasons->time.on_cpu_ns);

	if (reasons->blocked_count && (blocked || !reasons->time.known) &&
	    reasons->blocked[0].stack.depth)
		return &reasons->blocked[0].stack;
	if (reasons->sample_count)
		return &reasons->samples[0].stack;
	return reasons->blocked_count ? &reasons->blocked[0].stack : NULL;
}

static void keep_parts(struct lp_kept_tables *tables, const struct lp_reasons *reasons,
		       struct lp_kept_detail *detail)
{
	size_t i;

	for (i = 0; i < reasons->blocked_count; i++) {
		const struct lp_blocked *blocked = &reasons->blocked[i];

		detail->parts[detail->part_count++] = (struct lp_kept_part){
			.kind = LP_KEPT_BLOCKED,
			.count = blocked->count,
			.total_ns = blocked->duration_ns,
			.stack = tables_stack(tables, &blocked->stack),
			.name = kept_string(tables, blocked->syscall),
			.target = kept_string(tables, blocked->target),
			.local = kept_string(tables, blocked->local),
		};
	}
	for (i = 0; i < reasons->sample_count; i++) {
		const struct lp_sample *sample = &reasons->samples[i];

		detail->parts[detail->part_count++] = (struct lp_kept_part){
			.kind = LP_KEPT_SAMPLE,
			.count = sample->count,
			.stack = tables_stack(tables, &sample->stack),
			.seen = (uint8_t)sample->seen,
			.collecting = sample->collecting,
		};
	}
}

/* more: parts that the caller adds.  Returns what is known of it, NULL if there is no memory. */
static struct lp_kept_detail *keep_reasons(struct lp_kept *kept, struct lp_kept_stall *stall,
					   const struct lp_reasons *reasons, size_t more)
{
	struct lp_kept_tables *tables = &kept->tables;
	size_t parts = reasons->blocked_count + reasons->sample_count + more;
	struct lp_kept_detail *detail;

	keep_times(stall, &reasons->time);
	stall->stack = tables_stack(tables, main_stack(reasons));
	if (reasons->blocked_count) {
		stall->call = kept_string(tables, reasons->blocked[0].syscall);
		stall->target = kept_string(tables, reasons->blocked[0].target);
	}
	detail = calloc(1, sizeof(*detail) + parts * sizeof(*detail->parts));
	if (!detail)
		return NULL;
	stall->detail = detail;
	kept->detail_count++;
	detail->queue_delay_ns = LP_NO_QUEUE_DELAY;
	detail->beyond = reasons->blocked_beyond;
	detail->beyond_ns = reasons->blocked_beyond_ns;
	detail->chain = tables_stack(tables, &reasons->await_chain);
	detail->holder_known = reasons->gil.known;
	if (reasons->gil.known) {
		detail->holder = kept_string(tables, reasons->gil.thread);
		detail->holder_tid = reasons->gil.tid;
		detail->holder_stack = tables_stack(tables, &reasons->gil.stack);
	}
	keep_parts(tables, reasons, detail);
	return detail;
}

static void add_slow(struct lp_kept *kept, const struct lp_slow *slow)
{
	struct lp_kept_stall *stall =
		place_for(kept, slow->loop, slow->start_ns, slow->duration_ns, false);
	struct lp_kept_detail *detail;

	if (!stall)
		return;
	stall->in_progress = slow->in_progress;
	stall->callback = kept_callback(&kept->tables, slow->callback);
	stall->first = first_of_callback(kept, stall->callback);
	stall->task = slow->task;
	stall->task_name = slow->task ? kept_string(&kept->tables, slow->task_name) : 0;
	stall->delayed_known = slow->delayed_known;
	stall->first_count = slow->delayed_callbacks;
	stall->second_count = slow->delayed_events;
	detail = keep_reasons(kept, stall, &slow->reasons, 0);
	if (detail)
		detail->queue_delay_ns = slow->queue_delay_ns;
}

static void add_iteration(struct lp_kept *kept, const struct lp_slow_iteration *slow)
{
	struct lp_kept_stall *stall =
		place_for(kept, slow->loop, slow->start_ns, slow->duration_ns, true);
	struct lp_kept_detail *detail;
	size_t i;

	if (!stall)
		return;
	stall->in_progress = slow->in_progress;
	stall->first_count = slow->callbacks;
	stall->second_count = slow->slow_callbacks;
	detail = keep_reasons(kept, stall, &slow->reasons, slow->top_count);
	if (!detail)
		return;
	for (i = 0; i < slow->top_count; i++)
		detail->parts[detail->part_count++] = (struct lp_kept_part){
			.kind = LP_KEPT_TOP,
			.count = slow->top[i].count,
			.total_ns = slow->top[i].total_ns,
			.callback = kept_callback(&kept->tables, slow->top[i].callback),
		};
}

/* Called once for each stall: at its end, or at the end of the run. */
static void add_stall(void *context, const struct lp_told_stall *stall)
{
	if (stall->slow)
		add_slow(context, stall->slow);
	else
		add_iteration(context, stall->iteration);
}

void kept_add_slow(struct lp_kept *kept, const struct lp_slow *slow)
{
	if (stalls_told_slow(&kept->told, slow))
		omit(kept, slow->duration_ns);
}

void kept_add_iteration(struct lp_kept *kept, const struct lp_slow_iteration *slow)
{
	if (stalls_told_iteration(&kept->told, slow))
		omit(kept, slow->duration_ns);
}

void kept_add_finding(struct lp_kept *kept, const struct lp_finding *finding)
{
	struct lp_kept_tables *tables = &kept->tables;
	struct lp_kept_finding *grown;

	if (finding->before || kept->finding_count >= FINDINGS_MAX)
		return;
	grown = realloc(kept->findings, (kept->finding_count + 1) * sizeof(*grown));
	if (!grown)
		return;
	kept->findings = grown;
	grown[kept->finding_count++] = (struct lp_kept_finding){
		.time_ns = finding->loop ? loop_unix_ns(finding->loop, finding->time_ns) : 0,
		.late_ns = finding->late_ns,
		.kind = finding->kind,
		.loop = finding->loop ? finding->loop->id : 0,
		.line = finding->line,
		.name = kept_string(tables, finding->name),
		.file = kept_string(tables, finding->file),
		.task_name = finding->task ? kept_string(tables, finding->task_name) : 0,
		.exception_type = kept_string(tables, finding->exception_type),
		.exception_message = kept_string(tables, finding->exception_message),
		.created = kept_frame(tables, finding->created),
		.parked = kept_frame(tables, finding->parked),
		.stack = tables_stack(tables, &finding->stack),
		.loop_stack = tables_stack(tables, &finding->loop_stack),
		.tid = finding->tid,
		.timer = finding->timer,
		.noticed = finding->noticed,
	};
}
