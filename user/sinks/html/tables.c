// SPDX-License-Identifier: BSD-2-Clause
/* Interning of strings, frames, stacks and callbacks, and moving them between tables. */
#include "tables.h"

#include <string.h>

#define STRINGS_MAX 400000
#define STRING_BYTES_MAX (32 << 20)
#define FRAMES_MAX 100000
#define STACKS_MAX 200000
#define STACK_BYTES_MAX (32 << 20)
#define CALLBACKS_MAX 50000
#define SMALL_BYTES_MAX (8 << 20)
/* Limit of frames of a stack, which is copied on the C stack; no walk is that deep. */
#define DEPTH_MAX 1024

void tables_init(struct lp_page_tables *tables)
{
	intern_init(&tables->strings, STRINGS_MAX, STRING_BYTES_MAX);
	intern_init(&tables->frames, FRAMES_MAX, SMALL_BYTES_MAX);
	intern_init(&tables->stacks, STACKS_MAX, STACK_BYTES_MAX);
	intern_init(&tables->callbacks, CALLBACKS_MAX, SMALL_BYTES_MAX);
}

void tables_free(struct lp_page_tables *tables)
{
	intern_free(&tables->strings);
	intern_free(&tables->frames);
	intern_free(&tables->stacks);
	intern_free(&tables->callbacks);
}

uint64_t tables_dropped(const struct lp_page_tables *tables)
{
	return tables->strings.dropped + tables->frames.dropped + tables->stacks.dropped +
	       tables->callbacks.dropped;
}

bool tables_are_crowded(const struct lp_page_tables *tables)
{
	return intern_is_crowded(&tables->strings) || intern_is_crowded(&tables->frames) ||
	       intern_is_crowded(&tables->stacks) || intern_is_crowded(&tables->callbacks);
}

/* Returns the number of a value; 0 if there is no space for it. */
static uint32_t add(struct lp_intern *table, const void *value, size_t size)
{
	uint32_t number;

	return intern_number(table, value, size, &number) ? 0 : number + 1;
}

const void *tables_get(const struct lp_intern *table, uint32_t number, size_t *size)
{
	if (number && number <= table->count)
		return intern_piece(table, number - 1, size);
	if (size)
		*size = 0;
	return NULL;
}

uint32_t page_store_string(struct lp_page_tables *tables, const char *text)
{
	return text && *text ? add(&tables->strings, text, strlen(text) + 1) : 0;
}

uint32_t page_store_frame(struct lp_page_tables *tables, const struct lp_shown_frame *frame)
{
	struct lp_page_frame store;

	if (!frame)
		return 0;
	memset(&store, 0, sizeof(store));
	store.function = page_store_string(tables, frame->function);
	store.file = page_store_string(tables, frame->file);
	store.line = frame->line;
	store.kind = (uint8_t)frame->kind;
	store.coroutine = frame->coroutine;
	return add(&tables->frames, &store, sizeof(store));
}

uint32_t page_store_callback(struct lp_page_tables *tables, const struct lp_callback_info *callback)
{
	struct lp_page_callback store;

	memset(&store, 0, sizeof(store));
	store.kind = callback->kind;
	store.name = page_store_string(tables, callback->name);
	store.file = page_store_string(tables, callback->file);
	store.line = callback->line;
	return add(&tables->callbacks, &store, sizeof(store));
}

uint32_t tables_stack(struct lp_page_tables *tables, const struct lp_stack *stack)
{
	uint32_t numbers[1 + DEPTH_MAX], depth = stack ? stack->depth : 0, i;

	if (!depth)
		return 0;
	numbers[0] = (stack->cut ? LP_PAGE_STACK_CUT : 0) |
		     (stack->unreadable ? LP_PAGE_STACK_UNREADABLE : 0);
	if (depth > DEPTH_MAX) {
		depth = DEPTH_MAX;
		numbers[0] |= LP_PAGE_STACK_CUT;
	}
	for (i = 0; i < depth; i++)
		numbers[1 + i] = page_store_frame(tables, stack->frames[i]);
	return add(&tables->stacks, numbers, (1 + depth) * sizeof(*numbers));
}

/* ---- from one set of tables into another ---------------------------------- */

uint32_t tables_move_string(struct lp_page_tables *to, const struct lp_page_tables *from,
			    uint32_t number)
{
	size_t size;
	const char *text = tables_get(&from->strings, number, &size);

	return text ? add(&to->strings, text, size) : 0;
}

uint32_t tables_move_frame(struct lp_page_tables *to, const struct lp_page_tables *from,
			   uint32_t number)
{
	const struct lp_page_frame *frame = tables_get(&from->frames, number, NULL);
	struct lp_page_frame moved;

	if (!frame)
		return 0;
	moved = *frame;
	moved.function = tables_move_string(to, from, frame->function);
	moved.file = tables_move_string(to, from, frame->file);
	return add(&to->frames, &moved, sizeof(moved));
}

uint32_t tables_move_callback(struct lp_page_tables *to, const struct lp_page_tables *from,
			      uint32_t number)
{
	const struct lp_page_callback *callback = tables_get(&from->callbacks, number, NULL);
	struct lp_page_callback moved;

	if (!callback)
		return 0;
	moved = *callback;
	moved.name = tables_move_string(to, from, callback->name);
	moved.file = tables_move_string(to, from, callback->file);
	return add(&to->callbacks, &moved, sizeof(moved));
}

uint32_t tables_move_stack(struct lp_page_tables *to, const struct lp_page_tables *from,
			   uint32_t number)
{
	uint32_t moved[1 + DEPTH_MAX];
	size_t size, i;
	const uint32_t *stack = tables_get(&from->stacks, number, &size);

	if (!stack || size > sizeof(moved))
		return 0;
	moved[0] = stack[0];
	for (i = 1; i < size / sizeof(*stack); i++)
		moved[i] = tables_move_frame(to, from, stack[i]);
	return add(&to->stacks, moved, size);
}
