// SPDX-License-Identifier: BSD-2-Clause
/* The tasks of a process as text: deadlocks first, then the tree of awaits. */
#include "sink.h"

#include "model/finding_kinds.h"
#include "files/output_file.h"
#include "sinks/terminal.h"
#include "sinks/text/other_end.h"
#include "sinks/text/print.h"
#include "base/text.h"
#include "alike.h"
#include "text_pool.h"
#include "blocked_loop.h"
#include "text_task.h"
#include "text_thread.h"
#include "text_change.h"
#include "tree.h"
#include "base/wrap.h"
#include "wire/loop_kinds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The least number of finished tasks that is of interest, and the most coroutines that are named. */
#define ENDED_LEAST 10
#define ENDED_SHOWN 6

struct tasks_text_sink {
	struct lp_tasks_sink sink;
	FILE *out;
	struct lp_terminal terminal;
	struct lp_text_detail detail;
	uint64_t wall_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	bool begun; /* something has been printed */
	int err; /* first failed write; nothing is written after it */
};

/* ---- a snapshot ------------------------------------------------------------ */

static void print_copied(struct tasks_text_sink *sink, const struct lp_tasks_snapshot *snapshot)
{
	bool one = snapshot->copied_loops == 1;
	char text[256], from[64] = "the process that forked this one";

	if (!snapshot->copied_loops)
		return;
	if (snapshot->copied_from)
		snprintf(from, sizeof(from), "process %d, which forked this one,",
			 snapshot->copied_from);
	snprintf(text, sizeof(text), "%s loop%s of %s %s copied and not run here, and so %s tasks",
		 one ? "a" : "some", one ? "" : "s", from, one ? "is" : "are",
		 one ? "are its" : "are their");
	wrap_print(sink->out, text, 0, "    ", sink->terminal.columns);
}

static void count_states(const struct lp_tasks_snapshot *snapshot, uint32_t loop, bool all,
			 size_t counts[LP_TASK_STATES])
{
	size_t i;

	memset(counts, 0, LP_TASK_STATES * sizeof(*counts));
	for (i = 0; i < snapshot->list.count; i++)
		if (all || snapshot->places[i].loop == loop)
			counts[snapshot->list.tasks[i].state]++;
}

static size_t living(const size_t counts[LP_TASK_STATES])
{
	size_t count = 0;
	int state;

	for (state = 0; state < LP_TASK_DONE; state++)
		count += counts[state];
	return count;
}

static void print_headline(struct tasks_text_sink *sink, const struct lp_tasks_snapshot *snapshot)
{
	size_t counts[LP_TASK_STATES], count;
	char text[512], number[32], comm[LP_COMM_BYTES * 4], kinds[64];
	const char *separator = "    ";
	unsigned int kind_bits = 0;
	size_t loop;
	int state;

	for (loop = 0; loop < snapshot->loop_count; loop++)
		kind_bits |= 1U << snapshot->list.loops[loop].kind;
	loop_kinds_text(kind_bits, snapshot->instance->runtime_name, kinds, sizeof(kinds));

	count_states(snapshot, 0, true, counts);
	count = living(counts);
	text_copy(comm, sizeof(comm), snapshot->process->comm);
	snprintf(text, sizeof(text), "pid %d (%s), %s on %s %s: %s task%s", snapshot->process->pid,
		 comm, kinds, snapshot->instance->product, snapshot->instance->version,
		 count ? text_task_number(count, number) : "no", text_plural(count));
	if (snapshot->loop_count)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " in %zu loop%s",
			 snapshot->loop_count, text_plural(snapshot->loop_count));
	else if (!count)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 ", as no event loop runs");
	wrap_print(sink->out, text, 0, "    ", sink->terminal.columns);
	print_copied(sink, snapshot);
	if (count <= LP_ALIKE_ABOVE || snapshot->copied_loops)
		return;
	for (state = 0; state < LP_TASK_DONE; state++)
		if (counts[state]) {
			fprintf(sink->out, "%s%s %s", separator,
				text_task_number(counts[state], number), text_task_state(state));
			separator = ", ";
		}
	fputc('\n', sink->out);
}

