// SPDX-License-Identifier: BSD-2-Clause
#include "shared_uprobes.h"

#include "base/hash.h"
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>

#define LINGER_NS 5000000000ULL

struct lp_shared_link {
	int program; /* descriptor */
	uint64_t device, inode;
	uint64_t offset;
	int probe; /* number of the attacher */
	size_t shares;
	uint64_t idle_ns; /* instant since which there are no shares */
};

struct lp_shared_uprobes {
	struct lp_attacher *attacher;
	struct lp_map links; /* struct lp_shared_link, by program and place */
};

struct lp_shared_uprobes *shared_uprobes_new(struct lp_attacher *attacher)
{
	struct lp_shared_uprobes *shared = calloc(1, sizeof(*shared));

	if (shared)
		shared->attacher = attacher;
	return shared;
}

static void end_link(struct lp_shared_uprobes *shared, struct lp_shared_link *link)
{
	attacher_detach(shared->attacher, link->probe);
	free(link);
}

void shared_uprobes_free(struct lp_shared_uprobes *shared)
{
	struct lp_shared_link *link;
	size_t at = 0;

	if (!shared)
		return;
	while ((link = map_next_pointer(&shared->links, &at)))
		end_link(shared, link);
	map_free(&shared->links);
	free(shared);
}

static uint64_t hash_of(const struct lp_shared_link *link)
{
	struct lp_hash hash = hash_begin();

	hash_number(&hash, (uint64_t)link->program);
	hash_number(&hash, link->device);
	hash_number(&hash, link->inode);
	hash_number(&hash, link->offset);
	return hash_end(&hash);
}

static bool same_place(const void *entry, const void *key)
{
	const struct lp_shared_link *link = entry, *wanted = key;

	return link->program == wanted->program && link->device == wanted->device &&
	       link->inode == wanted->inode && link->offset == wanted->offset;
}

/* Adds a link that is like wanted, without a probe or shares; NULL if out of memory. */
static struct lp_shared_link *add_link(struct lp_shared_uprobes *shared,
				       const struct lp_shared_link *wanted)
{
	struct lp_shared_link *link = malloc(sizeof(*link));

	if (!link)
		return NULL;
	*link = *wanted;
	if (map_add(&shared->links, hash_of(link), link))
		return link;
	free(link);
	return NULL;
}

int shared_uprobes_attach(struct lp_shared_uprobes *shared, const struct lp_attach_request *request,
			  struct lp_shared_link **result, bool *first)
{
	const struct lp_shared_link wanted = {
		.program = request->program,
		.device = request->known->device,
		.inode = request->known->inode,
		.offset = request->offset,
	};
	struct lp_shared_link *known =
		map_find(&shared->links, hash_of(&wanted), same_place, &wanted);
	struct lp_shared_link *link = known ? known : add_link(shared, &wanted);
	struct lp_attach_request of_host = *request;
	int probe;

	*result = NULL;
	if (!link)
		return -ENOMEM;
	of_host.for_host = true;
	/* the process is checked to have mapped the file in any case */
	if (known)
		of_host.program = -1;
	probe = attacher_attach(shared->attacher, &of_host, first);
	if (probe < 0) {
		if (!known) {
			map_remove_entry(&shared->links, hash_of(link), link);
			free(link);
		}
		return probe;
	}
	if (!known)
		link->probe = probe;
	link->shares++;
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
	struct lp_shared_link *link;
	size_t at = 0;

	while ((link = map_next_pointer(&shared->links, &at))) {
		if (link->shares || now_ns <= link->idle_ns || now_ns - link->idle_ns < LINGER_NS)
			continue;
		map_remove_last(&shared->links, &at);
		end_link(shared, link);
	}
}

size_t shared_uprobes_count(const struct lp_shared_uprobes *shared)
{
	return shared->links.count;
}
