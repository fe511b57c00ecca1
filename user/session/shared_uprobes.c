// SPDX-License-Identifier: BSD-2-Clause
#include "shared_uprobes.h"

#include <errno.h>
#include <stdlib.h>

#define BUCKETS 256
#define LINGER_NS 5000000000ULL

struct lp_shared_link {
	struct lp_shared_link *next;
	int program; /* descriptor */
	uint64_t device, inode;
	uint64_t offset;
	int probe; /* number of the attacher */
	size_t shares;
	uint64_t idle_ns; /* instant since which there are no shares */
};

struct lp_shared_uprobes {
	struct lp_attacher *attacher;
	size_t count;
	struct lp_shared_link *buckets[BUCKETS];
};

struct lp_shared_uprobes *shared_uprobes_new(struct lp_attacher *attacher)
{
	struct lp_shared_uprobes *shared = calloc(1, sizeof(*shared));

	if (shared)
		shared->attacher = attacher;
	return shared;
}

static void end_link(struct lp_shared_uprobes *shared, struct lp_shared_link **at)
{
	struct lp_shared_link *link = *at;

	*at = link->next;
	attacher_detach(shared->attacher, link->probe);
	free(link);
	shared->count--;
}

void shared_uprobes_free(struct lp_shared_uprobes *shared)
{
	size_t i;

	if (!shared)
		return;
	for (i = 0; i < BUCKETS; i++)
		while (shared->buckets[i])
			end_link(shared, &shared->buckets[i]);
	free(shared);
}

static struct lp_shared_link **find(struct lp_shared_uprobes *shared, int program,
				    const struct lp_file_facts *file, uint64_t offset)
{
	uint64_t hash = (file->inode ^ file->device << 20 ^ offset << 3 ^ (uint64_t)program << 40) *
			0x9e3779b97f4a7c15ULL;
	struct lp_shared_link **at = &shared->buckets[hash >> 56];

	while (*at && ((*at)->program != program || (*at)->device != file->device ||
		       (*at)->inode != file->inode || (*at)->offset != offset))
		at = &(*at)->next;
	return at;
}

int shared_uprobes_attach(struct lp_shared_uprobes *shared, const struct lp_attach_request *request,
			  struct lp_shared_link **result, bool *first)
{
	struct lp_attach_request of_host = *request;
	struct lp_shared_link **at, *link;
	int probe;

	*result = NULL;
	of_host.for_host = true;
	at = find(shared, request->program, request->known, request->offset);
	if (*at) {
		of_host.program = -1;
		probe = attacher_attach(shared->attacher, &of_host, first);
		if (probe < 0)
			return probe;
		(*at)->shares++;
		*result = *at;
		return 0;
	}
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	probe = attacher_attach(shared->attacher, &of_host, first);
	if (probe < 0) {
		free(link);
		return probe;
	}
	link->probe = probe;
	link->program = request->program;
	link->device = request->known->device;
	link->inode = request->known->inode;
	link->offset = request->offset;
	link->shares = 1;
	*at = link;
	shared->count++;
	*result = link;
	return 0;
}

void shared_uprobes_release(struct lp_shared_link *link, uint64_t now_ns)
{
	if (link && !--link->shares)
		link->idle_ns = now_ns;
}

void shared_uprobes_sweep(struct lp_shared_uprobes *shared, uint64_t now_ns)
{
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		struct lp_shared_link **at = &shared->buckets[i];

		while (*at) {
			if (!(*at)->shares && now_ns > (*at)->idle_ns &&
			    now_ns - (*at)->idle_ns >= LINGER_NS)
				end_link(shared, at);
			else
				at = &(*at)->next;
		}
	}
}

size_t shared_uprobes_count(const struct lp_shared_uprobes *shared)
{
	return shared->count;
}
