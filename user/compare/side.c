// SPDX-License-Identifier: BSD-2-Clause
#include "compare.h"

#include "model/loop_sums.h"
#include "wire/histogram.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/macros.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last two parts of a path: "app/views.py" of "/srv/app/views.py". */
static const char *file_tail(const char *file)
{
	const char *at = file + strlen(file);
	int slashes = 0;

	while (at > file) {
		if (at[-1] == '/' && ++slashes == 2)
			return at;
		at--;
	}
	return file;
}

int side_compare_callbacks(const void *first, const void *second)
{
	const struct lp_side_callback *left = first, *right = second;
	int order = strcmp(left->info.name, right->info.name);

	if (!order)
		order = strcmp(left->service, right->service);
	if (!order)
		order = strcmp(left->info.file, right->info.file);
	return order ? order : (int)left->info.kind - (int)right->info.kind;
}

int side_compare_causes(const void *first, const void *second)
{
	const struct lp_side_cause *left = first, *right = second;
	int order = (int)left->kind - (int)right->kind;

	if (!order)
		order = strcmp(left->service, right->service);
	if (!order)
		order = strcmp(left->syscall, right->syscall);
	if (!order)
		order = strcmp(left->function, right->function);
	return order ? order : strcmp(left->file, right->file);
}

static bool same_callback(const void *entry, const void *key)
{
	return !side_compare_callbacks(entry, key);
}

static bool same_cause(const void *entry, const void *key)
{
	return !side_compare_causes(entry, key);
}

static uint64_t hash_of_callback(const struct lp_side_callback *callback)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, callback->info.name);
	hash_text(&hash, callback->service);
	hash_text(&hash, callback->info.file);
	return hash_end(&hash);
}

static uint64_t hash_of_cause(const struct lp_side_cause *cause)
{
	struct lp_hash hash = hash_begin();

	hash_text(&hash, cause->service);
	hash_text(&hash, cause->syscall);
	hash_text(&hash, cause->function);
	hash_text(&hash, cause->file);
	return hash_end(&hash);
}

/*
 * Returns the entry of the map that equals wanted, or a copy of wanted that is added; NULL if out
 * of memory.
 */
static void *find_or_add(struct lp_map *map, uint64_t hash, lp_map_match match, const void *wanted,
			 size_t size)
{
	void *entry = map_find(map, hash, match, wanted);

	if (entry)
		return entry;
	entry = malloc(size);
	if (!entry)
		return NULL;
	memcpy(entry, wanted, size);
	if (map_add(map, hash, entry))
		return entry;
	free(entry);
	return NULL;
}

/*
 * A loop's service: its systemd unit, which outlives threads and their names, or else the
 * thread's name.
 */
static void service_of(const struct lp_loop_info *loop, char *service, size_t size)
{
	snprintf(service, size, "%s", !loop ? "" : loop->unit[0] ? loop->unit : loop->comm);
}

static void add_callback(struct lp_side *side, const struct lp_loop_info *loop,
			 const struct lp_callback_summary *item)
{
	struct lp_side_callback wanted = { .info = { .kind = item->callback->kind } }, *known;

	service_of(loop, wanted.service, sizeof(wanted.service));
	snprintf(wanted.info.name, sizeof(wanted.info.name), "%s", item->callback->name);
	snprintf(wanted.info.file, sizeof(wanted.info.file), "%s", file_tail(item->callback->file));
	known = find_or_add(&side->callbacks, hash_of_callback(&wanted), same_callback, &wanted,
			    sizeof(wanted));
	if (!known) {
		side->no_memory = true;
		return;
	}
	known->info.line = item->callback->line;
	known->slow += item->slow;
	histogram_merge(&known->run, &item->run);
}

static void add_cause(struct lp_side *side, const struct lp_loop_info *loop,
		      const struct lp_cause *cause)
{
	struct lp_side_cause wanted = { .kind = cause->kind }, *known;

	service_of(loop, wanted.service, sizeof(wanted.service));
	snprintf(wanted.syscall, sizeof(wanted.syscall), "%s", cause->syscall);
	if (cause->frame) {
		snprintf(wanted.function, sizeof(wanted.function), "%s", cause->frame->function);
		snprintf(wanted.file, sizeof(wanted.file), "%s", file_tail(cause->frame->file));
	}
	known = find_or_add(&side->causes, hash_of_cause(&wanted), same_cause, &wanted,
			    sizeof(wanted));
	if (!known) {
		side->no_memory = true;
		return;
	}
	if (cause->frame)
		known->line = cause->frame->line;
	known->count += cause->count;
	known->occurrences += cause->occurrences;
	known->total_ns += cause->total_ns;
}

static void add_loop(struct lp_side *side, const struct lp_loop_summary *loop)
{
	size_t i;

	side->loops += loop->loop != NULL;
	loop_sums_add(&side->sum, loop);
	for (i = 0; i < loop->callback_count; i++)
		add_callback(side, loop->loop, &loop->items[i]);
	for (i = 0; i < loop->cause_count; i++)
		add_cause(side, loop->loop, &loop->causes[i]);
}

static void on_run(void *context, const struct lp_run *run)
{
	struct lp_side *side = context;

	text_copy(side->host, sizeof(side->host), run->host ? run->host : "");
	text_copy(side->mode, sizeof(side->mode), run->mode ? run->mode : "");
	side->threshold_ns = run->threshold_ns;
	side->start_unix_ns = run->start_unix_ns;
}

static void on_end(void *context, const struct lp_summary *total, const struct lp_run_end *end)
{
	struct lp_side *side = context;
	size_t i;

	side->span_ns = saturating_sub(end->end_ns, total->since_ns);
	for (i = 0; i < total->loop_count; i++)
		add_loop(side, &total->loops[i]);
}

const struct lp_observer side_observer = { .run = on_run, .end = on_end };

void side_free(struct lp_side *side)
{
	map_free_entries(&side->callbacks, free);
	map_free_entries(&side->causes, free);
	memset(side, 0, sizeof(*side));
}

bool side_is_timed(const struct lp_side *side)
{
	return strcmp(side->mode, "sample") != 0;
}

double side_stalls_an_hour(const struct lp_side *side)
{
	const struct lp_loop_summary *sum = &side->sum;

	return sum->wall_ns ? (double)sum->slow_callbacks * 3.6e12 / (double)sum->wall_ns : 0;
}
