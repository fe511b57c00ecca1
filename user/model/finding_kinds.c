// SPDX-License-Identifier: BSD-2-Clause
#include "finding_kinds.h"

#include "base/macros.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct lp_finding_row rows[] = {
	[LP_FINDING_NEVER_AWAITED] = {
		.name = "never_awaited", .title = "never awaited",
		.meaning =
			"A coroutine function was called, but what it returned was neither awaited nor "
			"made a task: none of its code has run.",
		.silence =
			"Python reports it when the coroutine is freed, with a RuntimeWarning on stderr: "
			"without a traceback, and by default once for each line that drops one. It is "
			"no exception, and not in the log.",
		.remedy =
			"Write await before the call, or give the coroutine to asyncio.create_task() or "
			"a TaskGroup. If it is not clear which call made it, use --origins.",
		.stack_label = "dropped at", .line = LP_LINE_CREATED,
	},
	[LP_FINDING_NEVER_RETRIEVED] = {
		.name = "exception_never_retrieved", .title = "exception never retrieved",
		.meaning =
			"A task or future ended with an exception and was freed, and it was never "
			"awaited or asked for its result() or exception(): it failed unseen.",
		.silence =
			"asyncio logs it (logger \"asyncio\", level ERROR) only when the object is "
			"freed: late, and never while anything, such as a list of tasks, holds on to "
			"it. A handler given to loop.set_exception_handler() gets it in place of the "
			"log.",
		.remedy =
			"Await the task, run it in an asyncio.TaskGroup (3.11 and later) or gather(), or "
			"give it a done callback that reads task.exception().",
		.stack_label = "dropped at", .parked_label = "raised at",
		.anonymous = "a future", .line = LP_LINE_DEFINED,
	},
	[LP_FINDING_DESTROYED_PENDING] = {
		.name = "destroyed_pending", .title = "destroyed while pending",
		.meaning =
			"A task was freed before it had ended, as nothing referred to it any more. Of "
			"its coroutine no more runs than the finally blocks, and those cannot await.",
		.silence =
			"A loop holds its tasks by weak references only. Where nothing else holds what "
			"a task waits for, the garbage collector takes both, at some later allocation "
			"in unrelated code. asyncio then logs \"Task was destroyed but it is pending!\"; "
			"no exception is raised anywhere.",
		.remedy =
			"Keep a reference until the task has ended: run it in a TaskGroup, or put it "
			"into a set and call task.add_done_callback(that_set.discard).",
		.stack_label = "dropped at", .parked_label = "waiting at",
		.line = LP_LINE_PARKED,
	},
	[LP_FINDING_PENDING_AT_CLOSE] = {
		.name = "pending_at_close", .title = "pending when its loop closed",
		.meaning =
			"A loop was closed while a task of it had not ended. The task is not cancelled "
			"and will never go on: what it was to write, commit or close stays undone.",
		.silence =
			"loop.close() empties its queues and does not check for tasks. There is a message "
			"only if such a task is freed before the interpreter exits.",
		.remedy =
			"Use asyncio.run() or asyncio.Runner, which cancel what is left and wait for it. "
			"With a loop of your own, before close(): cancel all of asyncio.all_tasks(loop), "
			"then run asyncio.gather(*tasks, return_exceptions=True) until it is complete.",
		.stack_label = "closed at", .parked_label = "waiting at",
		.line = LP_LINE_PARKED,
	},
	[LP_FINDING_CLOSED_LOOP] = {
		.name = "closed_loop", .title = "loop is closed",
		.cost = "a probe on most exceptions that are created",
		.meaning =
			"A loop was used after its close(), which raised RuntimeError \"Event loop is "
			"closed\". It is often a session or pool that outlived the asyncio.run() in "
			"which it was made, or a thread that still hands callbacks to the loop.",
		.silence =
			"It is raised in whoever is late: in a __del__ it is only printed as \"Exception "
			"ignored\", in another thread it ends that thread at most, and code that cleans "
			"up often catches it.",
		.remedy =
			"Close sessions, pools and servers in the loop that made them (async with), make "
			"new ones in each asyncio.run(), and stop threads before the loop is closed.",
		.stack_label = "raised at", .parked_label = "waiting at",
	},
	[LP_FINDING_NO_RUNNING_LOOP] = {
		.name = "no_running_loop", .title = "no running loop",
		.meaning =
			"asyncio.get_running_loop(), or what calls it, as asyncio.create_task() does, "
			"was called in a thread that runs no loop at that moment: in a worker thread, at "
			"import, or after the loop has stopped. Code that only asks whether a loop runs "
			"catches this error itself, or names RuntimeError close by; it is not listed.",
		.silence =
			"The RuntimeError is raised in the caller and not in the loop. In an executor it "
			"stays in the future that run_in_executor() or submit() returned. The coroutine "
			"that was given to create_task() is never awaited.",
		.remedy =
			"Call it from a coroutine or a callback of the loop. In another thread use "
			"asyncio.run_coroutine_threadsafe(coroutine, loop), with a loop that was handed "
			"to it.",
		.stack_label = "raised at", .parked_label = "waiting at",
		.may_be_question = true,
	},
	[LP_FINDING_WRONG_THREAD] = {
		.name = "wrong_thread", .title = "scheduled from the wrong thread",
		.cost = "a probe on each deque.append and heappush, and those of --queue",
		.meaning =
			"A thread put a callback into the loop of another one, with loop.call_soon() or "
			"with what uses that: Future.set_result(), Task.cancel(), Event.set(), "
			"Queue.put_nowait(), loop.create_task(). None of these may be called from "
			"another thread.",
		.silence =
			"It nearly works: the callback is queued, but a loop that sleeps in its poll is "
			"not woken. It runs with the next thing that happens: at once while the loop is "
			"busy, after minutes while it is idle. Only asyncio's debug mode raises an error.",
		.remedy =
			"Use loop.call_soon_threadsafe(function, ...), and for coroutines "
			"asyncio.run_coroutine_threadsafe(coroutine, loop).",
		.stack_label = "scheduled at", .parked_label = "waiting at",
		.needs_queue = true, .has_lateness = true,
	},
	[LP_FINDING_OTHER_LOOP] = {
		.name = "other_loop", .title = "attached to another loop",
		.meaning =
			"A task awaited a future or task of another loop, or a lock or queue that is "
			"bound to one: RuntimeError \"attached to a different loop\" was raised in it.",
		.silence =
			"The error goes to the task that waits, and is lost if that is not awaited. Locks "
			"and queues make a future only if they have to wait: it stays hidden until there "
			"is contention.",
		.remedy =
			"Make such objects in the loop that uses them: not at import, and not once for "
			"several asyncio.run(). Up to 3.9, locks and queues are bound when they are "
			"made. Between loops, use asyncio.run_coroutine_threadsafe().",
		.stack_label = "raised at", .parked_label = "waiting at",
		.line = LP_LINE_PARKED, .raised_by_loop = true,
	},
	[LP_FINDING_CANCELLED] = {
		.name = "cancelled", .title = "cancelled", .option = "--cancels",
		.meaning =
			"A task ended with CancelledError after something had called its cancel(). The "
			"line that called it is shown; if the cancellation was passed on, as by gather() "
			"to its tasks, so is the line that waited for the task. Cancellations that a "
			"task survives, such as those by a timeout, are not listed.",
		.silence =
			"Cancelling a task is no error: CancelledError is not logged, and its traceback "
			"is that of the task, which does not show who called cancel().",
		.remedy =
			"If it was not intended, look at the line that cancels: it is often a timeout, a "
			"TaskGroup in which another task failed, a client that disconnected, or a "
			"shutdown. The message of cancel(msg=...) is shown as well. asyncio.shield() "
			"protects a task when the one that awaits it is cancelled.",
		.stack_label = "cancelled at", .parked_label = "waiting at",
		.line = LP_LINE_CALLER,
	},
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(rows) == LP_FINDING_KINDS, "each kind has a row");
_Static_assert(LP_FINDING_KINDS < 32, "sets of kinds are 32 bits");

