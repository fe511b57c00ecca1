/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of a page store: interned strings, frames, stacks and callbacks. */
#ifndef LP_SINKS_HTML_TABLES_H
#define LP_SINKS_HTML_TABLES_H

#include "base/intern.h"
#include "model/report.h"

/* Strings, frames, stacks and callbacks are numbers in the tables below; 0: none. */
struct lp_page_frame {
	uint32_t function, file, line;
	uint8_t kind; /* enum lp_frame_kind */
	uint8_t coroutine;
	uint16_t reserved;
};

/* A stack is an array: the flags LP_PAGE_STACK_*, then frames by number, innermost first. */
#define LP_PAGE_STACK_CUT 1
#define LP_PAGE_STACK_UNREADABLE 2

struct lp_page_callback {
	uint32_t kind; /* enum lp_model_kind */
	uint32_t name, file, line;
};

struct lp_page_tables {
	struct lp_intern strings; /* with the terminating NUL */
	struct lp_intern frames;
	struct lp_intern stacks;
	struct lp_intern callbacks;
};

void tables_init(struct lp_page_tables *tables);
void tables_free(struct lp_page_tables *tables);

/* Returns a value, valid until another one is added to its table; NULL for 0.  size may be NULL. */
const void *tables_get(const struct lp_intern *table, uint32_t number, size_t *size);

/* Returns the number of values that were dropped because a table was full. */
uint64_t tables_dropped(const struct lp_page_tables *tables);
/* Returns whether a table is more than half full. */
bool tables_are_crowded(const struct lp_page_tables *tables);

/* Returns the number of a stack; 0 for NULL, an empty stack and a full table. */
uint32_t tables_stack(struct lp_page_tables *tables, const struct lp_stack *stack);

/* Copy a value to another set of tables.  Return its number there; 0 for 0 and a full table. */
uint32_t tables_move_string(struct lp_page_tables *to, const struct lp_page_tables *from,
			    uint32_t number);
uint32_t tables_move_frame(struct lp_page_tables *to, const struct lp_page_tables *from,
			   uint32_t number);
uint32_t tables_move_callback(struct lp_page_tables *to, const struct lp_page_tables *from,
			      uint32_t number);
uint32_t tables_move_stack(struct lp_page_tables *to, const struct lp_page_tables *from,
			   uint32_t number);

/* Return the number of a value, which is copied; 0 for NULL, an empty text and a full table. */
uint32_t page_store_string(struct lp_page_tables *tables, const char *text);
uint32_t page_store_frame(struct lp_page_tables *tables, const struct lp_shown_frame *frame);
uint32_t page_store_callback(struct lp_page_tables *tables,
			     const struct lp_callback_info *callback);

#endif /* LP_SINKS_HTML_TABLES_H */
