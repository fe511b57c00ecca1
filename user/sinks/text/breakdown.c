// SPDX-License-Identifier: BSD-2-Clause
#include "breakdown.h"

#include "base/text.h"
#include "base/macros.h"
#include "base/wrap.h"
#include "model/call_words.h"
#include "memory.h"
#include "other_end.h"
#include "print.h"
#include "shortage.h"
#include "sinks/terminal.h"
#include "stack.h"
#include "wire/syscalls.h"

#include <stdio.h>
#include <string.h>

/* Columns of "    blocked   312 ms". */
#define LABEL_COLUMNS 20
/* A part of a stall is printed if it is at least one in so many of its time. */
#define SHOWN_PARTS 100
/* Limits of blocking calls after the longest one, and of the frames of each. */
#define MORE_CALLS 3
#define MORE_FRAMES 3
#define ALL_FRAMES UINT32_MAX
/* Limit of the name of a thread or task that holds a lock. */
#define HOLDER_COLUMNS 40
#define CHAIN_INDENT "    awaited through "

/* The state of printing one stall. */
struct stall {
	FILE *file;
	const struct lp_terminal *terminal;
	const struct lp_breakdown *breakdown;
	uint64_t duration_ns;
	bool iteration;
	const struct lp_stack *shown; /* the loop's stack printed completely; NULL: none yet */
};

bool text_breakdown_matters(uint64_t ns, uint64_t duration_ns)
{
	return ns && ns >= duration_ns / SHOWN_PARTS;
}

static bool matters(const struct stall *stall, uint64_t ns)
{
	return text_breakdown_matters(ns, stall->duration_ns);
}

/*
 * Returns the most frequent sample of a reason, if possible one with frames; NULL: there is none.
 * Stores the number of all samples of the reason in total.
 */
static const struct lp_sample *find_sample(const struct lp_breakdown *breakdown,
					   enum lp_sample_reason reason, uint32_t *total)
{
	const struct lp_sample *most = NULL;
	size_t i;

	*total = 0;
	for (i = 0; i < breakdown->sample_count; i++) {
		const struct lp_sample *sample = &breakdown->samples[i];

		if (sample->reason != reason)
			continue;
		*total += sample->count;
		if (!most || (!most->stack.depth && sample->stack.depth))
			most = sample;
	}
	return most;
}

/*
 * Prints the innermost frames, at most `most` of each kind: otherwise the frames of the kernel and
 * of C would take the place of the Python lines, which matter most.  fresh: number of innermost
 * frames that were not printed before.
 */
static void print_innermost(const struct stall *stall, const struct lp_stack *stack, uint32_t fresh,
			    uint32_t most)
{
	const struct lp_shown_frame *frames[LP_FRAME_KINDS * MORE_FRAMES];
	struct lp_stack shown = { .frames = frames };
	uint32_t counts[LP_FRAME_KINDS] = { 0 }, i;

	for (i = 0; i < stack->depth; i++) {
		const struct lp_shown_frame *frame = stack->frames[i];
		bool first_line = frame->kind == LP_FRAME_PYTHON && !counts[LP_FRAME_PYTHON];

		/* of frames that were printed before, only the innermost Python line */
		if ((i >= fresh && !first_line) || counts[frame->kind] >= most ||
		    shown.depth == LP_FRAME_KINDS * MORE_FRAMES)
			continue;
		counts[frame->kind]++;
		frames[shown.depth++] = frame;
	}
	if (!shown.depth && stack->depth)
		frames[shown.depth++] = stack->frames[0];
	text_stack_print_frames(stall->file, stall->terminal, &shown, shown.depth);
}

/* Returns the number of innermost frames to print: fresh, or more to include a Python line. */
static uint32_t with_line(const struct lp_stack *stack, uint32_t fresh)
{
	uint32_t line = 0;

	while (line < stack->depth && stack->frames[line]->kind != LP_FRAME_PYTHON)
		line++;
	if (line == stack->depth)
		return fresh ? fresh : !!stack->depth;
	return fresh > line ? fresh : line + 1;
}