const struct lp_finding_row *finding_row(enum lp_finding_kind kind)
{
	return (unsigned int)kind < LP_FINDING_KINDS ? &rows[kind] : NULL;
}

uint32_t finding_kinds_default(void)
{
	uint32_t kinds = 0;
	int i;

	for (i = 0; i < LP_FINDING_KINDS; i++)
		if (!rows[i].cost && !rows[i].option)
			kinds |= 1U << i;
	return kinds;
}

int finding_kinds_parse(const char *list, uint32_t *kinds)
{
	size_t length;
	int i;

	if (!strcmp(list, "none")) {
		*kinds = 0;
		return 0;
	}
	*kinds = finding_kinds_default();
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		if (length == 3 && !memcmp(list, "all", 3)) {
			for (i = 0; i < LP_FINDING_KINDS; i++)
				*kinds |= rows[i].option ? 0 : 1U << i;
		} else {
			for (i = 0; i < LP_FINDING_KINDS; i++)
				if (!rows[i].option && strlen(rows[i].name) == length &&
				    !memcmp(rows[i].name, list, length))
					break;
			if (i == LP_FINDING_KINDS)
				return -EINVAL;
			*kinds |= 1U << i;
		}
		if (!list[length])
			return 0;
	}
}

const char *finding_kinds_in_queue(uint32_t kinds)
{
	int i;

	for (i = 0; i < LP_FINDING_KINDS; i++)
		if (kinds >> i & 1 && rows[i].needs_queue)
			return rows[i].name;
	return NULL;
}

const char *finding_kinds_offered(char *text, size_t size)
{
	size_t used = 0, left = 0;
	int i;

	text[0] = '\0';
	for (i = 0; i < LP_FINDING_KINDS; i++)
		left += rows[i].cost != NULL;
	for (i = LP_FINDING_KINDS - 1; i >= 0 && used < size; i--)
		if (rows[i].cost)
			used += (size_t)snprintf(text + used, size - used, "%s (costs %s)%s",
						 rows[i].name, rows[i].cost,
						 --left > 1  ? ", "
						 : left == 1 ? " or "
							     : "");
	return text;
}

const char *finding_kinds_offered_names(char *text, size_t size)
{
	size_t used = 0;
	int i;

	text[0] = '\0';
	for (i = LP_FINDING_KINDS - 1; i >= 0 && used < size; i--)
		if (rows[i].cost)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "," : "",
						 rows[i].name);
	return text;
}
