// SPDX-License-Identifier: BSD-2-Clause
#include "text_pool.h"

#include "text_task.h"
#include "base/clocks.h"
#include "base/macros.h"
#include "base/map.h"
#include "base/text.h"
#include "base/wrap.h"
#include "sinks/terminal.h"
#include "sinks/text/print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_SHOWN 3 /* of a group */
#define NAME_BYTES (LP_TASK_NAME_COLUMNS * 4 + 24) /* with quotes and "thread" */
#define GROUPS_SHOWN 6 /* of a pool's holders, waiters or threads */
#define GROUPS_MAX 64
#define JOBS_SHOWN 6

/* How long a user has been where it is. */
struct user_time {
	uint64_t ns; /* 0: not known */
	bool least; /* it may be longer */
};

/* The users of a group that have the same name. */
struct user_name {
	char text[NAME_BYTES];
	size_t count;
};

/* Users of a pool at the same line. */
struct user_group {
	const struct lp_shown_frame *frame; /* the line, or NULL */
	const char *function; /* what a thread was given to run; "" */
	size_t count;
	size_t named; /* the number of names */
	struct user_name names[NAMES_SHOWN];
	struct user_time longest; /* of those of which it is known */
};

struct user_groups {
	struct lp_map tasks; /* from the address of a task to its index + 1 */
	size_t count, left_out; /* groups, and users that are in none of them */
	struct user_group items[GROUPS_MAX];
};

struct pool_line {
	char text[2048];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct pool_line *line, const char *format,
						      ...)
{
	va_list arguments;

	va_start(arguments, format);
	line->length = text_append(line->text, sizeof(line->text), line->length, format, arguments);
	va_end(arguments);
}

/* ---- who, and where ------------------------------------------------------------------ */

static const struct lp_task *find_task(const struct lp_tasks_snapshot *snapshot,
				       const struct user_groups *groups, uint64_t address,
				       const struct lp_task_place **place)
{
	const uint64_t *index = address ? map_get(&groups->tasks, address) : NULL;

	if (!index)
		return NULL;
	*place = &snapshot->places[*index - 1];
	return &snapshot->list.tasks[*index - 1];
}

static const struct lp_shown_frame *own_frame(const struct lp_tasks_snapshot *snapshot,
					      const struct lp_pool_thread *thread)
{
	return task_frames_own(snapshot->frames, thread->frames, thread->frame_count);
}

static void add_name(struct user_group *group, const char *name)
{
	size_t i;

	for (i = 0; i < group->named; i++)
		if (!strcmp(group->names[i].text, name))
			break;
	if (i == NAMES_SHOWN)
		return;
	if (i == group->named) {
		group->named++;
		snprintf(group->names[i].text, sizeof(group->names[i].text), "%s", name);
	}
	group->names[i].count++;
}

/* Adds a user to the group of its line. */
static void add_to_group(struct user_groups *groups, const struct lp_shown_frame *frame,
			 const char *function, const char *name, struct user_time time)
{
	struct user_group *group;
	size_t i;

	for (i = 0; i < groups->count; i++)
		if (task_frames_same_line(groups->items[i].frame, frame) &&
		    !strcmp(groups->items[i].function, function))
			break;
	if (i == GROUPS_MAX) {
		groups->left_out++;
		return;
	}
	group = &groups->items[i];
	if (i == groups->count) {
		groups->count++;
		memset(group, 0, sizeof(*group));
		group->frame = frame;
		group->function = function;
	}
	group->count++;
	if (time.ns > group->longest.ns)
		group->longest = time;
	add_name(group, name);
}

static struct user_time time_of(const struct lp_tasks_snapshot *snapshot,
				const struct lp_task *task, const struct lp_task_place *place)
{
	uint64_t now = snapshot->list.time_ns;

	if (task->since_ns && task->since_ns <= now)
		return (struct user_time){ .ns = now - task->since_ns };
	if (place->unmoved_ns && place->unmoved_ns < now)
		return (struct user_time){ .ns = now - place->unmoved_ns, .least = true };
	return (struct user_time){ .ns = 0 };
}

/* Appends "for at least 3.20 s", if a time is known. */
static void add_time(struct pool_line *line, const char *before, const struct user_time *time)
{
	char duration[32];

	if (!time->ns)
		return;
	text_duration(duration, sizeof(duration), time->ns);
	add(line, "%sfor %s%s", before, time->least ? "at least " : "", duration);
}

