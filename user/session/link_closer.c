// SPDX-License-Identifier: BSD-2-Clause
#include "link_closer.h"

#include "base/clocks.h"

#include <bpf/libbpf.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The number of links whose removal is awaited at the end of a run. The kernel takes 0.07 to 0.15 s
 * to remove an uprobe and removes one after the other, as it holds a lock meanwhile (event_mutex in
 * kernel/trace/trace_event_perf.c). More links are left to a separate process.
 */
#define WAITED_FOR 6

struct lp_closing {
	struct lp_closing *next;
	struct bpf_link *link;
	uint64_t taken_ns;
};

struct lp_link_closer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* first in, first out: the oldest link has cost the target most */
	struct lp_closing *first;
	struct lp_closing **end;
	bool started; /* the thread was created */
	bool last; /* no more links will be added, so that the thread ends */
	/* ns from link_closer_take to the removal of the link, a moving average */
	uint64_t delay_ns;
};

/* The newest link's weight in the average is 1 / this. */
#define DELAY_WEIGHT 4

static void *close_links(void *context)
{
	struct lp_link_closer *link_closer = context;

	pthread_mutex_lock(&link_closer->lock);
	for (;;) {
		struct lp_closing *closing = link_closer->first;

		if (closing) {
			link_closer->first = closing->next;
			if (!link_closer->first)
				link_closer->end = &link_closer->first;
			pthread_mutex_unlock(&link_closer->lock);
			bpf_link__destroy(closing->link);
			pthread_mutex_lock(&link_closer->lock);
			link_closer->delay_ns -= link_closer->delay_ns / DELAY_WEIGHT;
			link_closer->delay_ns += (clock_now() - closing->taken_ns) / DELAY_WEIGHT;
			free(closing);
		} else if (link_closer->last) {
			break;
		} else {
			pthread_cond_wait(&link_closer->changed, &link_closer->lock);
		}
	}
	pthread_mutex_unlock(&link_closer->lock);
	return NULL;
}

/* The thread is created with all signals blocked, as they are for the main thread. */
static int start_thread(struct lp_link_closer *link_closer, pthread_t *thread)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	err = pthread_create(thread, NULL, close_links, link_closer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

struct lp_link_closer *link_closer_new(void)
{
	struct lp_link_closer *link_closer = calloc(1, sizeof(*link_closer));

	if (!link_closer)
		return NULL;
	link_closer->end = &link_closer->first;
	pthread_mutex_init(&link_closer->lock, NULL);
	pthread_cond_init(&link_closer->changed, NULL);
	return link_closer;
}

void link_closer_take(struct lp_link_closer *link_closer, struct bpf_link *link)
{
	struct lp_closing *closing = link_closer && link ? malloc(sizeof(*closing)) : NULL;

	/* a thread has the capabilities that its creator has at that moment */
	if (closing && !link_closer->started)
		link_closer->started = !start_thread(link_closer, &link_closer->thread);
	if (!closing || !link_closer->started) {
		free(closing);
		bpf_link__destroy(link);
		return;
	}
	closing->link = link;
	closing->next = NULL;
	closing->taken_ns = clock_now();
	pthread_mutex_lock(&link_closer->lock);
	*link_closer->end = closing;
	link_closer->end = &closing->next;
	pthread_cond_signal(&link_closer->changed);
	pthread_mutex_unlock(&link_closer->lock);
}

uint64_t link_closer_delay_ns(struct lp_link_closer *link_closer)
{
	uint64_t delay_ns;

	if (!link_closer)
		return 0;
	pthread_mutex_lock(&link_closer->lock);
	delay_ns = link_closer->delay_ns;
	pthread_mutex_unlock(&link_closer->lock);
	return delay_ns;
}

static int compare_descriptors(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

/* Closes every descriptor except these, which are in ascending order. */
static void close_others(const int *descriptors, size_t count)
{
	unsigned int from = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if ((unsigned int)descriptors[i] > from)
			syscall(SYS_close_range, from, (unsigned int)descriptors[i] - 1, 0);
		from = (unsigned int)descriptors[i] + 1;
	}
	syscall(SYS_close_range, from, ~0U, 0);
}

/*
 * Forks a process that holds the links until the caller has closed its own descriptors of them, and
 * that ends then, upon which the kernel removes the probes. That process has no other descriptor
 * open, so that readers of the run's output get to its end. Returns a descriptor that lets the
 * process go on when it is closed, or -1 if the process could not be created.
 */
static int leave_links(const struct lp_closing *first, size_t count)
{
	int *descriptors = calloc(count + 1, sizeof(*descriptors)), ends[2] = { -1, -1 };
	size_t i = 0;
	pid_t child;
	char byte;

	if (!descriptors || pipe(ends)) {
		free(descriptors);
		return -1;
	}
	for (; first && i < count; first = first->next)
		descriptors[i++] = bpf_link__fd(first->link);
	descriptors[i++] = ends[0];
	qsort(descriptors, i, sizeof(*descriptors), compare_descriptors);
	child = fork();
	if (!child) {
		setsid();
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		prctl(PR_SET_NAME, "loopprof-detach");
		close_others(descriptors, i);
		/* read() returns 0 once the caller has closed the other end */
		while (read(ends[0], &byte, 1) > 0)
			;
		_exit(0);
	}
	free(descriptors);
	close(ends[0]);
	if (child < 0) {
		close(ends[1]);
		return -1;
	}
	return ends[1];
}

void link_closer_free(struct lp_link_closer *link_closer)
{
	struct lp_closing *closing, *rest = NULL;
	size_t count = 0;
	int left = -1;

	if (!link_closer)
		return;
	pthread_mutex_lock(&link_closer->lock);
	for (closing = link_closer->first; closing; closing = closing->next)
		count++;
	if (count > WAITED_FOR)
		left = leave_links(link_closer->first, count);
	if (left >= 0) {
		rest = link_closer->first;
		link_closer->first = NULL;
		link_closer->end = &link_closer->first;
	}
	link_closer->last = true;
	pthread_cond_signal(&link_closer->changed);
	pthread_mutex_unlock(&link_closer->lock);
	while ((closing = rest)) {
		rest = closing->next;
		/* the other process has the link, too, so that this close() returns at once */
		bpf_link__destroy(closing->link);
		free(closing);
	}
	if (left >= 0)
		close(left);
	if (link_closer->started)
		pthread_join(link_closer->thread, NULL);
	pthread_mutex_destroy(&link_closer->lock);
	pthread_cond_destroy(&link_closer->changed);
	free(link_closer);
}
