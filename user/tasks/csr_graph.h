/* SPDX-License-Identifier: BSD-2-Clause */
/* A directed graph of numbered nodes, as compressed rows. */
#ifndef LP_TASKS_CSR_GRAPH_H
#define LP_TASKS_CSR_GRAPH_H

#include <stddef.h>
#include <stdint.h>

struct lp_csr_graph {
	size_t nodes;
	uint32_t *begin; /* of each node's row in to[]; one more at the end */
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
 * A graph of that many nodes, whose rows are then filled from the first node on:
 * csr_graph_add() to the last row begun by csr_graph_begin_row().  Each returns 0 or -ENOMEM.
 */
struct lp_csr_graph_builder {
	struct lp_csr_graph *links;
	size_t node; /* rows begun */
	size_t capacity;
	uint32_t *last_row; /* the row that last had a link to each node, plus 1 */
};
int csr_graph_begin(struct lp_csr_graph_builder *maker, struct lp_csr_graph *links, size_t nodes);
void csr_graph_begin_row(struct lp_csr_graph_builder *maker);
/* One link of a row to the same node is kept. */
int csr_graph_add(struct lp_csr_graph_builder *maker, uint32_t to);
/* Rows not begun are empty. */
void csr_graph_end(struct lp_csr_graph_builder *maker);

/* The same links, turned round. */
int csr_graph_reverse(const struct lp_csr_graph *links, struct lp_csr_graph *reverse);
void csr_graph_free(struct lp_csr_graph *links);

/*
 * Strongly connected components (Tarjan's, without recursion: chains may be 100,000
 * deep).  Fills the component of each node; one that others lead to has a lower number
 * than theirs.  Returns how many there are, or -ENOMEM.
 */
int64_t csr_graph_components(const struct lp_csr_graph *links, uint32_t *component);

#endif /* LP_TASKS_CSR_GRAPH_H */
