// SPDX-License-Identifier: BSD-2-Clause
/*
 * `loopprof tasks`: reads the tasks of processes once, or periodically with --watch, and prints
 * them.
 */
#include "base/clocks.h"
#include "commands.h"
#include "discovery/targets.h"
#include "ending.h"
#include "files/output_file.h"
#include "files/writing.h"
#include "privileges/sandbox.h"
#include "preflight.h"
#include "take_tasks.h"
#include "process/mappings.h"
#include "process/other_end.h"
#include "base/text.h"
#include "tasks/sink.h"
#include "tasks/supervise.h"
#include "base/version.h"
#include "base/macros.h"
#include "runtime/detect.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

struct known_loop {
	uint64_t address;
	uint32_t id;
};

struct target {
	struct lp_supervised *supervised;
	struct lp_process_info process;
	struct lp_instance instance;
	struct lp_task_diff *diff;
	struct lp_tasks_snapshot *snapshot; /* the last snapshot, owned; NULL: none */
	size_t loop_count;
	struct known_loop *loops;
	size_t snapshots;
	size_t number; /* index of its PID in the options */
	bool ended;
};

/*
 * The progress of the output, in memory that is shared with the child. If a process does not
 * answer, the child may be left behind in it, and the next child continues from here.
 */
struct progress {
	volatile bool begun;
	volatile uint32_t last_loop_id;
	struct shown {
		volatile bool inspected; /* the tasks of the process were printed */
		volatile bool hangs; /* the process did not answer */
	} shown[]; /* in the order of the PIDs in the options */
};

struct tasks {
	const struct lp_options *options;
	struct progress *progress;
	struct lp_tasks_sink *sink;
	size_t target_count;
	struct target *targets;
	struct lp_tasks_end end;
	struct lp_supervised *supervised; /* set in the child: its supervision by the parent */
};

/* ---- one process -------------------------------------------------------------------- */

static int detect(struct target *target, struct lp_error *error)
{
	pid_t pid = target->process.pid;
	int err = runtime_detect(&target->process, &target->instance, error);

	if (err == -ENOENT)
		return error_set(
			error, err,
			"process %d (%s) is not a Python process; give the PID of one that runs asyncio",
			pid, target->process.comm);
	if (err)
		return err;
	/*
	 * -EAGAIN: it cannot be verified yet; the objects that are read are checked one by one in
	 * any case
	 */
	err = target->instance.runtime->verify(&target->instance, error);
	if (err && err != -EAGAIN) {
		target->instance.runtime->release(&target->instance);
		return err;
	}
	if (target->instance.runtime->read_tasks)
		return 0;
	target->instance.runtime->release(&target->instance);
	return error_set(error, -ENOTSUP, "process %d runs %s, whose tasks cannot be read yet", pid,
			 target->instance.runtime_name);
}

static int open_target(pid_t pid, struct target *target, struct lp_error *error)
{
	int err = process_open(pid, &target->process, error);

	if (err)
		return err;
	supervised_reading(target->supervised, pid, false);
	err = detect(target, error);
	supervised_done(target->supervised);
	if (err) {
		process_close(&target->process);
		return err;
	}
	target->diff = diff_new();
	return target->diff ? 0 : error_set(error, -ENOMEM, "out of memory");
}

static void close_target(struct target *target)
{
	tasks_snapshot_free(target->snapshot);
	diff_free(target->diff);
	free(target->loops);
	target->instance.runtime->release(&target->instance);
	process_close(&target->process);
}

/* Numbers the loops of a snapshot. A loop has the same number in all snapshots. */
static int number_loops(struct tasks *tasks, struct target *target,
			struct lp_tasks_snapshot *snapshot)
{
	size_t i, at;

