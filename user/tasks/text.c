// SPDX-License-Identifier: BSD-2-Clause
/* The tasks of a process, for people: what is stuck first, then who awaits whom. */
#include "sink.h"

#include "wire/finding_kinds.h"
#include "files/output_file.h"
#include "sinks/terminal.h"
#include "base/text.h"
#include "alike.h"
#include "text_task.h"
#include "text_change.h"
#include "tree.h"
#include "wrap.h"
#include "wire/loop_kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct text_sink {
	struct lp_tasks_sink sink;
	FILE *out;
	struct lp_look look;
	struct lp_told told;
	uint64_t wall_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	bool begun; /* something is printed already */
	int err; /* first failed write; nothing is written after it */
};

/* ---- the whole picture ------------------------------------------------------------ */

static void print_copied(struct text_sink *sink, const struct lp_tasks_view *view)
{
	bool one = view->copied_loops == 1;
	char text[256], from[64] = "the process that forked this one";

	if (!view->copied_loops)
		return;
	if (view->copied_from)
		snprintf(from, sizeof(from), "process %d, which forked this one,",
			 view->copied_from);
	snprintf(text, sizeof(text), "%s loop%s of %s %s copied and not run here, and so %s tasks",
		 one ? "a" : "some", one ? "" : "s", from, one ? "is" : "are",
		 one ? "are its" : "are their");
	wrap_print(sink->out, text, 0, "    ", sink->look.columns);
}

static void count_states(const struct lp_tasks_view *view, uint32_t loop, bool all,
			 size_t counts[LP_TASK_STATES])
{
	size_t i;

	memset(counts, 0, LP_TASK_STATES * sizeof(*counts));
	for (i = 0; i < view->list.count; i++)
		if (all || view->places[i].loop == loop)
			counts[view->list.tasks[i].state]++;
}

static size_t living(const size_t counts[LP_TASK_STATES])
{
	size_t count = 0;
	int state;

	for (state = 0; state < LP_TASK_DONE; state++)
		count += counts[state];
	return count;
}

static void print_headline(struct text_sink *sink, const struct lp_tasks_view *view)
{
	static const char *const words[LP_TASK_STATES] = {
		[LP_TASK_RUNNING] = "running",
		[LP_TASK_READY] = "ready to run",
		[LP_TASK_WAITING] = "waiting",
		[LP_TASK_CANCELLING] = "being cancelled",
	};
	size_t counts[LP_TASK_STATES], count;
	char text[512], number[32], comm[LP_COMM_BYTES * 4], kinds[64];
	const char *separator = "    ";
	unsigned int kind_bits = 0;
	size_t loop;
	int state;

	for (loop = 0; loop < view->loop_count; loop++)
		kind_bits |= 1U << view->list.loops[loop].kind;
	loop_kinds_text(kind_bits, view->instance->runtime_name, kinds, sizeof(kinds));

	count_states(view, 0, true, counts);
	count = living(counts);
	text_copy(comm, sizeof(comm), view->process->comm);
	snprintf(text, sizeof(text), "pid %d (%s), %s on CPython %s: %s task%s", view->process->pid,
		 comm, kinds, view->instance->version, count ? line_number(count, number) : "no",
		 count == 1 ? "" : "s");
	if (view->loop_count)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " in %zu loop%s",
			 view->loop_count, view->loop_count == 1 ? "" : "s");
	wrap_print(sink->out, text, 0, "    ", sink->look.columns);
	print_copied(sink, view);
	if (count <= LP_FOLD_ABOVE || view->copied_loops)
		return;
	for (state = 0; state < LP_TASK_DONE; state++)
		if (counts[state]) {
			fprintf(sink->out, "%s%s %s", separator, line_number(counts[state], number),
				words[state]);
			separator = ", ";
		}
	fputc('\n', sink->out);
}

static void print_loop_head(struct text_sink *sink, const struct lp_tasks_view *view, size_t loop)
{
	size_t counts[LP_TASK_STATES];
	char text[512], number[32], class[96];

	count_states(view, (uint32_t)loop, false, counts);
	if (loop == view->loop_count) {
		snprintf(text, sizeof(text), "of no known loop");
	} else {
		if (view->loops[loop].tid)
			snprintf(text, sizeof(text), "loop %u, thread %d", view->loops[loop].id,
				 view->loops[loop].tid);
		else
			snprintf(text, sizeof(text), "loop %u, %s", view->loops[loop].id,
				 view->list.loops[loop].copied ? "a copy" : "not running");
		text_copy(class, sizeof(class),
			  view->list.loops[loop].class ? view->list.loops[loop].class : "");
		if (*class)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %s", class);
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), ": %s task%s",
		 line_number(living(counts), number), living(counts) == 1 ? "" : "s");
	fputc('\n', sink->out);
	wrap_print(sink->out, text, 0, "    ", sink->look.columns);
}

/* Each with a headline of its own, unless it is the only one. */
static int print_loops(struct text_sink *sink, const struct lp_tasks_view *view,
		       const uint64_t *keys, const bool *told, bool *drawn)
{
	size_t counts[LP_TASK_STATES], loop, i, all = 0, hidden = 0;
	char text[32], total[32];
	int err = 0;

	for (loop = 0; loop <= view->loop_count && !err; loop++) {
		count_states(view, (uint32_t)loop, false, counts);
		if (!living(counts))
			continue;
		if (view->loop_count > 1 || loop == view->loop_count)
			print_loop_head(sink, view, loop);
		else
			fputc('\n', sink->out);
		err = tree_print(sink->out, &sink->look, view, keys, (uint32_t)loop,
				 sink->told.stack, told, drawn);
	}
	for (i = 0; i < view->list.count; i++) {
		bool lives = view->list.tasks[i].state != LP_TASK_DONE;

		all += lives;
		hidden += lives && !drawn[i];
	}
	if (hidden && !err)
		fprintf(sink->out, "(%s of these %s tasks are not shown; -j lists each)\n",
			line_number(hidden, text), line_number(all, total));
	return err;
}

