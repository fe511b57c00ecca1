// SPDX-License-Identifier: BSD-2-Clause
#include "finding_kinds.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
static const struct lp_finding_row rows[LP_FINDING_KINDS] = {
	[LP_FINDING_NEVER_AWAITED] = {
		"never_awaited", "never awaited", false,
		"A coroutine function was called, but nobody awaited what it returned or made "
		"a task of it: none of its code has run.",
		"Python reports it when the coroutine is freed, with a RuntimeWarning on stderr: "
		"without a traceback, and by default once for each line that drops one. It is "
		"no exception, and not in the log.",
		"Write await before the call, or give the coroutine to asyncio.create_task() or "
		"a TaskGroup. If it is not clear which call made it, use --origins.",
	},
	[LP_FINDING_NEVER_RETRIEVED] = {
		"exception_never_retrieved", "exception never retrieved", false,
		"A task or future ended with an exception and was freed, and nobody had "
		"awaited it or asked for its result() or exception(): it failed unseen.",
		"asyncio logs it (logger \"asyncio\", level ERROR) only when the object is "
		"freed: late, and never while anything, such as a list of tasks, holds on to "
		"it. A handler given to loop.set_exception_handler() gets it in place of the "
		"log.",
		"Await the task, run it in an asyncio.TaskGroup (3.11 and later) or gather(), or "
		"give it a done callback that reads task.exception().",
	},
	[LP_FINDING_DESTROYED_PENDING] = {
		"destroyed_pending", "destroyed while pending", false,
		"A task was freed before it had ended, as nothing referred to it any more. Of "
		"its coroutine no more runs than the finally blocks, and those cannot await.",
		"A loop holds its tasks by weak references only. Where nothing else holds what "
		"a task waits for, the garbage collector takes both, at some later allocation "
		"in unrelated code. asyncio then logs \"Task was destroyed but it is pending!\"; "
		"nobody gets an exception.",
		"Keep a reference until the task has ended: run it in a TaskGroup, or put it "
		"into a set and call task.add_done_callback(that_set.discard).",
	},
	[LP_FINDING_PENDING_AT_CLOSE] = {
		"pending_at_close", "pending when its loop closed", false,
		"A loop was closed while a task of it had not ended. The task is not cancelled "
		"and will never go on: what it was to write, commit or close stays undone.",
		"loop.close() empties its queues and does not check for tasks. There is a message "
		"only if such a task is freed before the interpreter exits.",
		"Use asyncio.run() or asyncio.Runner, which cancel what is left and wait for it. "
		"With a loop of your own, before close(): cancel all of asyncio.all_tasks(loop), "
		"then run asyncio.gather(*tasks, return_exceptions=True) until it is complete.",
	},
	[LP_FINDING_CLOSED_LOOP] = {
		"closed_loop", "loop is closed", true,
		"A loop was used after its close(), which raised RuntimeError \"Event loop is "
		"closed\". It is often a session or pool that outlived the asyncio.run() in "
		"which it was made, or a thread that still hands callbacks to the loop.",
		"It is raised in whoever is late: in a __del__ it is only printed as \"Exception "
		"ignored\", in another thread it ends that thread at most, and code that cleans "
		"up often catches it.",
		"Close sessions, pools and servers in the loop that made them (async with), make "
		"new ones in each asyncio.run(), and stop threads before the loop is closed.",
	},
	[LP_FINDING_NO_RUNNING_LOOP] = {
		"no_running_loop", "no running loop", false,
		"asyncio.get_running_loop(), or what calls it, as asyncio.create_task() does, "
		"was called in a thread that runs no loop at that moment: in a worker thread, at "
		"import, or after the loop has stopped. Code that only asks whether a loop runs "
		"catches this error itself, or names RuntimeError close by; it is not listed.",
		"The RuntimeError is raised in the caller and not in the loop. In an executor it "
		"stays in the future that run_in_executor() or submit() returned. The coroutine "
		"that was given to create_task() is never awaited.",
		"Call it from a coroutine or a callback of the loop. In another thread use "
		"asyncio.run_coroutine_threadsafe(coroutine, loop), with a loop that was handed "
		"to it.",
	},
	[LP_FINDING_WRONG_THREAD] = {
		"wrong_thread", "scheduled from the wrong thread", true,
		"A thread put a callback into the loop of another one, with loop.call_soon() or "
		"with what uses that: Future.set_result(), Task.cancel(), Event.set(), "
		"Queue.put_nowait(), loop.create_task(). None of these may be called from "
		"another thread.",
		"It nearly works: the callback is queued, but a loop that sleeps in its poll is "
		"not woken. It runs with the next thing that happens: at once while the loop is "
		"busy, after minutes while it is idle. Only asyncio's debug mode raises an error.",
		"Use loop.call_soon_threadsafe(function, ...), and for coroutines "
		"asyncio.run_coroutine_threadsafe(coroutine, loop).",
	},
	[LP_FINDING_OTHER_LOOP] = {
		"other_loop", "attached to another loop", false,
		"A task awaited a future or task of another loop, or a lock or queue that is "
		"bound to one: RuntimeError \"attached to a different loop\" was raised in it.",
		"The error goes to the task that waits, and is lost if nobody awaits that. Locks "
		"and queues make a future only if they have to wait: it stays hidden until there "
		"is contention.",
		"Make such objects in the loop that uses them: not at import, and not once for "
		"several asyncio.run(). Up to 3.9, locks and queues are bound when they are "
		"made. Between loops, use asyncio.run_coroutine_threadsafe().",
	},
};
/* clang-format on */

const struct lp_finding_row *finding_row(enum lp_finding_kind kind)
{
	return (unsigned int)kind < LP_FINDING_KINDS ? &rows[kind] : NULL;
}

uint32_t findings_default(void)
{
	uint32_t kinds = 0;
	int i;

	for (i = 0; i < LP_FINDING_KINDS; i++)
		if (!rows[i].costly)
			kinds |= 1U << i;
	return kinds;
}

int findings_parse(const char *list, uint32_t *kinds)
{
	size_t length;
	int i;

	if (!strcmp(list, "none")) {
		*kinds = 0;
		return 0;
	}
	*kinds = findings_default();
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		if (length == 3 && !memcmp(list, "all", 3)) {
			*kinds = (1U << LP_FINDING_KINDS) - 1;
		} else {
			for (i = 0; i < LP_FINDING_KINDS; i++)
				if (strlen(rows[i].name) == length &&
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