/* Prints the first stack completely, and of later ones the frames that are not in it. */
static void print_own_stack(struct stall *stall, const struct lp_stack *stack, uint32_t most)
{
	uint32_t fresh = stall->shown ? text_stack_fresh(stack, stall->shown) : stack->depth;

	if (!stall->shown || (fresh == stack->depth && fresh <= most)) {
		text_stack_print(stall->file, stall->terminal, stack);
		if (!stall->shown && stack->depth)
			stall->shown = stack;
		return;
	}
	if (most == ALL_FRAMES)
		text_stack_print_frames(stall->file, stall->terminal, stack,
					with_line(stack, fresh));
	else
		print_innermost(stall, stack, fresh, most < MORE_FRAMES ? most : MORE_FRAMES);
}

static void print_label(const struct stall *stall, const char *label, uint64_t ns)
{
	fprintf(stall->file, "    %-7s ", label);
	text_print_time(stall->file, ns, 8);
}

/* Returns false for what is waited for outside of system calls. */
static bool is_call(const char *syscall)
{
	static const int others[] = { LP_SYSCALL_PAGE_FAULT, LP_SYSCALL_STOPPED,
				      LP_SYSCALL_FROZEN };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(syscall, syscall_name(others[i])))
			return false;
	return true;
}

/* Returns whom a call waited for, if it is the one of which that was read. */
static const struct lp_other_end *end_of(const struct stall *stall,
					 const struct lp_blocked *blocked)
{
	const struct lp_breakdown *breakdown = stall->breakdown;

	return breakdown->end_blocked && blocked == &breakdown->blocked[breakdown->end_blocked - 1]
		       ? breakdown->end
		       : NULL;
}

static const struct lp_lock_holder *holder_of(const struct stall *stall,
					      const struct lp_blocked *blocked)
{
	const struct lp_lock_holder *holder = &stall->breakdown->holder;

	if (!holder->known || strcmp(blocked->syscall, "futex") != 0)
		return NULL;
	/* captures of earlier versions do not say which lock it is */
	return !holder->lock_address || !blocked->lock_address ||
			       holder->lock_address == blocked->lock_address
		       ? holder
		       : NULL;
}

/* Returns whether a call waited for a lock of the runtime's threads: others are in C libraries. */
static bool waits_for_lock(const struct stall *stall, const struct lp_blocked *blocked)
{
	const struct lp_lock_holder *holder = holder_of(stall, blocked);

	return holder && holder->is_thread_lock;
}

/* Returns whether a loop waits for its own thread, whose stack is that of the call. */
static bool is_itself(const struct lp_lock_holder *holder)
{
	return holder->own_loop && !holder->is_task;
}

/* Prints the process at the other end of a call. */
static void print_end(const struct stall *stall, const struct lp_blocked *blocked)
{
	const struct lp_other_end *end = end_of(stall, blocked);
	const struct lp_lock_holder *holder = holder_of(stall, blocked);
	char text[LP_OTHER_END_TEXT] = "";

	if (end)
		text_other_end_holders(end, text);
	else if (holder && is_itself(holder))
		snprintf(text, sizeof(text), "it waits for a %s",
			 holder->gives_result
				 ? "result that only this same, blocked loop can produce"
				 : "lock that its own thread holds");
	if (!*text)
		return;
	fputs("        ", stall->file);
	wrap_print(stall->file, text, 8, "            ", stall->terminal->columns);
}

/* Prints the names that a name server was asked for, unless they are in the words of the call. */
static void print_asked(const struct stall *stall, const struct lp_blocked *blocked,
			const char *words)
{
	char text[LP_DNS_NAME_BYTES + 32];

	if (!*blocked->dns_name || strstr(words, blocked->dns_name))
		return;
	snprintf(text, sizeof(text), "it looks up %s", blocked->dns_name);
	fputs("        ", stall->file);
	wrap_print(stall->file, text, 8, "            ", stall->terminal->columns);
}

