// SPDX-License-Identifier: BSD-2-Clause
#include "endings.h"

#include "base/macros.h"
#include "base/text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request to end is connected with the end only if it came no longer than this before. */
#define REQUEST_NS (600 * NS_PER_S)
/* A library cleans up after the callback that ends its loop; that takes no longer. */
#define CLEANUP_NS (100 * NS_PER_MS)

const char *ending_signal_name(uint32_t number, char *text, size_t size)
{
	static const char *const names[] = {
		[SIGHUP] = "HUP",	[SIGINT] = "INT",     [SIGQUIT] = "QUIT",
		[SIGILL] = "ILL",	[SIGTRAP] = "TRAP",   [SIGABRT] = "ABRT",
		[SIGBUS] = "BUS",	[SIGFPE] = "FPE",     [SIGKILL] = "KILL",
		[SIGUSR1] = "USR1",	[SIGSEGV] = "SEGV",   [SIGUSR2] = "USR2",
		[SIGPIPE] = "PIPE",	[SIGALRM] = "ALRM",   [SIGTERM] = "TERM",
		[SIGCHLD] = "CHLD",	[SIGCONT] = "CONT",   [SIGSTOP] = "STOP",
		[SIGTSTP] = "TSTP",	[SIGTTIN] = "TTIN",   [SIGTTOU] = "TTOU",
		[SIGURG] = "URG",	[SIGXCPU] = "XCPU",   [SIGXFSZ] = "XFSZ",
		[SIGPROF] = "PROF",	[SIGWINCH] = "WINCH", [SIGVTALRM] = "VTALRM",
		[SIGIO] = "IO",		[SIGPWR] = "PWR",     [SIGSYS] = "SYS",
		[SIGSTKFLT] = "STKFLT",
	};

	if (number < ARRAY_SIZE(names) && names[number])
		snprintf(text, size, "SIG%s", names[number]);
	else
		snprintf(text, size, "signal %u", number);
	return text;
}

/* Returns whether the kernel sends this signal to those that a terminal belongs to. */
static bool is_of_terminal(uint32_t number)
{
	return number == SIGINT || number == SIGQUIT || number == SIGHUP;
}

void ending_sender(const struct lp_sent_signal *sent, bool pid, char *text, size_t size)
{
	const char *name = sent->comm[0] ? sent->comm : "?";

	if (sent->origin == LP_SIGNAL_BY_KERNEL)
		snprintf(text, size, "%s",
			 is_of_terminal(sent->number) ? "the terminal" : "the kernel");
	else if (sent->origin == LP_SIGNAL_BY_NAMESPACE && pid)
		snprintf(text, size,
			 "the kernel, as its container's first process ended: %s (pid %d)", name,
			 sent->pid);
	else if (sent->origin == LP_SIGNAL_BY_NAMESPACE)
		snprintf(text, size, "the kernel, as its container's first process ended");
	else if (pid)
		snprintf(text, size, "%s (pid %d)", name, sent->pid);
	else
		snprintf(text, size, "%s", name);
}

static void fill_sent(struct lp_sent_signal *sent, const struct lp_signal *signal, uint64_t end_ns)
{
	char comm[LP_COMM_BYTES + 1] = "";

	sent->number = signal->number;
	sent->origin = (enum lp_signal_origin)signal->origin;
	sent->pid = (pid_t)signal->pid;
	sent->before_ns = saturating_sub(end_ns, signal->time_ns);
	memcpy(comm, signal->comm, LP_COMM_BYTES);
	text_copy(sent->comm, sizeof(sent->comm), comm);
}

/* Fills in the signal that ended the process, and an earlier one that asked it to end. */
static void fill_signals(const struct lp_event_process_end *event, struct lp_process_end *end)
{
	const struct lp_signal *signals = event->ending.signals;
	const struct lp_signal *request = &signals[LP_SIGNAL_REQUEST];
	size_t i;

	for (i = 0; end->signal && i < LP_SIGNAL_SORTS; i++)
		if (signals[i].number == end->signal)
			fill_sent(&end->sent, &signals[i], event->event.time_ns);
	if (request->number && request->number != end->signal &&
	    saturating_sub(event->event.time_ns, request->time_ns) < REQUEST_NS)
		fill_sent(&end->request, request, event->event.time_ns);
}