static void print_loop_head(struct tasks_text_sink *sink, const struct lp_tasks_snapshot *snapshot,
			    size_t loop)
{
	size_t counts[LP_TASK_STATES];
	char text[512], number[32], class[96];

	count_states(snapshot, (uint32_t)loop, false, counts);
	if (loop == snapshot->loop_count) {
		snprintf(text, sizeof(text), "of no known loop");
	} else {
		if (snapshot->loops[loop].tid)
			snprintf(text, sizeof(text), "loop %u, thread %d", snapshot->loops[loop].id,
				 snapshot->loops[loop].tid);
		else
			snprintf(text, sizeof(text), "loop %u, %s", snapshot->loops[loop].id,
				 snapshot->list.loops[loop].copied ? "a copy" : "not running");
		text_copy(class, sizeof(class),
			  snapshot->list.loops[loop].class ? snapshot->list.loops[loop].class : "");
		if (*class)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %s", class);
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), ": %s task%s",
		 text_task_number(living(counts), number), text_plural(living(counts)));
	fputc('\n', sink->out);
	wrap_print(sink->out, text, 0, "    ", sink->terminal.columns);
}

/* Prints all loops, each with a headline unless it is the only one. */
static int print_loops(struct tasks_text_sink *sink, const struct lp_tasks_snapshot *snapshot,
		       const uint64_t *keys, const bool *printed, bool *drawn)
{
	size_t counts[LP_TASK_STATES], loop, i, all = 0, hidden = 0;
	char text[32], total[32];
	int err = 0;

	for (loop = 0; loop <= snapshot->loop_count && !err; loop++) {
		count_states(snapshot, (uint32_t)loop, false, counts);
		if (!living(counts))
			continue;
		if (snapshot->loop_count > 1 || loop == snapshot->loop_count)
			print_loop_head(sink, snapshot, loop);
		else
			fputc('\n', sink->out);
		err = tree_print(sink->out, &sink->terminal, snapshot, keys, (uint32_t)loop,
				 sink->detail.stack, printed, drawn);
	}
	for (i = 0; i < snapshot->list.count; i++) {
		bool lifetimes = snapshot->list.tasks[i].state != LP_TASK_DONE;

		all += lifetimes;
		hidden += lifetimes && !drawn[i];
	}
	if (hidden && !err)
		fprintf(sink->out, "(%s of these %s tasks are not shown; -j lists each)\n",
			text_task_number(hidden, text), text_task_number(all, total));
	return err;
}

static int print_finished(struct tasks_text_sink *sink, const struct lp_tasks_snapshot *snapshot,
			  const uint64_t *keys)
{
	const struct lp_rails rails = { "    ", "    " };
	size_t i, count = 0;
	uint32_t *tasks = malloc((snapshot->list.count + 1) * sizeof(*tasks));
	struct lp_alike_entry *entries = malloc((snapshot->list.count + 1) * sizeof(*entries));
	int64_t left = -ENOMEM, at;

	for (i = 0; tasks && i < snapshot->list.count; i++)
		if (snapshot->list.tasks[i].state == LP_TASK_DONE)
			tasks[count++] = (uint32_t)i;
	if (tasks && entries)
		left = alike_fold(keys, tasks, count, entries);
	if (left > 0)
		fprintf(sink->out, "\n%sfinished, exception never retrieved%s\n",
			sink->terminal.colour ? LP_RED : "", sink->terminal.colour ? LP_PLAIN : "");
	for (at = 0; at < left; at++) {
		text_task_finished(sink->out, &sink->terminal, snapshot, entries[at].task, "    ");
		if (entries[at].more)
			text_task_more(sink->out, &sink->terminal, snapshot, &entries[at], "",
				       &rails);
	}
	free(tasks);
	free(entries);
	if (left > 0)
		tasks_text_explain_finding(sink->out, &sink->terminal, &sink->detail,
					   LP_FINDING_NEVER_RETRIEVED);
	return left < 0 ? (int)left : 0;
}