/* Returns the words before the name of what holds the lock of a call, or ends its wait. */
static const char *holder_words(const struct lp_lock_holder *holder)
{
	if (holder->ends)
		return "it waits for the end of thread";
	if (holder->gives_result)
		return holder->is_task ? "it waits for the result of task"
				       : "it waits for the result of a job of thread";
	return holder->is_task ? "held by task" : "held by";
}

/* Describes the thread or task that holds the lock of a call, or ends its wait. */
static void describe_holder(const struct lp_terminal *terminal, const struct lp_lock_holder *holder,
			    char *text, size_t size)
{
	const char *loop = "";
	char name[LP_CUT_NAME_BYTES(HOLDER_COLUMNS)], state[64] = "which is";

	terminal_cut_name(terminal, *holder->thread ? holder->thread : "?", HOLDER_COLUMNS, name,
			  sizeof(name));
	if (holder->own_loop)
		loop = " of this same, blocked loop";
	if (holder->since_ns && holder->since_ns < holder->read_ns) {
		char time[32];

		text_duration(time, sizeof(time), holder->read_ns - holder->since_ns);
		snprintf(state, sizeof(state), "waiting for %s", time);
	}
	snprintf(text, size, "%s '%s'%s, %s at", holder_words(holder), name, loop, state);
}

/* Prints the thread or task that holds the lock, or is to give the result, of a call. */
static void print_holder(const struct stall *stall, const struct lp_blocked *blocked)
{
	const struct lp_lock_holder *holder = holder_of(stall, blocked);
	char text[HOLDER_COLUMNS * 4 + 160];

	if (!holder || is_itself(holder))
		return;
	describe_holder(stall->terminal, holder, text, sizeof(text));
	fputs("      ", stall->file);
	wrap_print(stall->file, text, 6, "        ", stall->terminal->columns);
	text_stack_print(stall->file, stall->terminal, &holder->stack);
}

/* Prints the thread that ended the wait of a call for a lock whose holder is not known. */
static void print_waker(const struct stall *stall, const struct lp_blocked *blocked)
{
	const struct lp_waker *waker = &stall->breakdown->waker;
	const char *where = waker->stack.depth ? ", which was at" : "";
	char name[LP_CUT_NAME_BYTES(HOLDER_COLUMNS)], text[HOLDER_COLUMNS * 4 + 64];

	if (!waker->known || !blocked->woken || holder_of(stall, blocked))
		return;
	terminal_cut_name(stall->terminal, waker->thread, HOLDER_COLUMNS, name, sizeof(name));
	/* without its stack it may have the name of the kernel, which is that of many */
	if (*name && !waker->stack.depth && waker->tid)
		snprintf(text, sizeof(text), "woken by thread '%s' (TID %d)", name, waker->tid);
	else if (*name)
		snprintf(text, sizeof(text), "woken by thread '%s'%s", name, where);
	else
		snprintf(text, sizeof(text), "woken by thread %d%s", waker->tid, where);
	fputs("      ", stall->file);
	wrap_print(stall->file, text, 6, "        ", stall->terminal->columns);
	if (waker->stack.depth)
		text_stack_print(stall->file, stall->terminal, &waker->stack);
}

static bool on_file_system(const struct lp_blocked *blocked)
{
	return blocked->file_system && *blocked->file_system;
}

/* Prints a look-up of a name, and its call below. Returns false if the name does not fit. */
static bool print_look_up(const struct stall *stall, const struct lp_blocked *blocked,
			  const char *words, const char *times, size_t width)
{
	if (!*blocked->dns_name || !strstr(words, blocked->dns_name) || text_columns(words) > width)
		return false;
	fprintf(stall->file, "%s%s\n        ", words, times);
	text_print_call(stall->file, stall->terminal, blocked->syscall, blocked->target,
			stall->terminal->columns - 8, false);
	fputc('\n', stall->file);
	return true;
}