/* A task, or a thread, in the order of names. */
struct named_user {
	const char *name;
	const struct lp_task *task; /* NULL: a thread, or a task that is not listed */
	const struct lp_task_place *place;
	const struct lp_pool_user *user;
};

/* "fetch-2" is before "fetch-10". */
static int by_name(const void *left, const void *right)
{
	const struct named_user *a = left, *b = right;
	size_t lengths[2] = { strlen(a->name), strlen(b->name) };

	if (lengths[0] != lengths[1])
		return lengths[0] < lengths[1] ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void add_named(const struct lp_terminal *terminal, const struct lp_tasks_snapshot *snapshot,
		      const struct named_user *named, struct user_groups *groups)
{
	const struct lp_task_place *place = named->place;
	char name[LP_TASK_NAME_COLUMNS * 4 + 8], quoted[NAME_BYTES];
	const struct user_time unknown = { .ns = 0 };

	if (named->task) {
		text_task_name(terminal, named->task, name, sizeof(name));
		snprintf(quoted, sizeof(quoted), "'%s'", name);
		add_to_group(groups,
			     place->own	     ? place->own
			     : place->parked ? place->parked
					     : place->definition,
			     "", quoted, time_of(snapshot, named->task, place));
	} else if (!named->user->task) {
		terminal_cut_name(terminal, *named->name ? named->name : "?", LP_TASK_NAME_COLUMNS,
				  name, sizeof(name));
		snprintf(quoted, sizeof(quoted), "thread '%s'", name);
		add_to_group(groups,
			     own_frame(snapshot, &snapshot->list.pool_threads[named->user->thread]),
			     "", quoted, unknown);
	} else {
		groups->left_out++;
	}
}

static void group_users(const struct lp_terminal *terminal,
			const struct lp_tasks_snapshot *snapshot, const struct lp_pool_user *users,
			size_t count, struct user_groups *groups)
{
	struct named_user *named = calloc(count + 1, sizeof(*named));
	size_t i;

	groups->count = groups->left_out = 0;
	for (i = 0; named && i < count; i++) {
		named[i].user = &users[i];
		named[i].task = find_task(snapshot, groups, users[i].task, &named[i].place);
		if (named[i].task)
			named[i].name = named[i].task->name;
		else if (!users[i].task)
			named[i].name = snapshot->list.pool_threads[users[i].thread].name;
		else
			named[i].name = "";
	}
	if (named && count)
		qsort(named, count, sizeof(*named), by_name);
	for (i = 0; named && i < count; i++)
		add_named(terminal, snapshot, &named[i], groups);
	free(named);
}

/* Appends "'a', 'b' (3 of them) and 4 more". */
static void add_names(struct pool_line *line, const struct user_group *group)
{
	size_t more = group->count, i;
	char number[32];

	for (i = 0; i < group->named; i++) {
		add(line, "%s%s", i ? ", " : "", group->names[i].text);
		if (group->names[i].count > 1)
			add(line, " (%s of them)", text_task_number(group->names[i].count, number));
		more -= group->names[i].count;
	}
	if (more)
		add(line, " and %s more", text_task_number(more, number));
}

static void add_group(struct pool_line *line, const struct user_group *group)
{
	char where[LP_TEXT_PLACE_MAX];

	add_names(line, group);
	if (group->frame && group->frame->file[0]) {
		text_frame_place(group->frame, 2, where, sizeof(where));
		add(line, " at %s", where);
	}
	add_time(line, group->count > 1 ? ", the longest " : " ", &group->longest);
}

static void print_line(FILE *file, const struct lp_terminal *terminal, struct pool_line *line)
{
	text_sanitise(line->text);
	fputs("        ", file);
	wrap_print(file, line->text, 8, "            ", terminal->columns);
}

/* Prints "held by 'a', 'b' at x.py:3; 'c' at x.py:9".  unknown: how many are not known. */
static void print_users(FILE *file, const struct lp_terminal *terminal, const char *verb,
			const struct user_groups *groups, uint64_t unknown)
{
	struct pool_line line = { .length = 0 };
	size_t i, more = groups->left_out;
	char number[32];

	if (!groups->count && !unknown)
		return;
	add(&line, "%s ", verb);
	for (i = 0; i < groups->count; i++) {
		if (i >= GROUPS_SHOWN) {
			more += groups->items[i].count;
			continue;
		}
		add(&line, "%s", i ? "; " : "");
		add_group(&line, &groups->items[i]);
	}
	if (more)
		add(&line, "; %s more", text_task_number(more, number));
	if (unknown && groups->count)
		add(&line, "; of %s it is not known", text_task_number(unknown, number));
	else if (unknown)
		add(&line, "whom is not known");
	print_line(file, terminal, &line);
}

/* ---- threads ----------------------------------------------------------------------------- */

static void print_threads(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_tasks_snapshot *snapshot, const struct lp_pool *pool,
			  struct user_groups *groups)
{
	char name[LP_TASK_NAME_COLUMNS * 4 + 8], number[32], where[LP_TEXT_PLACE_MAX];
	const struct user_time unknown = { .ns = 0 };
	struct pool_line line = { .length = 0 };
	size_t i;

	groups->count = groups->left_out = 0;
	for (i = 0; i < pool->worker_count; i++) {
		const struct lp_pool_worker *worker = &pool->workers[i];
		const struct lp_pool_thread *thread = &snapshot->list.pool_threads[worker->thread];

		if (!worker->busy)
			continue;
		terminal_cut_name(terminal, *thread->name ? thread->name : "?",
				  LP_TASK_NAME_COLUMNS, name, sizeof(name));
		add_to_group(groups, own_frame(snapshot, thread), worker->function, name, unknown);
	}
	for (i = 0; i < groups->count && i < GROUPS_SHOWN; i++) {
		const struct user_group *group = &groups->items[i];

		line.length = 0;
		add_names(&line, group);
		if (*group->function)
			add(&line, "  %s", group->function);
		if (group->frame && group->frame->file[0]) {
			text_frame_place(group->frame, 2, where, sizeof(where));
			add(&line, "%s %s", *group->function ? "," : " ", where);
			if (strcmp(group->frame->function, group->function) != 0)
				add(&line, " in %s", group->frame->function);
		}
		print_line(file, terminal, &line);
	}
	if (groups->count > GROUPS_SHOWN || groups->left_out) {
		size_t more = groups->left_out;

		for (i = GROUPS_SHOWN; i < groups->count; i++)
			more += groups->items[i].count;
		fprintf(file, "        ... and %s more threads\n", text_task_number(more, number));
	}
}

static void print_jobs(FILE *file, const struct lp_terminal *terminal, const struct lp_pool *pool)
{
	struct pool_line line = { .length = 0 };
	uint64_t more = 0;
	char number[32];
	size_t i;

	if (!pool->jobs_count)
		return;
	add(&line, "queued: ");
	for (i = 0; i < pool->jobs_count; i++) {
		if (i >= JOBS_SHOWN)
			more += pool->jobs[i].count;
		else
			add(&line, "%s%s %s", i ? ", " : "",
			    text_task_number(pool->jobs[i].count, number),
			    *pool->jobs[i].function ? pool->jobs[i].function : "?");
	}
	if (more)
		add(&line, ", %s of other functions", text_task_number(more, number));
	print_line(file, terminal, &line);
}

/* ---- a pool ------------------------------------------------------------------------------ */

/* Appends "2 of 2 connections out", or as much of it as is known. */
static void add_amounts(struct pool_line *line, const struct lp_pool *pool)
{
	static const struct {
		const char *one, *many, *state;
	} words[LP_POOL_KINDS] = {
		[LP_POOL_THREADS] = { "thread", "threads", "busy" },
		[LP_POOL_CONNECTIONS] = { "connection", "connections", "out" },
		[LP_POOL_PERMITS] = { "", "", "out" },
	};
	uint64_t limit = pool->amounts[LP_POOL_LIMIT], out = pool->amounts[LP_POOL_OUT];
	uint64_t idle = pool->amounts[LP_POOL_IDLE];
	const char *noun = (limit < LP_POOL_UNLIMITED ? limit : out) == 1 ? words[pool->kind].one
									  : words[pool->kind].many;
	char number[32], of[32];

	if (out >= LP_POOL_UNLIMITED && idle == 0)
		add(line, "none free");
	else if (out >= LP_POOL_UNLIMITED && idle < LP_POOL_UNLIMITED)
		add(line, "%s free", text_task_number(idle, number));
	else if (out >= LP_POOL_UNLIMITED)
		add(line, "how many are out is not known");
	else if (limit < LP_POOL_UNLIMITED)
		add(line, "%s of %s%s%s %s", text_task_number(out, number),
		    text_task_number(limit, of), *noun ? " " : "", noun, words[pool->kind].state);
	else
		add(line, "%s%s%s %s%s", text_task_number(out, number), *noun ? " " : "", noun,
		    words[pool->kind].state, limit == LP_POOL_UNLIMITED ? ", no limit" : "");
}

static void print_head(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_tasks_snapshot *snapshot, const struct lp_pool *pool,
		       const struct user_groups *groups)
{
	uint64_t waiting = pool->amounts[LP_POOL_WAITING];
	const struct lp_task_place *place = NULL;
	const struct lp_task *oldest = find_task(snapshot, groups, pool->oldest, &place);
	struct pool_line line = { .length = 0 };
	struct user_time oldest_time;
	char number[32];

	add(&line, "%s: ", pool->name);
	add_amounts(&line, pool);
	if (*pool->detail)
		add(&line, ", %s", pool->detail);
	if (waiting && waiting < LP_POOL_UNLIMITED)
		add(&line, ", %s %s", text_task_number(waiting, number),
		    pool->kind == LP_POOL_THREADS ? "queued"
		    : waiting == 1		  ? "waits"
						  : "wait");
	if (oldest && waiting && waiting < LP_POOL_UNLIMITED) {
		oldest_time = time_of(snapshot, oldest, place);
		add_time(&line, ", oldest ", &oldest_time);
	}
	text_sanitise(line.text);
	fputs("    ", file);
	wrap_print(file, line.text, 4, "        ", terminal->columns);
}

static void print_pool(FILE *file, const struct lp_terminal *terminal,
		       const struct lp_tasks_snapshot *snapshot, const struct lp_pool *pool,
		       struct user_groups *groups)
{
	uint64_t out = pool->amounts[LP_POOL_OUT];

	print_head(file, terminal, snapshot, pool, groups);
	if (pool->kind == LP_POOL_THREADS) {
		print_threads(file, terminal, snapshot, pool, groups);
		print_jobs(file, terminal, pool);
		return;
	}
	group_users(terminal, snapshot, pool->holders, pool->holder_count, groups);
	print_users(file, terminal, "held by", groups,
		    out < LP_POOL_UNLIMITED ? saturating_sub(out, pool->held)
		    : pool->holder_count    ? 0
					    : pool->waiter_count);
	group_users(terminal, snapshot, pool->waiters, pool->waiter_count, groups);
	print_users(file, terminal, pool->waiter_count == 1 ? "waits:" : "wait:", groups, 0);
}

/* Returns whether a pool is of interest: something waits for it, or a part of it is in use. */
static bool in_use(const struct lp_pool *pool)
{
	uint64_t limit = pool->amounts[LP_POOL_LIMIT], out = pool->amounts[LP_POOL_OUT];
	uint64_t waiting = pool->amounts[LP_POOL_WAITING];

	if (pool->waiter_count || (waiting && waiting < LP_POOL_UNLIMITED))
		return true;
	if (!out || out >= LP_POOL_UNLIMITED)
		return false;
	/* that permits are out is what they are for, unless none are left */
	return pool->kind != LP_POOL_PERMITS || (limit < LP_POOL_UNLIMITED && out >= limit);
}

void text_pools_print(FILE *file, const struct lp_terminal *terminal,
		      const struct lp_tasks_snapshot *snapshot)
{
	struct user_groups *groups = calloc(1, sizeof(*groups));
	bool begun = false;
	size_t i;

	if (!groups)
		return;
	for (i = 0; snapshot->list.pool_count && i < snapshot->list.count; i++)
		map_put(&groups->tasks, snapshot->list.tasks[i].address, i + 1);

	for (i = 0; i < snapshot->list.pool_count; i++) {
		if (!in_use(&snapshot->list.pools[i]))
			continue;
		if (!begun)
			fputs("\npools\n", file);
		begun = true;
		print_pool(file, terminal, snapshot, &snapshot->list.pools[i], groups);
	}
	map_free(&groups->tasks);
	free(groups);
}
