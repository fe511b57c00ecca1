// SPDX-License-Identifier: BSD-2-Clause
#include "group.h"

#include "base/text.h"
#include "callbacks.h"
#include "findings.h"
#include "loop_sums.h"
#include "lost_time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct group_member {
	struct group_member *next;
	struct lp_loop_info info;
	char label[LP_UNIT_BYTES]; /* as long as the longest of all labels */
};

struct lp_group {
	enum lp_by by;
	const struct lp_observer *out;
	void *context;
	struct group_member *members, **last;
	size_t count;
};

int group_new(enum lp_by by, const struct lp_observer *out, void *context, struct lp_group **result)
{
	struct lp_group *group = calloc(1, sizeof(*group));

	*result = group;
	if (!group)
		return -ENOMEM;
	group->by = by;
	group->out = out;
	group->context = context;
	group->last = &group->members;
	return 0;
}

void group_free(struct lp_group *group)
{
	struct group_member *member;

	if (!group)
		return;
	while ((member = group->members)) {
		group->members = member->next;
		free(member);
	}
	free(group);
}

/* ---- members ------------------------------------------------------------------------- */

static const char *first_known(const struct lp_loop_info *loop)
{
	if (loop->container[0])
		return loop->container;
	if (loop->pod[0])
		return loop->pod;
	return loop->unit[0] ? loop->unit : loop->host;
}

const char *group_label(enum lp_by by, const struct lp_loop_info *loop)
{
	switch (by) {
	case LP_BY_NAME:
		return loop->comm;
	case LP_BY_CONTAINER:
		return first_known(loop);
	case LP_BY_HOST:
		return loop->host;
	default:
		return "";
	}
}

static struct group_member *find(const struct lp_group *group, const char *label)
{
	struct group_member *member = group->members;

	while (member && strcmp(member->label, label) != 0)
		member = member->next;
	return member;
}

static struct group_member *make(struct lp_group *group, const char *label,
				 const struct lp_loop_info *loop)
{
	struct group_member *member = calloc(1, sizeof(*member));

	if (!member)
		return NULL;
	text_copy(member->label, sizeof(member->label), label);
	member->info = *loop;
	member->info.id = (uint32_t)++group->count;
	member->info.pid = 0;
	member->info.tid = 0;
	member->info.folded = true;
	member->info.grouped = true;
	text_copy(member->info.comm, sizeof(member->info.comm), *label ? label : LP_UNKNOWN_GROUP);
	*group->last = member;
	group->last = &member->next;
	if (group->out->loop)
		group->out->loop(group->context, &member->info);
	return member;
}

/* Returns the group of a loop, made if needed; NULL if loop is NULL or out of memory. */
static struct group_member *member_of(struct lp_group *group, const struct lp_loop_info *loop)
{
	const char *label = loop ? group_label(group->by, loop) : NULL;
	struct group_member *member;

	if (!loop)
		return NULL;
	member = find(group, label);
	if (!member && group->count >= LP_GROUPS_MAX) {
		label = LP_UNKNOWN_GROUP;
		member = find(group, label);
	}
	return member ? member : make(group, label, loop);
}

static const struct lp_loop_info *info_of(struct lp_group *group, const struct lp_loop_info *loop)
{
	const struct group_member *member = member_of(group, loop);

	return member ? &member->info : NULL;
}

/* ---- reports that are passed on ------------------------------------------------------- */

static void on_run(void *context, const struct lp_run *run)
{
	const struct lp_group *group = context;

	if (group->out->run)
		group->out->run(group->context, run);
}

static void on_loop(void *context, const struct lp_loop_info *loop)
{
	struct group_member *member = member_of(context, loop);

	if (member)
		loop_sums_join_labels(&member->info, loop);
}

static void on_slow(void *context, const struct lp_slow_callback *slow)
{
	struct lp_group *group = context;
	struct lp_slow_callback passed = *slow;

	passed.loop = info_of(group, slow->loop);
	if (group->out->slow && passed.loop)
		group->out->slow(group->context, &passed);
}