/* Prints a call and what it operates on, with the words in front of it if they fit. */
static void print_words(const struct stall *stall, const struct lp_blocked *blocked, char *words,
			const char *times, size_t width)
{
	const struct lp_other_end *end = end_of(stall, blocked);
	const char *name = end ? text_other_end_name(end) : NULL;
	char target[LP_RESOURCE_TEXT_MAX + LP_LOCAL_TEXT_MAX + 8];
	size_t columns = text_columns(words) + strlen(" ()");

	if (*words && columns + text_columns(blocked->syscall) <= width) {
		fprintf(stall->file, "%s (", words);
		width -= columns;
	} else {
		*words = '\0';
	}
	/* both addresses of a socket, if they fit */
	snprintf(target, sizeof(target), "%s from %s", blocked->target, blocked->local);
	if (!blocked->local[0] ||
	    text_columns(blocked->syscall) + strlen(" on ") + text_columns(target) > width)
		snprintf(target, sizeof(target), "%s%s%s%s", name ? name : blocked->target,
			 on_file_system(blocked) ? " (" : "",
			 on_file_system(blocked) ? blocked->file_system : "",
			 on_file_system(blocked) ? ")" : "");
	text_print_call(stall->file, stall->terminal, blocked->syscall, target, width, false);
	fprintf(stall->file, "%s%s\n", *words ? ")" : "", times);
}

static void print_call(struct stall *stall, const struct lp_blocked *blocked, uint32_t frames)
{
	char times[32], words[LP_CALL_WORDS_MAX];
	size_t width;

	snprintf(times, sizeof(times), ", %u %s%s", blocked->count,
		 is_call(blocked->syscall) ? "call" : "time", text_plural(blocked->count));
	print_label(stall, "blocked", blocked->duration_ns);
	fputs("  ", stall->file);
	width = stall->terminal->columns - LABEL_COLUMNS - 2 - strlen(times);
	call_words_of(blocked, words, sizeof(words));
	if (!*words && waits_for_lock(stall, blocked))
		text_copy(words, sizeof(words), call_words_of_lock());
	if (!print_look_up(stall, blocked, words, times, width))
		print_words(stall, blocked, words, times, width);
	print_asked(stall, blocked, words);
	print_end(stall, blocked);
	print_own_stack(stall, &blocked->stack, frames);
	print_holder(stall, blocked);
	print_waker(stall, blocked);
}

static void print_blocked(struct stall *stall)
{
	const struct lp_breakdown *breakdown = stall->breakdown;
	uint64_t unknown_ns = breakdown->time.blocked_ns, more_ns = breakdown->blocked_dropped_ns;
	uint32_t more = breakdown->blocked_dropped;
	size_t i;

	for (i = 0; i < breakdown->blocked_count; i++) {
		const struct lp_blocked *blocked = &breakdown->blocked[i];
		/* the longest call is printed even if it is short, as an example of many */
		bool example = i == 0 && !stall->iteration;

		unknown_ns = saturating_sub(unknown_ns, blocked->duration_ns);
		if (i <= MORE_CALLS && (example || matters(stall, blocked->duration_ns))) {
			print_call(stall, blocked, i ? MORE_FRAMES : ALL_FRAMES);
			continue;
		}
		more += blocked->count;
		more_ns += blocked->duration_ns;
	}
	if (more && matters(stall, more_ns)) {
		fprintf(stall->file, "    and %u more call%s, ", more, text_plural(more));
		text_print_time(stall->file, more_ns, 0);
		fputc('\n', stall->file);
	}
	unknown_ns = saturating_sub(unknown_ns, breakdown->blocked_dropped_ns);
	if (!matters(stall, unknown_ns))
		return;
	print_label(stall, "blocked", unknown_ns);
	fprintf(stall->file, "  in %s\n",
		stall->iteration ? "its callbacks" : "calls that are not known");
}

