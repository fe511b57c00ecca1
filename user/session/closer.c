// SPDX-License-Identifier: BSD-2-Clause
#include "closer.h"

#include <bpf/libbpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

/* Each link's end waits for the kernel's grace periods: together they wait for the same. */
#define HELPERS 12

struct lp_closing {
	struct lp_closing *next;
	struct bpf_link *link;
};

struct lp_closer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct lp_closing *first; /* what came first is what hurts most */
	struct lp_closing **end;
	bool last; /* nothing more comes */
};

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
			free(closing);
			pthread_mutex_lock(&closer->lock);
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
	if (start_thread(closer, &closer->thread)) {
		free(closer);
		return NULL;
	}
	return closer;
}

void closer_take(struct lp_closer *closer, struct bpf_link *link)
{
	struct lp_closing *closing = closer && link ? malloc(sizeof(*closing)) : NULL;

	if (!closing) {
		bpf_link__destroy(link);
		return;
	}
	closing->link = link;
	closing->next = NULL;
	pthread_mutex_lock(&closer->lock);
	*closer->end = closing;
	closer->end = &closing->next;
	pthread_cond_signal(&closer->changed);
	pthread_mutex_unlock(&closer->lock);
}

void closer_free(struct lp_closer *closer)
{
	struct lp_closing *closing;
	pthread_t helpers[HELPERS];
	size_t count = 0, i;

	if (!closer)
		return;
	pthread_mutex_lock(&closer->lock);
	closer->last = true;
	for (closing = closer->first; closing && count < HELPERS; closing = closing->next)
		if (!start_thread(closer, &helpers[count]))
			count++;
	pthread_cond_signal(&closer->changed);
	pthread_mutex_unlock(&closer->lock);
	pthread_join(closer->thread, NULL);
	for (i = 0; i < count; i++)
		pthread_join(helpers[i], NULL);
	pthread_mutex_destroy(&closer->lock);
	pthread_cond_destroy(&closer->changed);
	free(closer);
}
