/* SPDX-License-Identifier: BSD-2-Clause */
/* A directed graph of numbered nodes, as compressed rows. */
#ifndef LP_TASKS_CSR_GRAPH_H
#define LP_TASKS_CSR_GRAPH_H

#include <stddef.h>
#include <stdint.h>

struct lp_links {
	size_t nodes;
	uint32_t *begin; /* of each node's row in to[]; one more at the end */
	uint32_t *to;
};

static inline size_t links_count(const struct lp_links *links, size_t node)
{
	return links->begin[node + 1] - links->begin[node];
}

static inline const uint32_t *links_of(const struct lp_links *links, size_t node)
{
	return links->to + links->begin[node];
}

/*
 * A graph of that many nodes, whose rows are then filled from the first node on:
 * links_add() to the last row begun by links_row().  Each returns 0 or -ENOMEM.
 */
struct lp_links_maker {
	struct lp_links *links;
	size_t node; /* rows begun */
	size_t room;
	uint32_t *seen; /* the row that last had a link to each node, plus 1 */
};
int links_begin(struct lp_links_maker *maker, struct lp_links *links, size_t nodes);
void links_row(struct lp_links_maker *maker);
/* One link of a row to the same node is kept. */
int links_add(struct lp_links_maker *maker, uint32_t to);
/* Rows not begun are empty. */
void links_end(struct lp_links_maker *maker);

/* The same links, turned round. */
int links_reverse(const struct lp_links *links, struct lp_links *reverse);
void links_free(struct lp_links *links);

/*
 * Strongly connected components (Tarjan's, without recursion: chains may be 100,000
 * deep).  Fills the component of each node; one that others lead to has a lower number
 * than theirs.  Returns how many there are, or -ENOMEM.
 */
int64_t links_components(const struct lp_links *links, uint32_t *component);

#endif /* LP_TASKS_CSR_GRAPH_H */