static enum lp_ending_kind kind_of(const struct lp_event_process_end *event,
				   const struct lp_process_end *end)
{
	if (!end->signal)
		return end->exit_code ? LP_ENDING_FAILED : LP_ENDING_EXITED;
	if (event->out_of_memory && end->signal == SIGKILL)
		return LP_ENDING_OUT_OF_MEMORY;
	switch (end->signal) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
	case SIGSYS:
	case SIGABRT:
		if (!end->sent.number || end->sent.pid == end->pid ||
		    end->sent.origin == LP_SIGNAL_BY_KERNEL)
			return LP_ENDING_CRASHED;
		break;
	}
	return LP_ENDING_KILLED;
}

static void fill_reason(struct lp_process_end *end)
{
	char name[32], sender[LP_COMM_BYTES * 4 + 64];
	const struct lp_sent_signal *by = end->signal ? &end->sent : &end->request;

	ending_sender(by, false, sender, sizeof(sender));
	ending_signal_name(end->signal ? end->signal : by->number, name, sizeof(name));
	if (!end->signal && !by->number)
		snprintf(end->reason, sizeof(end->reason), "exit code %u", end->exit_code);
	else if (!end->signal)
		snprintf(end->reason, sizeof(end->reason), "exit code %u after %s from %s",
			 end->exit_code, name, sender);
	else if (end->kind == LP_ENDING_OUT_OF_MEMORY)
		snprintf(end->reason, sizeof(end->reason), "%s from the kernel: out of memory",
			 name);
	else if (end->kind == LP_ENDING_CRASHED || !by->number)
		snprintf(end->reason, sizeof(end->reason), "%s", name);
	else
		snprintf(end->reason, sizeof(end->reason), "%s from %s", name, sender);
}

struct lp_last_stall *endings_last_stall(const struct lp_slow_callback *slow)
{
	struct lp_last_stall *last = slow ? calloc(1, sizeof(*last)) : NULL;

	if (!last)
		return NULL;
	last->callback = *slow->callback;
	if (slow->handler) {
		text_copy(last->handler.name, sizeof(last->handler.name), slow->handler->function);
		text_copy(last->handler.file, sizeof(last->handler.file), slow->handler->file);
		last->handler.line = slow->handler->line;
	}
	last->end_ns = slow->start_ns + slow->duration_ns;
	last->duration_ns = slow->duration_ns;
	text_copy(last->task_name, sizeof(last->task_name), slow->task_name);
	return last;
}

void endings_fill(const struct lp_event_process_end *event, const struct lp_loop_info *loop,
		  const struct lp_last_stall *last, struct lp_process_end *end)
{
	memset(end, 0, sizeof(*end));
	end->pid = (pid_t)event->event.pid;
	end->loop = loop;
	end->time_ns = event->event.time_ns;
	if (event->started_ns)
		end->lived_ns = saturating_sub(end->time_ns, event->started_ns);
	end->signal = event->status & 0x7f;
	end->exit_code = end->signal ? 0 : event->status >> 8 & 0xff;
	fill_signals(event, end);
	end->kind = kind_of(event, end);
	fill_reason(end);
	end->task_name = "";
	if (!loop || loop->tid != (pid_t)event->ending.tid)
		return;
	end->activity = (enum lp_loop_activity)event->ending.activity;
	if (end->activity != LP_ACTIVITY_NONE)
		end->activity_ns = saturating_sub(end->time_ns, event->ending.since_ns);
	if (last && end->activity == LP_ACTIVITY_BUSY) {
		end->callback = &last->callback;
		end->handler = last->handler.name[0] ? &last->handler : NULL;
		end->task_name = last->task_name;
	}
}