static void on_slow_iteration(void *context, const struct lp_slow_iteration *slow)
{
	struct lp_group *group = context;
	struct lp_slow_iteration passed = *slow;

	passed.loop = info_of(group, slow->loop);
	if (group->out->slow_iteration && passed.loop)
		group->out->slow_iteration(group->context, &passed);
}

static void on_finding(void *context, const struct lp_finding *finding)
{
	struct lp_group *group = context;
	struct lp_finding passed = *finding;

	passed.loop = info_of(group, finding->loop);
	if (group->out->finding)
		group->out->finding(group->context, &passed);
}

/* ---- summaries ------------------------------------------------------------------------ */

/* The sums of one group that do not fit into its struct lp_loop_summary. */
struct group_sum {
	bool used;
	struct lp_callbacks callbacks;
	struct lp_lost_time *causes;
};

/* A summary of groups, with the memory that it points into. */
struct sums {
	struct lp_summary summary;
	size_t count;
	struct group_sum *parts; /* by the group's id; 0: counts that belong to no loop */
};

static void sums_free(struct sums *sums)
{
	size_t i;

	if (!sums)
		return;
	for (i = 0; sums->parts && i < sums->count; i++) {
		callbacks_free(&sums->parts[i].callbacks);
		lost_time_free(sums->parts[i].causes);
		if (sums->summary.loops) {
			free(sums->summary.loops[i].items);
			free(sums->summary.loops[i].causes);
		}
	}
	free(sums->parts);
	free(sums->summary.loops);
	free(sums->summary.findings);
	free(sums);
}

static void add_loop(struct group_sum *sum, struct lp_loop_summary *into,
		     const struct lp_loop_summary *loop)
{
	size_t i;

	if (!sum->causes)
		sum->causes = lost_time_new();
	sum->used = true;
	loop_sums_add(into, loop);
	for (i = 0; i < loop->callback_count; i++)
		callbacks_add_summary(&sum->callbacks, &loop->items[i]);
	for (i = 0; sum->causes && i < loop->cause_count; i++)
		lost_time_add_cause(sum->causes, &loop->causes[i]);
}

static int by_total(const void *left, const void *right)
{
	const struct lp_callback_summary *a = left, *b = right;

	return a->run.sum_ns < b->run.sum_ns ? 1 : a->run.sum_ns > b->run.sum_ns ? -1 : 0;
}

static void list_callbacks(const struct lp_callbacks *callbacks, struct lp_loop_summary *into)
{
	const struct lp_model_callback *callback;

	into->items = calloc(callbacks->by_name.count + 1, sizeof(*into->items));
	for (callback = callbacks->first; callback && into->items; callback = callback->next) {
		struct lp_callback_summary *item = &into->items[into->callback_count++];

		item->callback = &callback->info;
		item->lifetimes = callback->lifetimes;
		item->slow = callback->slow;
		item->run = callback->run;
		if (callback->queue)
			item->queue = *callback->queue;
	}
	if (into->items)
		qsort(into->items, into->callback_count, sizeof(*into->items), by_total);
}

static bool same_text(const char *left, const char *right)
{
	return left == right || (left && right && !strcmp(left, right));
}

static bool same_finding(const struct lp_finding_count *left, const struct lp_finding_count *right)
{
	return left->loop == right->loop && left->kind == right->kind &&
	       left->line == right->line && left->place == right->place &&
	       left->created == right->created && same_text(left->name, right->name) &&
	       same_text(left->file, right->file) &&
	       same_text(left->exception_type, right->exception_type);
}

/* Merges findings by group.  A source has a few hundred places, so a linear search is fast. */
static void group_findings(struct lp_group *group, const struct lp_summary *from,
			   struct lp_summary *into)
{
	size_t i, at;