	for (i = 0; i < snapshot->loop_count; i++) {
		uint64_t address = snapshot->list.loops[i].address;
		struct known_loop *grown;

		for (at = 0; at < target->loop_count; at++)
			if (target->loops[at].address == address)
				break;
		if (at < target->loop_count) {
			snapshot->loops[i].id = target->loops[at].id;
			continue;
		}
		grown = realloc(target->loops, (at + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		target->loops = grown;
		target->loops[at] = (struct known_loop){ address, ++tasks->progress->last_loop_id };
		target->loop_count++;
		snapshot->loops[i].id = tasks->progress->last_loop_id;
		tasks_snapshot_note_unread(snapshot, i, target->process.pid);
		if (tasks->sink->loop)
			tasks->sink->loop(tasks->sink, snapshot, i);
	}
	return 0;
}

static int inspect(struct tasks *tasks, struct target *target, struct lp_error *error)
{
	const struct lp_tasks_change *change = NULL;
	struct lp_tasks_snapshot *snapshot, *before = target->snapshot;
	const struct lp_tasks_source source = { &target->process, &target->instance,
						target->supervised, tasks->options->consistent };
	int err = take_tasks(&source, &snapshot, error);

	if (err)
		return err;
	if (number_loops(tasks, target, snapshot) ||
	    diff_snapshots(target->diff, before, snapshot, &change))
		err = error_set(error, -ENOMEM, "out of memory");
	if (err) {
		tasks_snapshot_free(snapshot);
		return err;
	}
	if (before)
		tasks->sink->change(tasks->sink, before, snapshot, change);
	else
		tasks->sink->snapshot(tasks->sink, snapshot);
	tasks->end.partial = tasks->end.partial || snapshot->list.partial;
	tasks->end.ended_partial = tasks->end.ended_partial || snapshot->list.ended_partial;
	if (snapshot->paused_ns > tasks->end.paused_ns)
		tasks->end.paused_ns = snapshot->paused_ns;
	tasks_snapshot_free(before);
	target->snapshot = snapshot;
	target->snapshots++;
	return 0;
}

/* ---- all of them ---------------------------------------------------------------------- */

/*
 * Takes and prints a snapshot of each process that has not ended. A process that ends meanwhile is
 * not an error after its first snapshot. Returns the number of snapshots.
 */
static size_t snapshot_all(struct tasks *tasks)
{
	struct lp_error error = { .code = 0 };
	size_t i, counted = 0;

	for (i = 0; i < tasks->target_count; i++) {
		struct target *target = &tasks->targets[i];

		if (target->ended)
			continue;
		/* a part of the target is read while it is printed */
		supervised_reading(tasks->supervised, target->process.pid, false);
		if (!inspect(tasks, target, &error)) {
			counted++;
			/* the output is complete if a later process does not answer */
			fflush(stdout);
			tasks->progress->shown[target->number].inspected = true;
		} else if (process_ended(&target->process)) {
			target->ended = true;
			if (!target->snapshots)
				log_error("process %d ended while its tasks were read",
					  target->process.pid);
		} else {
			log_error("%s", error.text);
		}
		supervised_done(tasks->supervised);
	}
	return counted;
}

static bool all_ended(struct tasks *tasks)
{
	size_t i, ended = 0;

	for (i = 0; i < tasks->target_count; i++) {
		struct target *target = &tasks->targets[i];

		target->ended = target->ended || process_ended(&target->process);
		ended += target->ended;
	}
	return ended == tasks->target_count;
}

/*
 * Waits until an instant, a signal or the end of a target. Returns true if a signal has come, or if
 * out of memory.
 */
static bool wait_until(struct tasks *tasks, int signals, uint64_t until_ns)
{
	struct pollfd *polled = calloc(tasks->target_count + 1, sizeof(*polled));
	uint64_t now = clock_now(), left = saturating_sub(until_ns, now);
	struct timespec time = { (time_t)(left / NS_PER_S), (long)(left % NS_PER_S) };
	nfds_t count = 0;
	bool signalled;
	size_t i;

	if (!polled)
		return true;
	polled[count++] = (struct pollfd){ .fd = signals, .events = POLLIN };
	for (i = 0; i < tasks->target_count; i++)
		if (!tasks->targets[i].ended)
			polled[count++] =
				(struct pollfd){ .fd = tasks->targets[i].process.descriptor,
						 .events = POLLIN };
	ppoll(polled, count, &time, NULL);
	signalled = polled[0].revents != 0;
	free(polled);
	return signalled;
}

static void show_last(struct tasks *tasks)
{
	size_t i;

	for (i = 0; i < tasks->target_count && tasks->sink->last; i++) {
		if (tasks->targets[i].snapshots < 2)
			continue;
		supervised_reading(tasks->supervised, tasks->targets[i].process.pid, false);
		tasks->sink->last(tasks->sink, tasks->targets[i].snapshot);
		supervised_done(tasks->supervised);
	}
}

/*
 * Takes snapshots periodically until all targets have ended or a signal comes. Returns the reason.
 */
static const char *watch(struct tasks *tasks)
{
	uint64_t period = tasks->options->watch_ns;
	uint64_t next = clock_now() + period, now;
	const char *reason = "target_exited";
	int descriptor = ending_open();

	writing_end_at(descriptor, UINT64_MAX);
	while (!all_ended(tasks)) {
		struct signalfd_siginfo info;

		if (wait_until(tasks, descriptor, next)) {
			reason = "interrupt";
			/* a signal that is consumed is not delivered when it is unblocked */
			if (read(descriptor, &info, sizeof(info)) < 0)
				break;
			break;
		}
		now = clock_now();
		if (now < next)
			continue;
		snapshot_all(tasks);
		/* a snapshot that took longer than the period is not made up for */
		while (next <= now)
			next += period;
	}
	writing_end();
	ending_release();
	if (descriptor >= 0)
		close(descriptor);
	if (!strcmp(reason, "interrupt"))
		show_last(tasks);
	return reason;
}

static void open_targets(struct tasks *tasks)
{
	const struct lp_options *options = tasks->options;
	struct lp_error error = { .code = 0 };
	size_t i;

	for (i = 0; i < options->pid_count; i++) {
		struct target *target = &tasks->targets[tasks->target_count];
		const struct shown *shown = &tasks->progress->shown[i];

		if (shown->hangs || (shown->inspected && !options->watch_ns))
			continue;
		target->supervised = tasks->supervised;
		target->number = i;
		if (open_target(options->pids[i], target, &error))
			log_error("%s", error.text);
		else
			tasks->target_count++;
	}
}

static void begin(struct tasks *tasks)
{
	char host[80] = "";
	const struct lp_tasks_run run = {
		.tool = "loopprof " LP_VERSION,
		.host = host,
		.start_ns = clock_now(),
		.start_unix_ns = clock_ns(CLOCK_REALTIME),
	};

	gethostname(host, sizeof(host) - 1);
	text_sanitise(host);
	if (tasks->progress->begun)
		return;
	tasks->sink->begin(tasks->sink, &run);
	fflush(stdout);
	tasks->progress->begun = true;
}

static bool any_shown(const struct tasks *tasks)
{
	size_t i;

	for (i = 0; i < tasks->options->pid_count; i++)
		if (tasks->progress->shown[i].inspected)
			return true;
	return false;
}

/* Returns whether one of the processes in a text such as "43,44" is a target, too. */
static bool is_any_named(const struct tasks *tasks, const char *pids)
{
	size_t i;

	for (; *pids; pids += strcspn(pids, ","), pids += *pids == ',')
		for (i = 0; i < tasks->options->pid_count; i++)
			if (tasks->options->pids[i] == (pid_t)strtol(pids, NULL, 10))
				return true;
	return false;
}

/*
 * Names the child processes that run a loop, as those of a supervisor of workers, which may run
 * one itself for its control socket.
 */
static void hint_at_children(const struct tasks *tasks, const struct lp_tasks_snapshot *snapshot)
{
	pid_t pid = snapshot->process->pid;
	char pids[LP_CHILDREN_TEXT_MAX];
	size_t count = targets_children_text(pid, pids, sizeof(pids));
	const char *others = count > LP_CHILDREN_NAMED ? " and others" : "";

	if (!count || is_any_named(tasks, pids))
		return;
	if (!snapshot->list.count && !snapshot->loop_count)
		log_note(
			"no event loop runs in process %d, but in %zu of its child processes: `loopprof tasks -p %s`%s",
			pid, count, pids, others);
	else
		log_note(
			"event loops run in %zu of the child processes of process %d as well: `loopprof tasks -p %s`%s",
			count, pid, pids, others);
}

static void hint_at_all_children(const struct tasks *tasks)
{
	size_t i;

	for (i = 0; i < tasks->target_count; i++) {
		const struct target *target = &tasks->targets[i];

		if (!target->snapshot)
			continue;
		supervised_reading(tasks->supervised, target->process.pid, false);
		hint_at_children(tasks, target->snapshot);
		supervised_done(tasks->supervised);
	}
}

/* Reads and prints the tasks, in the child. Returns the exit status. */
static int read_and_show(struct lp_supervised *supervised, void *context)
{
	struct tasks *tasks = context;
	const struct lp_sandbox sandbox = { .kind = LP_SANDBOX_TASKS };
	size_t i, counted = 0;
	int err;

	tasks->supervised = supervised;
	other_end_prepare();
	err = sandbox_enter(&sandbox);
	if (err)
		log_detail("tasks are read with all rights: %s", strerror(-err));
	open_targets(tasks);
	if (tasks->target_count || tasks->progress->begun) {
		begin(tasks);
		counted = snapshot_all(tasks);
		if (counted && tasks->options->watch_ns) {
			hint_at_all_children(tasks);
			tasks->end.reason = watch(tasks);
		}
		tasks->end.end_ns = clock_now();
		if (tasks->sink->end)
			tasks->sink->end(tasks->sink, &tasks->end);
	}
	err = tasks->sink->close(tasks->sink);
	if (err && err != -EPIPE)
		log_error("cannot write to stdout: %s", output_advice(err));
	/* last, as a child that does not answer is abandoned with its reader */
	if (!tasks->options->watch_ns)
		hint_at_all_children(tasks);
	for (i = 0; i < tasks->target_count; i++)
		close_target(&tasks->targets[i]);
	free(tasks->targets);
	return (counted || any_shown(tasks)) && !err ? 0 : 1;
}

/*
 * Drops the rights of the parent, which only passes on the output of the child and ends the child.
 */
static void confine_parent(void)
{
	const struct lp_sandbox sandbox = { .kind = LP_SANDBOX_CAPTURES };
	int err = sandbox_enter(&sandbox);

	if (err)
		log_detail("output is handed on with all rights: %s", strerror(-err));
}

/*
 * Reads the processes in a child. If one of them does not answer, the rest are read in another
 * child, so that there are at most as many children as processes. Returns the exit status.
 */
static int read_all(struct tasks *tasks)
{
	const struct lp_options *options = tasks->options;
	size_t bytes =
		sizeof(*tasks->progress) + options->pid_count * sizeof(tasks->progress->shown[0]);
	pid_t hung;
	int status;
	size_t i;

	tasks->progress =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tasks->progress == MAP_FAILED) {
		log_error("out of memory");
		return 1;
	}
	do {
		hung = 0;
		/* a parent without rights could not start a child that reads another process */
		status = supervise(read_and_show, tasks, options->watch_ns != 0,
				   options->pid_count > 1 ? NULL : confine_parent, &hung);
		for (i = 0; hung && i < options->pid_count; i++)
			if (options->pids[i] == hung)
				tasks->progress->shown[i].hangs = true;
	} while (hung && options->pid_count > 1);
	munmap(tasks->progress, bytes);
	return status;
}

int command_tasks(const struct lp_options *options)
{
	struct tasks tasks = { .options = options, .end = { .reason = "done" } };
	struct lp_error error;
	int status = 1;

	mappings_allow_names(true);
	if (preflight_check(options, &error)) {
		log_error("%s", error.text);
		return 1;
	}

	tasks.targets = calloc(options->pid_count + 1, sizeof(*tasks.targets));
	/* opened here as it reads the width of the terminal, which the child does not have */
	tasks.sink = options->json ? tasks_json_open(options) : tasks_text_open(options);
	if (tasks.targets && tasks.sink)
		status = read_all(&tasks);
	else
		log_error("out of memory");
	if (tasks.sink)
		tasks.sink->close(tasks.sink);
	free(tasks.targets);
	return status;
}
