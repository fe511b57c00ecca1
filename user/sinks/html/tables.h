/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of what a page keeps: for html_kept.c. */
#ifndef LP_SINKS_HTML_TABLES_H
#define LP_SINKS_HTML_TABLES_H

#include "kept.h"

void tables_init(struct lp_kept_tables *tables);
void tables_free(struct lp_kept_tables *tables);

/* How often there was no room for something. */
uint64_t tables_beyond(const struct lp_kept_tables *tables);

/* NULL and an empty one are none. */
uint32_t tables_stack(struct lp_kept_tables *tables, const struct lp_stack *stack);

/* What has a number in the one gets one in the other; 0 stays 0. */
uint32_t tables_move_string(struct lp_kept_tables *to, const struct lp_kept_tables *from,
			    uint32_t number);
uint32_t tables_move_frame(struct lp_kept_tables *to, const struct lp_kept_tables *from,
			   uint32_t number);
uint32_t tables_move_callback(struct lp_kept_tables *to, const struct lp_kept_tables *from,
			      uint32_t number);
uint32_t tables_move_stack(struct lp_kept_tables *to, const struct lp_kept_tables *from,
			   uint32_t number);

#endif /* LP_SINKS_HTML_TABLES_H */
