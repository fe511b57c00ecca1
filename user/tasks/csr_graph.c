// SPDX-License-Identifier: BSD-2-Clause
#include "csr_graph.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NOT_VISITED UINT32_MAX

int links_begin(struct lp_links_maker *maker, struct lp_links *links, size_t nodes)
{
	*maker = (struct lp_links_maker){ .links = links, .room = nodes + 1 };
	links->nodes = nodes;
	links->begin = calloc(nodes + 1, sizeof(*links->begin));
	links->to = malloc(maker->room * sizeof(*links->to));
	maker->seen = calloc(nodes + 1, sizeof(*maker->seen));
	if (links->begin && links->to && maker->seen)
		return 0;
	links_end(maker);
	links_free(links);
	return -ENOMEM;
}

void links_row(struct lp_links_maker *maker)
{
	struct lp_links *links = maker->links;

	maker->node++;
	links->begin[maker->node] = links->begin[maker->node - 1];
}

int links_add(struct lp_links_maker *maker, uint32_t to)
{
	struct lp_links *links = maker->links;
	uint32_t *end = &links->begin[maker->node];

	if (maker->seen[to] == maker->node)
		return 0;
	maker->seen[to] = (uint32_t)maker->node;
	if (*end == maker->room) {
		size_t room = maker->room * 2;
		uint32_t *grown = realloc(links->to, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		links->to = grown;
		maker->room = room;
	}
	links->to[(*end)++] = to;
	return 0;
}

void links_end(struct lp_links_maker *maker)
{
	if (maker->links->begin)
		while (maker->node < maker->links->nodes)
			links_row(maker);
	free(maker->seen);
	maker->seen = NULL;
}

int links_reverse(const struct lp_links *links, struct lp_links *reverse)
{
	size_t count = links->begin[links->nodes], node, i;
	uint32_t *at;

	reverse->nodes = links->nodes;
	reverse->begin = calloc(links->nodes + 1, sizeof(*reverse->begin));
	reverse->to = malloc((count + 1) * sizeof(*reverse->to));
	at = calloc(links->nodes + 1, sizeof(*at));
	if (!reverse->begin || !reverse->to || !at) {
		free(at);
		links_free(reverse);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++)
		reverse->begin[links->to[i] + 1]++;
	for (node = 0; node < links->nodes; node++)
		reverse->begin[node + 1] += reverse->begin[node];
	memcpy(at, reverse->begin, links->nodes * sizeof(*at));
	for (node = 0; node < links->nodes; node++)
		for (i = 0; i < links_count(links, node); i++)
			reverse->to[at[links_of(links, node)[i]]++] = (uint32_t)node;
	free(at);
	return 0;
}

void links_free(struct lp_links *links)
{
	free(links->begin);
	free(links->to);
	memset(links, 0, sizeof(*links));
}

/* What Tarjan's algorithm knows of a node. */
struct visit {
	uint32_t number; /* in the order of the first visit */
	uint32_t low; /* least number that it leads back to */
	uint32_t next; /* of its links, to follow */
	bool open; /* its component is not complete */
};

struct search {
	const struct lp_links *links;
	struct visit *visits;
	uint32_t *path; /* nodes being visited, outermost first: the call stack */
	size_t depth;
	uint32_t *open; /* nodes of incomplete components */
	size_t open_count;
	uint32_t visited;
	uint32_t components;
	uint32_t *component;
};

static void enter(struct search *search, uint32_t node)
{
	search->visits[node] =
		(struct visit){ .number = search->visited, .low = search->visited, .open = true };
	search->visited++;
	search->open[search->open_count++] = node;
	search->path[search->depth++] = node;
}

static void leave(struct search *search, uint32_t node)
{
	struct visit *visit = &search->visits[node];
	uint32_t member;

	search->depth--;
	if (search->depth) {
		struct visit *caller = &search->visits[search->path[search->depth - 1]];

		if (visit->low < caller->low)
			caller->low = visit->low;
	}
	if (visit->low != visit->number)
		return;
	do {
		member = search->open[--search->open_count];
		search->visits[member].open = false;
		search->component[member] = search->components;
	} while (member != node);
	search->components++;
}

static void visit_from(struct search *search, uint32_t root)
{
	enter(search, root);
	while (search->depth) {
		uint32_t node = search->path[search->depth - 1], to;
		struct visit *visit = &search->visits[node];

		if (visit->next == links_count(search->links, node)) {
			leave(search, node);
			continue;
		}
		to = links_of(search->links, node)[visit->next++];
		if (search->visits[to].number == NOT_VISITED)
			enter(search, to);
		else if (search->visits[to].open && search->visits[to].number < visit->low)
			visit->low = search->visits[to].number;
	}
}

int64_t links_components(const struct lp_links *links, uint32_t *component)
{
	size_t room = links->nodes + 1, node;
	struct search search = { .links = links, .component = component };
	bool well;

	search.visits = malloc(room * sizeof(*search.visits));
	search.path = malloc(room * sizeof(*search.path));
	search.open = malloc(room * sizeof(*search.open));
	well = search.visits && search.path && search.open;
	if (well) {
		for (node = 0; node < links->nodes; node++)
			search.visits[node].number = NOT_VISITED;
		for (node = 0; node < links->nodes; node++)
			if (search.visits[node].number == NOT_VISITED)
				visit_from(&search, (uint32_t)node);
	}
	free(search.visits);
	free(search.path);
	free(search.open);
	return well ? (int64_t)search.components : -ENOMEM;
}