void endings_fill_stop(const struct lp_event_loop_stopped *event, const struct lp_loop_info *loop,
		       uint64_t begin_ns, const struct lp_last_stall *last,
		       struct lp_loop_stop_report *stop)
{
	*stop = (struct lp_loop_stop_report){
		.loop = loop,
		.time_ns = event->stopped_ns,
		.reason = (enum lp_loop_stop)event->reason,
		.ran_ns = saturating_sub(event->stopped_ns, begin_ns),
		.task_name = "",
	};
	if (!last || last->end_ns > event->stopped_ns ||
	    event->stopped_ns - last->end_ns > CLEANUP_NS)
		return;
	stop->callback = &last->callback;
	stop->handler = last->handler.name[0] ? &last->handler : NULL;
	stop->task_name = last->task_name;
	stop->stall_ns = last->duration_ns;
}

/* ---- counts --------------------------------------------------------------------- */

static struct lp_end_count *find(struct lp_end_count *items, size_t count, const char *reason)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(items[i].reason, reason))
			return &items[i];
	return NULL;
}

static bool make_room(struct lp_endings *endings)
{
	if (endings->items)
		return true;
	/* one more for each kind */
	endings->items = calloc(LP_ENDINGS_MAX + LP_ENDING_KINDS, sizeof(*endings->items));
	endings->before = calloc(LP_ENDINGS_MAX + LP_ENDING_KINDS, sizeof(*endings->before));
	if (endings->items && endings->before)
		return true;
	endings_free(endings);
	return false;
}

void endings_count(struct lp_endings *endings, const struct lp_process_end *end)
{
	static const char *const others[LP_ENDING_KINDS] = {
		[LP_ENDING_EXITED] = "exit code 0, asked to end",
		[LP_ENDING_FAILED] = "other exit codes",
		[LP_ENDING_KILLED] = "other signals",
		[LP_ENDING_CRASHED] = "other faults",
		[LP_ENDING_OUT_OF_MEMORY] = "out of memory",
	};
	const char *reason = end->reason;
	struct lp_end_count *item;

	if (!make_room(endings))
		return;
	item = find(endings->items, endings->count, reason);
	if (!item && endings->count >= LP_ENDINGS_MAX) {
		reason = others[end->kind];
		item = find(endings->items, endings->count, reason);
	}
	if (!item) {
		item = &endings->items[endings->count++];
		text_copy(item->reason, sizeof(item->reason), reason);
		item->kind = end->kind;
	}
	item->count++;
	if (!end->callback)
		return;
	item->stalled++;
	if (end->activity_ns > item->stall_max_ns)
		item->stall_max_ns = end->activity_ns;
}

void endings_begin_interval(struct lp_endings *endings)
{
	size_t i;

	for (i = 0; i < endings->count; i++)
		endings->before[i] = endings->items[i];
}

static int by_count(const void *left, const void *right)
{
	const struct lp_end_count *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->reason, b->reason);
}

static void add(struct lp_summary *summary, const struct lp_end_count *item)
{
	struct lp_end_count *into = find(summary->ends, summary->end_count, item->reason);

	if (!into) {
		summary->ends[summary->end_count++] = *item;
		return;
	}
	into->count += item->count;
	into->stalled += item->stalled;
	if (item->stall_max_ns > into->stall_max_ns)
		into->stall_max_ns = item->stall_max_ns;
}

void endings_summarise(const struct lp_endings *endings, bool interval, struct lp_summary *summary)
{
	size_t size = (summary->end_count + endings->count) * sizeof(*summary->ends), i;
	struct lp_end_count *grown;

	if (!endings->count)
		return;
	grown = realloc(summary->ends, size);
	if (!grown)
		return;
	summary->ends = grown;
	for (i = 0; i < endings->count; i++) {
		struct lp_end_count item = endings->items[i];

		if (interval) {
			item.count -= endings->before[i].count;
			item.stalled -= endings->before[i].stalled;
		}
		if (item.count)
			add(summary, &item);
	}
	qsort(summary->ends, summary->end_count, sizeof(*summary->ends), by_count);
}

void endings_free(struct lp_endings *endings)
{
	free(endings->items);
	free(endings->before);
	memset(endings, 0, sizeof(*endings));
}