/* Prints how many finished tasks something refers to: those of a moment ago are few. */
static void print_ended(struct tasks_text_sink *sink, const struct lp_tasks_snapshot *snapshot)
{
	const struct lp_task_list *list = &snapshot->list;
	uint64_t named = 0;
	char *text = NULL, number[32];
	size_t size = 0, i;
	FILE *memory;

	if (list->ended_total < ENDED_LEAST)
		return;
	memory = open_memstream(&text, &size);
	if (!memory)
		return;
	fprintf(memory, "%s finished tasks are still in memory, referenced or not collected yet: ",
		text_task_number(list->ended_total, number));
	for (i = 0; i < list->ended_count && i < ENDED_SHOWN; i++) {
		named += list->ended[i].count;
		fprintf(memory, "%s%s %s", i ? ", " : "",
			text_task_number(list->ended[i].count, number),
			*list->ended[i].coroutine ? list->ended[i].coroutine : "?");
	}
	if (named < list->ended_total)
		fprintf(memory, ", %s of other coroutines",
			text_task_number(list->ended_total - named, number));
	if (!fclose(memory)) {
		fputc('\n', sink->out);
		wrap_print(sink->out, text, 0, "    ", sink->terminal.columns);
	}
	free(text);
}

static void print_unwoken(struct tasks_text_sink *sink, const struct lp_tasks_snapshot *snapshot)
{
	bool one = snapshot->unwoken_count == 1;
	char text[512], number[32];

	if (!snapshot->unwoken_count)
		return;
	snprintf(
		text, sizeof(text),
		"%s task%s ready to run, but the loop sleeps in its poll until something else wakes it: "
		"%s made ready by another thread or a signal handler, which has to use "
		"loop.call_soon_threadsafe()",
		text_task_number(snapshot->unwoken_count, number), one ? " is" : "s are",
		one ? "it was" : "they were");
	fputc('\n', sink->out);
	wrap_print(sink->out, text, 0, "    ", sink->terminal.columns);
}

/* Prints what the threads of loops are blocked in, other than their poll. */
static void print_blocked_loops(struct tasks_text_sink *sink,
				const struct lp_tasks_snapshot *snapshot)
{
	char text[LP_OTHER_END_TEXT + LP_TEXT_PLACE_MAX + LP_DNS_NAME_BYTES + 256];
	char what[LP_OTHER_END_TEXT];
	char where[LP_TEXT_PLACE_MAX], number[16];
	size_t i, thread;

	for (i = 0; snapshot->blocked_loops && i < snapshot->loop_count; i++) {
		const struct lp_blocked_loop *blocked = &snapshot->blocked_loops[i];
		const struct lp_shown_frame *frame = blocked->own ? blocked->own : blocked->parked;

		thread = text_thread_find(snapshot, snapshot->list.loops[i].tid);
		if (!blocked->known || text_thread_deadlocked(snapshot, thread))
			continue;
		*what = '\0';
		if (thread != SIZE_MAX)
			text_thread_wait(snapshot, thread, what);
		if (!*what)
			text_other_end(&blocked->end, what);
		*where = '\0';
		if (frame)
			text_frame_place(frame, 2, where, sizeof(where));
		snprintf(number, sizeof(number), " %u", snapshot->loops[i].id);
		snprintf(text, sizeof(text),
			 "the thread of %sloop%s is blocked in %s%s%s%s: %s%s%s",
			 snapshot->loop_count > 1 ? "" : "the ",
			 snapshot->loop_count > 1 ? number : "",
			 frame ? frame->function : "a function that is not known",
			 *where ? " (" : "", where, *where ? ")" : "", what,
			 *blocked->dns_name ? ", looks up " : "", blocked->dns_name);
		fputc('\n', sink->out);
		wrap_print(sink->out, text, 0, "    ", sink->terminal.columns);
	}
}