static int print_finished(struct text_sink *sink, const struct lp_tasks_view *view,
			  const uint64_t *keys)
{
	const struct lp_rails rails = { "    ", "    " };
	size_t i, count = 0;
	uint32_t *tasks = malloc((view->list.count + 1) * sizeof(*tasks));
	struct lp_fold_entry *entries = malloc((view->list.count + 1) * sizeof(*entries));
	int64_t left = -ENOMEM, at;

	for (i = 0; tasks && i < view->list.count; i++)
		if (view->list.tasks[i].state == LP_TASK_DONE)
			tasks[count++] = (uint32_t)i;
	if (tasks && entries)
		left = fold_tasks(keys, tasks, count, entries);
	if (left > 0)
		fprintf(sink->out, "\n%sfinished, exception never retrieved%s\n",
			sink->look.colour ? LP_RED : "", sink->look.colour ? LP_PLAIN : "");
	for (at = 0; at < left; at++) {
		line_finished(sink->out, &sink->look, view, entries[at].task, "    ");
		if (entries[at].more)
			line_more(sink->out, &sink->look, entries[at].more, "like it", &rails);
	}
	free(tasks);
	free(entries);
	if (left > 0)
		text_explain_finding(sink->out, &sink->look, &sink->told,
				     LP_FINDING_NEVER_RETRIEVED);
	return left < 0 ? (int)left : 0;
}

static void print_picture(struct text_sink *sink, const struct lp_tasks_view *view)
{
	uint64_t *keys = malloc((view->list.count + 1) * sizeof(*keys));
	bool *drawn = calloc(view->list.count + 1, sizeof(*drawn));
	bool *told = calloc(view->list.count + 1, sizeof(*told));
	int err = keys && drawn && told ? 0 : -ENOMEM;
	size_t i, at;

	for (i = 0; !err && i < view->list.count; i++)
		keys[i] = fold_key(view, (uint32_t)i);
	if (sink->begun)
		fputc('\n', sink->out);
	sink->begun = true;
	print_headline(sink, view);
	for (i = 0; i < view->graph.deadlock_count; i++) {
		const struct lp_deadlock *deadlock = &view->graph.deadlocks[i];

		text_deadlock(sink->out, &sink->look, view, deadlock, &sink->told);
		for (at = 0; told && at < deadlock->count && at < LP_CIRCLE_SHOWN; at++)
			told[deadlock->tasks[at]] = true;
	}
	if (!err)
		err = print_loops(sink, view, keys, told, drawn);
	if (!err)
		err = print_finished(sink, view, keys);
	if (view->list.partial)
		fputs("\nsome of it could not be read: there may be more tasks than these\n",
		      sink->out);
	if (fflush(sink->out) && !sink->err)
		sink->err = -EIO;
	free(keys);
	free(drawn);
	free(told);
	sink->err = sink->err ? sink->err : err;
}

/* ---- the sink ----------------------------------------------------------------------- */

static void on_begin(struct lp_tasks_sink *base, const struct lp_tasks_run *run)
{
	struct text_sink *sink = (struct text_sink *)base;

	sink->wall_offset_ns = run->start_unix_ns - run->start_ns;
}

static void on_picture(struct lp_tasks_sink *base, const struct lp_tasks_view *view)
{
	print_picture((struct text_sink *)base, view);
}

static void on_change(struct lp_tasks_sink *base, const struct lp_tasks_view *before,
		      const struct lp_tasks_view *now, const struct lp_tasks_change *change)
{
	struct text_sink *sink = (struct text_sink *)base;

	(void)before;
	text_change(sink->out, &sink->look, now, change, &sink->told,
		    now->list.time_ns + sink->wall_offset_ns);
	if (fflush(sink->out) && !sink->err)
		sink->err = -EIO;
}

static ssize_t write_page(void *cookie, const char *data, size_t size)
{
	struct text_sink *sink = cookie;
	char *text;

	if (!sink->err && sink->look.utf8) {
		sink->err = output_write(stdout, data, size);
	} else if (!sink->err) {
		text = malloc(size);
		sink->err = text ? output_write(stdout, text, look_make_ascii(data, size, text))
				 : -ENOMEM;
		free(text);
	}
	return (ssize_t)size;
}

static int close_sink(struct lp_tasks_sink *base)
{
	struct text_sink *sink = (struct text_sink *)base;
	int err;

	fclose(sink->out);
	err = sink->err;
	free(sink);
	return err;
}

struct lp_tasks_sink *tasks_text_open(const struct lp_options *options)
{
	static const struct lp_tasks_sink functions = {
		.begin = on_begin,
		.picture = on_picture,
		.change = on_change,
		.last = on_picture,
		.close = close_sink,
	};
	struct text_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->sink = functions;
	sink->look = look_of_stdout();
	sink->told.stack = options->stack;
	sink->told.explain = options->explain;
	sink->out = fopencookie(sink, "w", (cookie_io_functions_t){ .write = write_page });
	if (!sink->out) {
		free(sink);
		return NULL;
	}
	setvbuf(sink->out, NULL, _IOFBF, 64 << 10);
	return &sink->sink;
}