static void print_on_cpu(struct stall *stall)
{
	const struct lp_times *time = &stall->breakdown->time;
	const struct lp_sample *most;
	char words[LP_CALL_WORDS_MAX];
	uint32_t total;

	print_label(stall, "on CPU", time->on_cpu_ns);
	most = find_sample(stall->breakdown, LP_SAMPLE_ON_CPU, &total);
	if (!most || !matters(stall, time->on_cpu_ns)) {
		fputc('\n', stall->file);
		return;
	}
	call_words_of_stack(&most->stack, words, sizeof(words));
	fprintf(stall->file, "%s%s, %u sample%s%s\n", *words ? "  " : "", words, total,
		text_plural(total), stall->iteration ? " before its first callback" : "");
	if (time->gc_known && matters(stall, time->gc_ns)) {
		fprintf(stall->file, "    collecting garbage %s", time->gc_exact ? "" : "about ");
		text_print_time(stall->file, time->gc_ns, 0);
		fputs(" of it", stall->file);
		if (time->gc_recorded)
			fprintf(stall->file, ", generation %u", time->gc_generation);
		fputc('\n', stall->file);
	}
	print_own_stack(stall, &most->stack, ALL_FRAMES);
	text_stack_print_lines(stall->file, stall->terminal, stall->breakdown, total);
}

/* Returns whether the part of blocked or on-CPU time prints a stack of the loop. */
static bool shown_elsewhere(const struct stall *stall)
{
	const struct lp_breakdown *breakdown = stall->breakdown;
	const struct lp_sample *most;
	uint32_t total;

	if (stall->shown)
		return true;
	if (matters(stall, breakdown->time.blocked_ns) && breakdown->blocked_count &&
	    breakdown->blocked[0].stack.depth)
		return true;
	most = find_sample(breakdown, LP_SAMPLE_ON_CPU, &total);
	return most && most->stack.depth && matters(stall, breakdown->time.on_cpu_ns);
}

/*
 * Prints the stack of the loop while it waited, if no other part prints a stack.  title: line above
 * the stack, or NULL.
 */
static void print_where(struct stall *stall, enum lp_sample_reason reason, const char *title)
{
	const struct lp_sample *most;
	uint32_t total;

	/* before its first callback of an iteration a loop is always at its poll */
	if (stall->iteration || shown_elsewhere(stall))
		return;
	most = find_sample(stall->breakdown, reason, &total);
	if (!most || (!most->stack.depth && !most->stack.unreadable))
		return;
	if (title)
		fprintf(stall->file, "    %s\n", title);
	print_own_stack(stall, &most->stack, ALL_FRAMES);
}

static void print_gil(struct stall *stall)
{
	const struct lp_gil_holder *holder = &stall->breakdown->gil;
	char time[32];
	int columns;

	text_duration(time, sizeof(time), stall->breakdown->time.gil_ns);
	columns = fprintf(stall->file, "    waiting for the GIL %s%s", time,
			  holder->known ? ", held by " : "");
	if (holder->known && holder->thread[0]) {
		fputc('\'', stall->file);
		text_print_end(stall->file, stall->terminal, holder->thread,
			       stall->terminal->columns - (size_t)columns - 2, false);
		fputc('\'', stall->file);
	} else if (holder->known && holder->tid) {
		fprintf(stall->file, "thread %d", holder->tid);
	} else if (holder->known) {
		fputs("another thread", stall->file);
	}
	fputc('\n', stall->file);
	if (holder->known)
		text_stack_print(stall->file, stall->terminal, &holder->stack);
	print_where(stall, LP_SAMPLE_GIL, holder->known ? "the loop stood at" : NULL);
}

static void print_run_queue(struct stall *stall)
{
	fputs("    waiting for a CPU ", stall->file);
	text_print_time(stall->file, stall->breakdown->time.run_queue_ns, 0);
	fputc('\n', stall->file);
	text_shortage_print(stall->file, stall->terminal, stall->breakdown,
			    stall->duration_ns / SHOWN_PARTS);
	print_where(stall, LP_SAMPLE_RUN_QUEUE, NULL);
}

