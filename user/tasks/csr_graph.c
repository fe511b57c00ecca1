// SPDX-License-Identifier: BSD-2-Clause
#include "csr_graph.h"
#include "base/array.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NOT_VISITED UINT32_MAX

int csr_graph_begin(struct lp_csr_graph_builder *maker, struct lp_csr_graph *links, size_t nodes)
{
	*maker = (struct lp_csr_graph_builder){ .links = links, .capacity = nodes + 1 };
	links->nodes = nodes;
	links->begin = calloc(nodes + 1, sizeof(*links->begin));
	links->to = malloc(maker->capacity * sizeof(*links->to));
	maker->last_row = calloc(nodes + 1, sizeof(*maker->last_row));
	if (links->begin && links->to && maker->last_row)
		return 0;
	csr_graph_end(maker);
	csr_graph_free(links);
	return -ENOMEM;
}

void csr_graph_begin_row(struct lp_csr_graph_builder *maker)
{
	struct lp_csr_graph *links = maker->links;

	maker->node++;
	links->begin[maker->node] = links->begin[maker->node - 1];
}

int csr_graph_add(struct lp_csr_graph_builder *maker, uint32_t to)
{
	struct lp_csr_graph *links = maker->links;
	uint32_t *end = &links->begin[maker->node];

	if (maker->last_row[to] == maker->node)
		return 0;
	maker->last_row[to] = (uint32_t)maker->node;
	if (!ARRAY_RESERVE(links->to, maker->capacity, *end + 1UL, 1))
		return -ENOMEM;
	links->to[(*end)++] = to;
	return 0;
}

void csr_graph_end(struct lp_csr_graph_builder *maker)
{
	if (maker->links->begin)
		while (maker->node < maker->links->nodes)
			csr_graph_begin_row(maker);
	free(maker->last_row);
	maker->last_row = NULL;
}

int csr_graph_reverse(const struct lp_csr_graph *links, struct lp_csr_graph *reverse)
{
	size_t count = links->begin[links->nodes], node, i;
	uint32_t *at;

	reverse->nodes = links->nodes;
	reverse->begin = calloc(links->nodes + 1, sizeof(*reverse->begin));
	reverse->to = malloc((count + 1) * sizeof(*reverse->to));
	at = calloc(links->nodes + 1, sizeof(*at));
	if (!reverse->begin || !reverse->to || !at) {
		free(at);
		csr_graph_free(reverse);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++)
		reverse->begin[links->to[i] + 1]++;
	for (node = 0; node < links->nodes; node++)
		reverse->begin[node + 1] += reverse->begin[node];
	memcpy(at, reverse->begin, links->nodes * sizeof(*at));
	for (node = 0; node < links->nodes; node++)
		for (i = 0; i < csr_graph_count(links, node); i++)
			reverse->to[at[csr_graph_row(links, node)[i]]++] = (uint32_t)node;
	free(at);
	return 0;
}

void csr_graph_free(struct lp_csr_graph *links)
{
	free(links->begin);
	free(links->to);
	memset(links, 0, sizeof(*links));
}

/* State of a node in Tarjan's algorithm. */
struct visit {
	uint32_t number; /* order of the first visit */
	uint32_t low; /* least number of a node that can be reached back */
	uint32_t next; /* next link to follow */
	bool open; /* the node's component is not complete */
};

struct component_search {
	const struct lp_csr_graph *links;
	struct visit *visits;
	/* nodes that are being visited, outermost first: the algorithm's call stack */
	uint32_t *path;
	size_t depth;
	uint32_t *open; /* nodes of incomplete components */
	size_t open_count;
	uint32_t visited;
	uint32_t components;
	uint32_t *component;
};

static void enter(struct component_search *search, uint32_t node)
{
	search->visits[node] =
		(struct visit){ .number = search->visited, .low = search->visited, .open = true };
	search->visited++;
	search->open[search->open_count++] = node;
	search->path[search->depth++] = node;
}

static void leave(struct component_search *search, uint32_t node)
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

static void visit_from(struct component_search *search, uint32_t root)
{
	enter(search, root);
	while (search->depth) {
		uint32_t node = search->path[search->depth - 1], to;
		struct visit *visit = &search->visits[node];

		if (visit->next == csr_graph_count(search->links, node)) {
			leave(search, node);
			continue;
		}
		to = csr_graph_row(search->links, node)[visit->next++];
		if (search->visits[to].number == NOT_VISITED)
			enter(search, to);
		else if (search->visits[to].open && search->visits[to].number < visit->low)
			visit->low = search->visits[to].number;
	}
}

int64_t csr_graph_components(const struct lp_csr_graph *links, uint32_t *component)
{
	size_t capacity = links->nodes + 1, node;
	struct component_search search = { .links = links, .component = component };
	bool well;

	search.visits = malloc(capacity * sizeof(*search.visits));
	search.path = malloc(capacity * sizeof(*search.path));
	search.open = malloc(capacity * sizeof(*search.open));
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