static void print_snapshot(struct tasks_text_sink *sink, const struct lp_tasks_snapshot *snapshot)
{
	uint64_t *keys = alike_keys(snapshot);
	bool *drawn = calloc(snapshot->list.count + 1, sizeof(*drawn));
	bool *printed = calloc(snapshot->list.count + 1, sizeof(*printed));
	int err = keys && drawn && printed ? 0 : -ENOMEM;
	size_t i, at;

	if (sink->begun)
		fputc('\n', sink->out);
	sink->begun = true;
	print_headline(sink, snapshot);
	print_blocked_loops(sink, snapshot);
	if (snapshot->graph.deadlock_count && snapshot->blocked_loops)
		fputc('\n', sink->out);
	for (i = 0; i < snapshot->graph.deadlock_count; i++) {
		const struct lp_deadlock *deadlock = &snapshot->graph.deadlocks[i];

		tasks_text_deadlock(sink->out, &sink->terminal, snapshot, deadlock, &sink->detail);
		for (at = 0; printed && at < deadlock->count && at < LP_CIRCLE_SHOWN; at++)
			if (!graph_is_thread(&snapshot->list, deadlock->nodes[at]))
				printed[deadlock->nodes[at]] = true;
	}
	if (!err)
		err = print_loops(sink, snapshot, keys, printed, drawn);
	if (!err) {
		text_pools_print(sink->out, &sink->terminal, snapshot);
		text_threads_print(sink->out, &sink->terminal, snapshot, sink->detail.stack);
	}
	if (!err)
		err = print_finished(sink, snapshot, keys);
	print_ended(sink, snapshot);
	print_unwoken(sink, snapshot);
	if (snapshot->list.partial)
		fputs("\nsome of it could not be read: there may be more tasks than these\n",
		      sink->out);
	else if (snapshot->list.ended_partial)
		fputs("\nthe search for tasks that have ended was cut short: there may be more of those\n",
		      sink->out);
	if (fflush(sink->out) && !sink->err)
		sink->err = -EIO;
	free(keys);
	free(drawn);
	free(printed);
	sink->err = sink->err ? sink->err : err;
}

/* ---- the sink ----------------------------------------------------------------------- */

static void on_begin(struct lp_tasks_sink *base, const struct lp_tasks_run *run)
{
	struct tasks_text_sink *sink = (struct tasks_text_sink *)base;

	sink->wall_offset_ns = run->start_unix_ns - run->start_ns;
}

static void on_snapshot(struct lp_tasks_sink *base, const struct lp_tasks_snapshot *snapshot)
{
	print_snapshot((struct tasks_text_sink *)base, snapshot);
}

static void on_change(struct lp_tasks_sink *base, const struct lp_tasks_snapshot *before,
		      const struct lp_tasks_snapshot *now, const struct lp_tasks_change *change)
{
	struct tasks_text_sink *sink = (struct tasks_text_sink *)base;

	(void)before;
	tasks_text_change(sink->out, &sink->terminal, now, change, &sink->detail,
			  now->list.time_ns + sink->wall_offset_ns);
	if (fflush(sink->out) && !sink->err)
		sink->err = -EIO;
}

static ssize_t write_page(void *cookie, const char *data, size_t size)
{
	struct tasks_text_sink *sink = cookie;
	char *text;

	if (!sink->err && sink->terminal.utf8) {
		sink->err = output_write(stdout, data, size);
	} else if (!sink->err) {
		text = malloc(size);
		sink->err = text ? output_write(stdout, text, terminal_make_ascii(data, size, text))
				 : -ENOMEM;
		free(text);
	}
	return (ssize_t)size;
}

static int close_sink(struct lp_tasks_sink *base)
{
	struct tasks_text_sink *sink = (struct tasks_text_sink *)base;
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
		.snapshot = on_snapshot,
		.change = on_change,
		.last = on_snapshot,
		.close = close_sink,
	};
	struct tasks_text_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->sink = functions;
	sink->terminal = terminal_of_stdout();
	sink->detail.stack = options->stack;
	sink->detail.explain = options->explain;
	sink->out = fopencookie(sink, "w", (cookie_io_functions_t){ .write = write_page });
	if (!sink->out) {
		free(sink);
		return NULL;
	}
	setvbuf(sink->out, NULL, _IOFBF, 64 << 10);
	return &sink->sink;
}
