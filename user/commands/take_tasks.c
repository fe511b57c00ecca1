// SPDX-License-Identifier: BSD-2-Clause
#include "take_tasks.h"

#include "base/clocks.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "process/memory.h"
#include "process/pause.h"
#include "tasks/blocked_loop.h"
#include "tasks/unheld.h"
#include "tasks/unwoken.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * The limit in bytes of a copy of a target's memory: eight times as much as 100,000 tasks with
 * their coroutines and frames take, as those of a large process are scattered. Only blocks that are
 * copied take memory of this process.
 */
#define SNAPSHOT_BYTES (512UL << 20)
/* The least limit, if there is not enough memory for a larger one. */
#define SNAPSHOT_BYTES_MIN (16UL << 20)
/* The longest time in ns for which a target remains stopped after its memory was copied. */
#define HOLD_NS (50 * NS_PER_MS)
/* The time in ns between two readings of a lock that seems to have no holder. */
#define AGAIN_NS (10 * NS_PER_MS)

/* A target that is stopped. */
struct stopped {
	const struct lp_tasks_source *source;
	struct lp_pause *pause;
	uint64_t paused_ns;
};

static void report_pause(pid_t pid, size_t missed, uint64_t ns)
{
	log_note("process %d was stopped for %.1f ms", pid, (double)ns / 1e6);
	if (missed)
		log_warning(
			"%zu thread%s of process %d could not be stopped within 100 ms (busy in the kernel, as with a disk): what was read may not be of one instant",
			missed, text_plural(missed), pid);
}

/* Resumes a target. */
static void resume(void *context)
{
	struct stopped *stopped = context;
	const struct lp_tasks_source *source = stopped->source;
	size_t missed = pause_missed(stopped->pause);

	stopped->paused_ns = pause_end(stopped->pause);
	supervised_reading(source->supervised, source->process->pid, false);
	report_pause(source->process->pid, missed, stopped->paused_ns);
}

/*
 * Copies the memory of a process, which it stops. A first reading, while the process runs,
 * determines which parts are needed, so that the stop is short. The process remains stopped for
 * HOLD_NS at most, in which parts are read that have become necessary since then.
 */
static int copy_memory(struct stopped *stopped, struct lp_error *error)
{
	const struct lp_tasks_source *source = stopped->source;
	struct lp_task_list list;
	size_t bytes = SNAPSHOT_BYTES;
	int err = memory_snapshot_begin(source->process->pid, bytes);

	while (err == -ENOMEM && bytes > SNAPSHOT_BYTES_MIN) {
		bytes /= 2;
		err = memory_snapshot_begin(source->process->pid, bytes);
	}
	if (err)
		return error_set(error, err, "out of memory");
	err = source->instance->runtime->read_tasks(source->instance, &list, error);
	if (err)
		return err;
	task_list_free(&list);
	err = pause_begin(source->process->pid, &stopped->pause, error);
	if (err)
		return err;
	supervised_reading(source->supervised, source->process->pid, true);
	memory_snapshot_take();
	memory_snapshot_hold(clock_now() + HOLD_NS, resume, stopped);
	return 0;
}

/* Reads the tasks of a process while it is stopped. *late: a part was read after it went on. */
static int read_stopped(const struct lp_tasks_source *source, struct lp_task_list *list,
			uint64_t *paused_ns, bool *late, struct lp_error *error)
{
	struct stopped stopped = { .source = source };
	pid_t pid = source->process->pid;
	int err = copy_memory(&stopped, error);

	if (!err)
		err = source->instance->runtime->read_tasks(source->instance, list, error);
	memory_snapshot_release();
	*paused_ns = stopped.paused_ns;
	*late = !err && memory_snapshot_missed();
	if (*late)
		log_note(
			"%zu blocks of the memory of process %d were read after it went on: times that depend on them, and locks that no task is known to hold, are left out",
			memory_snapshot_missed(), pid);
	memory_snapshot_end();
	return err;
}

static int read_once(const struct lp_tasks_source *source, struct lp_tasks_snapshot **snapshot,
		     struct lp_error *error)
{
	struct lp_task_list list;
	uint64_t paused_ns = 0;
	bool late = false;
	int err;

	memset(&list, 0, sizeof(list));
	if (source->consistent)
		err = read_stopped(source, &list, &paused_ns, &late, error);
	else
		err = source->instance->runtime->read_tasks(source->instance, &list, error);
	if (err)
		return err;
	err = tasks_snapshot_new(source->process, source->instance, &list, snapshot);
	if (err)
		return error_set(error, err, "out of memory");
	(*snapshot)->paused_ns = paused_ns;
	(*snapshot)->blocked_loops = blocked_loop_read_all(*snapshot);
	if (late)
		unheld_clear(*snapshot);
	return 0;
}

/* Retains what seems to be wrong in both snapshots in the second one. Returns 0 or -ENOMEM. */
static int compare(const struct lp_tasks_snapshot *first, const struct lp_cpu_progress *threads,
		   struct lp_tasks_snapshot *second)
{
	int err =
		graph_confirm_deadlocks(&first->list, &first->graph, &second->list, &second->graph);

	if (!err && threads)
		err = unwoken_confirm(first, threads, second);
	return err ? err : unheld_confirm(first, second);
}

/*
 * Reads the tasks again and retains only what both snapshots have: a snapshot of a running process
 * may have deadlocks, locks without a holder, and tasks whose loop was not woken, that do not
 * exist.
 */
static int confirm(const struct lp_tasks_source *source, struct lp_tasks_snapshot **snapshot,
		   struct lp_error *error)
{
	const struct timespec pause = { .tv_nsec = AGAIN_NS };
	struct lp_tasks_snapshot *first = *snapshot, *second;
	struct lp_cpu_progress *threads = NULL;
	int unwoken = unwoken_suspected(first, &threads), err;
	bool unheld = unheld_suspected(first);

	if (unwoken < 0)
		return error_set(error, unwoken, "out of memory");
	if (!unwoken && !unheld && !first->graph.deadlock_count)
		return 0;
	if (unheld)
		nanosleep(&pause, NULL);
	err = read_once(source, &second, error);
	if (err)
		goto cleanup;
	err = compare(first, threads, second);
	if (err) {
		tasks_snapshot_free(second);
		error_set(error, err, "out of memory");
		goto cleanup;
	}
	tasks_snapshot_free(first);
	*snapshot = second;
cleanup:
	free(threads);
	return err;
}

int take_tasks(const struct lp_tasks_source *source, struct lp_tasks_snapshot **snapshot,
	       struct lp_error *error)
{
	int err = read_once(source, snapshot, error);

	if (err)
		return err;
	if (!source->consistent)
		err = confirm(source, snapshot, error);
	if (err) {
		tasks_snapshot_free(*snapshot);
		return err;
	}
	unheld_describe(*snapshot);
	return 0;
}
