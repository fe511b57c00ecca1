/* SPDX-License-Identifier: BSD-2-Clause */
/* A directed graph of numbered nodes as compressed sparse rows. */
#ifndef LP_TASKS_CSR_GRAPH_H
#define LP_TASKS_CSR_GRAPH_H

#include <stddef.h>
#include <stdint.h>

struct lp_csr_graph {
	size_t nodes;
	uint32_t *begin; /* index in to[] of each node's first link; one more entry at the end */
	uint32_t *to;
};

static inline size_t csr_graph_count(const struct lp_csr_graph *links, size_t node)
{
	return links->begin[node + 1] - links->begin[node];
}

static inline const uint32_t *csr_graph_row(const struct lp_csr_graph *links, size_t node)
{
	return links->to + links->begin[node];
}

/*
 * Builds a graph with that many nodes.  Rows are filled in the order of nodes:
 * csr_graph_add() adds to the row that csr_graph_begin_row() has begun last.  Both return 0
 * or -ENOMEM.
 */
struct lp_csr_graph_builder {
	struct lp_csr_graph *links;
	size_t node; /* number of rows that were begun */
	size_t capacity;
	uint32_t *last_row; /* for each node, 1 plus the number of the last row with a link to it */
};
int csr_graph_begin(struct lp_csr_graph_builder *maker, struct lp_csr_graph *links, size_t nodes);
void csr_graph_begin_row(struct lp_csr_graph_builder *maker);
/* Adds a link; repeated links of a row are ignored. */
int csr_graph_add(struct lp_csr_graph_builder *maker, uint32_t to);
/* Completes the graph; rows that were not begun are empty. */
void csr_graph_end(struct lp_csr_graph_builder *maker);

/* Makes a graph with all links reversed. */
int csr_graph_reverse(const struct lp_csr_graph *links, struct lp_csr_graph *reverse);
void csr_graph_free(struct lp_csr_graph *links);

/*
 * Finds the strongly connected components by Tarjan's algorithm, without recursion, as chains
 * may be 100,000 deep.  Sets each node's component; a component has a lower number than those
 * that link to it.  Returns the number of components, or -ENOMEM.
 */
int64_t csr_graph_components(const struct lp_csr_graph *links, uint32_t *component);

#endif /* LP_TASKS_CSR_GRAPH_H */