	into->findings = calloc(from->finding_count + 1, sizeof(*into->findings));
	for (i = 0; into->findings && i < from->finding_count; i++) {
		struct lp_finding_count count = from->findings[i];

		count.loop = info_of(group, count.loop);
		for (at = 0; at < into->finding_count; at++)
			if (same_finding(&into->findings[at], &count))
				break;
		if (at == into->finding_count) {
			into->findings[into->finding_count++] = count;
			continue;
		}
		into->findings[at].count += count.count;
		if (count.late_max_ns > into->findings[at].late_max_ns)
			into->findings[at].late_max_ns = count.late_max_ns;
	}
	if (into->findings)
		qsort(into->findings, into->finding_count, sizeof(*into->findings),
		      findings_by_count);
}

static void end_sum(const struct group_sum *sum, struct lp_loop_summary *into)
{
	list_callbacks(&sum->callbacks, into);
	if (sum->causes)
		into->cause_count = lost_time_list(sum->causes, false, &into->causes);
}

/* Moves used groups to the front of the summary; counts of no loop come last. */
static void compact(const struct lp_group *group, struct sums *sums)
{
	struct lp_summary *summary = &sums->summary;
	struct lp_loop_summary none = summary->loops[0], moved;
	const struct group_member *member;
	size_t id;

	memset(&summary->loops[0], 0, sizeof(none));
	for (member = group->members; member; member = member->next) {
		id = member->info.id;
		if (!sums->parts[id].used)
			continue;
		moved = summary->loops[id];
		memset(&summary->loops[id], 0, sizeof(moved));
		moved.loop = &member->info;
		end_sum(&sums->parts[id], &moved);
		summary->loops[summary->loop_count++] = moved;
	}
	if (!sums->parts[0].used)
		return;
	end_sum(&sums->parts[0], &none);
	summary->loops[summary->loop_count++] = none;
}

/* Returns the summary by groups, or NULL if out of memory. */
static struct sums *sums_new(struct lp_group *group, const struct lp_summary *from)
{
	struct sums *sums = calloc(1, sizeof(*sums));
	const struct group_member *member;
	size_t i, id;

	if (!sums)
		return NULL;
	/* index 0 is for counts of no loop; each loop may begin a group, and ids are from 1 on */
	sums->count = group->count + from->loop_count + 2;
	sums->summary = *from;
	sums->summary.loop_count = sums->summary.finding_count = 0;
	sums->summary.findings = NULL;
	sums->parts = calloc(sums->count, sizeof(*sums->parts));
	sums->summary.loops = calloc(sums->count, sizeof(*sums->summary.loops));
	if (!sums->parts || !sums->summary.loops) {
		sums_free(sums);
		return NULL;
	}
	for (i = 0; i < from->loop_count; i++) {
		member = member_of(group, from->loops[i].loop);
		id = member ? member->info.id : 0;
		add_loop(&sums->parts[id], &sums->summary.loops[id], &from->loops[i]);
	}
	compact(group, sums);
	group_findings(group, from, &sums->summary);
	return sums;
}

static void on_interval(void *context, const struct lp_summary *interval,
			const struct lp_summary *total)
{
	struct lp_group *group = context;
	struct sums *since, *all;

	if (!group->out->interval)
		return;
	since = sums_new(group, interval);
	all = since ? sums_new(group, total) : NULL;
	if (all)
		group->out->interval(group->context, &since->summary, &all->summary);
	sums_free(since);
	sums_free(all);
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct lp_group *group = context;
	struct sums *all;

	if (!group->out->end)
		return;
	all = sums_new(group, total);
	if (all)
		group->out->end(group->context, &all->summary, end);
	sums_free(all);
}

const struct lp_observer group_observer = {
	.run = on_run,
	.loop = on_loop,
	.slow = on_slow,
	.slow_iteration = on_slow_iteration,
	.finding = on_finding,
	.interval = on_interval,
	.end = on_end,
};
