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
 * The kernel takes 0.07 to 0.15 s to remove an uprobe and removes one after the other, as
 * it holds a lock meanwhile (event_mutex in kernel/trace/trace_event_perf.c).  So many are
 * waited for at the end of a run; more are left to a process of their own.
 */
#define WAITED_FOR 6

struct lp_closing {
	struct lp_closing *next;
	struct bpf_link *link;
	uint64_t taken_ns;
};

struct lp_closer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct lp_closing *first; /* what came first is what hurts most */
	struct lp_closing **end;
	bool started; /* there is a thread */
	bool last; /* nothing more comes */
	uint64_t delay_ns; /* from taking a link to its removal, a moving average */
};

/* The newest link's weight in the average is 1 / this. */
#define DELAY_WEIGHT 4

static void *close_links(void *context)
{
	struct lp_closer *closer = context;

	pthread_mutex_lock(&closer->lock);
	for (;;) {
		struct lp_closing *closing = closer->first;

		if (closing) {
			closer->first = closing->next;
			if (!closer->first)
				closer->end = &closer->first;
			pthread_mutex_unlock(&closer->lock);
			bpf_link__destroy(closing->link);
			pthread_mutex_lock(&closer->lock);
			closer->delay_ns -= closer->delay_ns / DELAY_WEIGHT;
			closer->delay_ns += (clock_now() - closing->taken_ns) / DELAY_WEIGHT;
			free(closing);
		} else if (closer->last) {
			break;
		} else {
			pthread_cond_wait(&closer->changed, &closer->lock);
		}
	}
	pthread_mutex_unlock(&closer->lock);
	return NULL;
}

/* signals are for the main thread */
static int start_thread(struct lp_closer *closer, pthread_t *thread)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	err = pthread_create(thread, NULL, close_links, closer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

struct lp_closer *closer_new(void)
{
	struct lp_closer *closer = calloc(1, sizeof(*closer));

	if (!closer)
		return NULL;
	closer->end = &closer->first;
	pthread_mutex_init(&closer->lock, NULL);
	pthread_cond_init(&closer->changed, NULL);
	return closer;
}

void closer_take(struct lp_closer *closer, struct bpf_link *link)
{
	struct lp_closing *closing = closer && link ? malloc(sizeof(*closing)) : NULL;

	/* a thread has the capabilities that its creator has at that moment */
	if (closing && !closer->started)
		closer->started = !start_thread(closer, &closer->thread);
	if (!closing || !closer->started) {
		free(closing);
		bpf_link__destroy(link);
		return;
	}
	closing->link = link;
	closing->next = NULL;
	closing->taken_ns = clock_now();
	pthread_mutex_lock(&closer->lock);
	*closer->end = closing;
	closer->end = &closing->next;
	pthread_cond_signal(&closer->changed);
	pthread_mutex_unlock(&closer->lock);
}

uint64_t closer_delay_ns(struct lp_closer *closer)
{
	uint64_t delay_ns;

	if (!closer)
		return 0;
	pthread_mutex_lock(&closer->lock);
	delay_ns = closer->delay_ns;
	pthread_mutex_unlock(&closer->lock);
	return delay_ns;
}

static int compare_descriptors(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

/* Closes every descriptor but these, which are in ascending order. */
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
 * Forks a process that holds the links until the caller has closed its own descriptors of
 * them, and then ends, with which the kernel removes the probes.  That process holds nothing
 * else, so that readers of the run's output get its end.  Returns a descriptor whose
 * closing lets it go on, or -1 if it could not be made.
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
		/* its end is reached once the caller has closed the other descriptor */
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

void closer_free(struct lp_closer *closer)
{
	struct lp_closing *closing, *rest = NULL;
	size_t count = 0;
	int left = -1;

	if (!closer)
		return;
	pthread_mutex_lock(&closer->lock);
	for (closing = closer->first; closing; closing = closing->next)
		count++;
	if (count > WAITED_FOR)
		left = leave_links(closer->first, count);
	if (left >= 0) {
		rest = closer->first;
		closer->first = NULL;
		closer->end = &closer->first;
	}
	closer->last = true;
	pthread_cond_signal(&closer->changed);
	pthread_mutex_unlock(&closer->lock);
	while ((closing = rest)) {
		rest = closing->next;
		/* the other process has the link, too, so that this close() returns at once */
		bpf_link__destroy(closing->link);
		free(closing);
	}
	if (left >= 0)
		close(left);
	if (closer->started)
		pthread_join(closer->thread, NULL);
	pthread_mutex_destroy(&closer->lock);
	pthread_cond_destroy(&closer->changed);
	free(closer);
}