static void print_parts(struct stall *stall)
{
	const struct lp_times *time = &stall->breakdown->time;
	struct {
		uint64_t ns;
		void (*print)(struct stall *stall);
	} parts[] = {
		{ matters(stall, time->blocked_ns) ? time->blocked_ns : 0, print_blocked },
		/* the rest of the duration, printed even if it is short */
		{ time->on_cpu_ns, print_on_cpu },
		{ matters(stall, time->gil_ns) ? time->gil_ns : 0, print_gil },
		{ matters(stall, time->run_queue_ns) ? time->run_queue_ns : 0, print_run_queue },
	};
	const size_t count = ARRAY_SIZE(parts);
	size_t i, worst;

	for (;;) {
		for (worst = 0, i = 1; i < count; i++)
			if (parts[i].ns > parts[worst].ns)
				worst = i;
		if (!parts[worst].ns)
			return;
		parts[worst].ns = 0;
		parts[worst].print(stall);
	}
}

/* Prints the samples of a capture of an older version, which has no times. */
static void print_samples(struct stall *stall)
{
	const struct lp_breakdown *breakdown = stall->breakdown;
	uint32_t all = 0;
	size_t i;

	if (!breakdown->sample_count)
		return;
	for (i = 0; i < breakdown->sample_count; i++)
		all += breakdown->samples[i].count;
	if (breakdown->sample_count > 1)
		fprintf(stall->file, "    most frequent, in %u of %u samples\n",
			breakdown->samples[0].count, all);
	print_own_stack(stall, &breakdown->samples[0].stack, ALL_FRAMES);
}

static const char *name_in_chain(const struct lp_stack *chain, uint32_t i)
{
	return chain->frames[i]->function ? chain->frames[i]->function : "?";
}

/* Prints the await chain, outermost first; if it is too wide, the outer names are omitted. */
static void print_chain(const struct stall *stall)
{
	const struct lp_stack *chain = &stall->breakdown->await_chain;
	const char *mark = stall->terminal->utf8 ? "\xe2\x80\xa6 > " : ".. > ";
	size_t space = stall->terminal->columns - strlen(CHAIN_INDENT), columns;
	uint32_t i, first = chain->depth - 1;

	columns = text_columns(name_in_chain(chain, first));
	while (first) {
		size_t wider =
			columns + strlen(" > ") + text_columns(name_in_chain(chain, first - 1));

		if (wider + (first > 1 ? text_columns(mark) : 0) > space)
			break;
		columns = wider;
		first--;
	}
	fprintf(stall->file, CHAIN_INDENT "%s", first ? mark : "");
	if (first)
		space -= text_columns(mark);
	for (i = first; i < chain->depth; i++) {
		text_print_end(stall->file, stall->terminal, name_in_chain(chain, i), space, false);
		fputs(i + 1 < chain->depth ? " > " : "\n", stall->file);
	}
}

/*
 * Returns whether the await chain has coroutines that the printed stack has not.  It has if it was
 * read from the task instead of the stack.
 */
static bool chain_says_more(const struct stall *stall)
{
	const struct lp_stack *chain = &stall->breakdown->await_chain;
	uint32_t i;

	if (chain->depth < 2)
		return false;
	for (i = 0; i < chain->depth; i++)
		if (!stall->shown || !text_stack_has(stall->shown, chain->frames[i]))
			return true;
	return false;
}

void text_breakdown_print(FILE *file, const struct lp_terminal *terminal,
			  const struct lp_breakdown *breakdown, uint64_t duration_ns,
			  bool iteration)
{
	struct stall stall = { .file = file,
			       .terminal = terminal,
			       .breakdown = breakdown,
			       .duration_ns = duration_ns,
			       .iteration = iteration };

	if (breakdown->time.known) {
		print_parts(&stall);
		text_memory_print(file, terminal, &breakdown->shortage.memory,
				  duration_ns / SHOWN_PARTS);
		text_steal_print(file, &breakdown->shortage);
	} else {
		print_samples(&stall);
	}
	if (chain_says_more(&stall))
		print_chain(&stall);
}
