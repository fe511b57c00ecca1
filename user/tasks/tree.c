// SPDX-License-Identifier: BSD-2-Clause
#include "tree.h"

#include "alike.h"
#include "text_task.h"
#include "base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Deeper levels have the indentation of this one. */
#define LEVELS_MAX 10
/* The most bytes that a level adds to the rails. */
#define RAIL_BYTES 8

/*
 * Siblings in the tree.  An entry that stands for more tasks is followed by a line with their
 * number.
 */
struct tree_level {
	struct lp_alike_entry *entries;
	size_t count, at;
	bool more; /* the line with the number of further tasks is due */
	size_t rails; /* bytes of the rails that lead to this level */
	uint32_t parent;
	/* number of like tasks in a row above, each of which awaits only the next one */
	unsigned int chain;
};

struct tree {
	FILE *file;
	const struct lp_terminal *terminal;
	const struct lp_tasks_snapshot *snapshot;
	const uint64_t *keys;
	bool stack;
	const bool *printed;
	bool *drawn;
	struct tree_level *levels;
	size_t depth, capacity;
	char rails[LEVELS_MAX * RAIL_BYTES + 64];
};

struct style {
	const char *branch, *last, *pass, *none;
};

static const struct style styles[] = {
	{ "+- ", "+- ", "|  ", "   " },
	{ "\xe2\x94\x9c\xe2\x94\x80 ", "\xe2\x94\x94\xe2\x94\x80 ", "\xe2\x94\x82  ", "   " },
};

/* Orders names with their numbers by value: "Task-9" before "Task-10". */
static int by_name(const void *left, const void *right, void *context)
{
	const struct lp_task *tasks = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = strverscmp(tasks[a].name, tasks[b].name);

	return order ? order : a < b ? -1 : a > b;
}

/* Begins a level whose rails are the current ones of the tree. */
static int push(struct tree *tree, const uint32_t *tasks, size_t count, uint32_t parent,
		unsigned int chain)
{
	struct tree_level *level;
	int64_t entries;
	uint32_t *sorted;

	if (!ARRAY_RESERVE(tree->levels, tree->capacity, tree->depth + 1, 64))
		return -ENOMEM;
	level = &tree->levels[tree->depth];
	*level = (struct tree_level){ .parent = parent,
				      .chain = chain,
				      .rails = strlen(tree->rails) };
	level->entries = malloc((count + 1) * sizeof(*level->entries));
	if (!level->entries)
		return -ENOMEM;
	sorted = malloc((count + 1) * sizeof(*sorted));
	entries = -ENOMEM;
	if (sorted) {
		memcpy(sorted, tasks, count * sizeof(*sorted));
		qsort_r(sorted, count, sizeof(*sorted), by_name, tree->snapshot->list.tasks);
		entries = alike_fold(tree->keys, sorted, count, level->entries);
	}
	free(sorted);
	if (entries < 0) {
		free(level->entries);
		return (int)entries;
	}
	level->count = (size_t)entries;
	tree->depth++;
	return 0;
}

static void pop(struct tree *tree)
{
	free(tree->levels[--tree->depth].entries);
}

/* Sets the rails of a level.  Roots are at the margin, the tasks that they await below them. */
static void set_rails(struct tree *tree, bool last, char *first, size_t size)
{
	const struct style *style = &styles[tree->terminal->utf8];
	const struct tree_level *level = &tree->levels[tree->depth - 1];
	bool root = tree->depth == 1;

	tree->rails[level->rails] = '\0';
	snprintf(first, size, "%s%s", tree->rails, root ? "" : last ? style->last : style->branch);
	if (tree->depth > LEVELS_MAX && strlen(first) + 16 < size)
		snprintf(first + strlen(first), size - strlen(first), "[%zu] ", tree->depth);
	if (!root && tree->depth <= LEVELS_MAX)
		snprintf(tree->rails + level->rails, sizeof(tree->rails) - level->rails, "%s",
			 last ? style->none : style->pass);
}

/* Returns whether a task awaits only one task, which is like it and was not printed yet. */
static bool next_alike(const struct tree *tree, uint32_t task, uint32_t *next)
{
	const struct lp_csr_graph *awaits = &tree->snapshot->graph.awaits;

	if (csr_graph_count(awaits, task) != 1)
		return false;
	*next = csr_graph_row(awaits, task)[0];
	return tree->keys[*next] == tree->keys[task] && !tree->drawn[*next] && *next != task;
}

/* Skips a chain of like tasks that begins with this task.  Returns the last of them. */
static uint32_t skip_chain(struct tree *tree, uint32_t task, const struct lp_rails *rails)
{
	uint32_t at = task, next, count = 1, i;

	tree->drawn[task] = true;
	for (; next_alike(tree, at, &next); at = next) {
		tree->drawn[next] = true;
		count++;
	}
	if (count > LP_ALIKE_ABOVE - LP_ALIKE_SHOWN) {
		text_task_more(tree->file, tree->terminal, tree->snapshot,
			       &(struct lp_alike_entry){ task, count }, ", each awaiting the next",
			       rails);
		return at;
	}
	/* a short chain is printed in full */
	for (at = task, i = 1; i < count; i++) {
		at = csr_graph_row(&tree->snapshot->graph.awaits, at)[0];
		tree->drawn[at] = false;
	}
	tree->drawn[task] = false;
	return UINT32_MAX;
}

static void print_task(struct tree *tree, uint32_t task, const struct lp_rails *rails)
{
	char prefix[sizeof(tree->rails) + 8];

	tree->drawn[task] = true;
	if (tree->printed[task]) {
		text_task_reference(tree->file, tree->terminal, tree->snapshot, task, rails,
				    "deadlock, see above");
		return;
	}
	text_task_print(tree->file, tree->terminal, tree->snapshot, task, rails);
	if (!tree->stack)
		return;
	snprintf(prefix, sizeof(prefix), "%s        ", tree->rails);
	text_task_stack(tree->file, tree->terminal, tree->snapshot, task, prefix);
}

static int print_entry(struct tree *tree, uint32_t task, bool last)
{
	const struct tree_level *level = &tree->levels[tree->depth - 1];
	const struct lp_csr_graph *awaits = &tree->snapshot->graph.awaits;
	unsigned int chain = 1;
	char first[sizeof(tree->rails) + 32];
	struct lp_rails rails = { first, tree->rails };
	uint32_t end;

	set_rails(tree, last, first, sizeof(first));
	if (tree->drawn[task]) {
		text_task_reference(tree->file, tree->terminal, tree->snapshot, task, &rails,
				    "see above");
		return 0;
	}
	if (level->parent != UINT32_MAX && tree->keys[task] == tree->keys[level->parent] &&
	    csr_graph_count(awaits, level->parent) == 1)
		chain = level->chain + 1;
	end = chain > LP_ALIKE_SHOWN ? skip_chain(tree, task, &rails) : UINT32_MAX;
	if (end == UINT32_MAX) {
		print_task(tree, task, &rails);
		end = task;
	} else {
		chain = 0;
	}
	if (!csr_graph_count(awaits, end))
		return 0;
	return push(tree, csr_graph_row(awaits, end), csr_graph_count(awaits, end), end, chain);
}

static int print_next(struct tree *tree)
{
	struct tree_level *level = &tree->levels[tree->depth - 1];
	const struct lp_alike_entry *entry = &level->entries[level->at];
	bool end = level->at + 1 == level->count;
	char first[sizeof(tree->rails) + 32];

	if (level->more) {
		level->more = false;
		level->at++;
		set_rails(tree, end, first, sizeof(first));
		text_task_more(tree->file, tree->terminal, tree->snapshot, entry, "",
			       &(struct lp_rails){ first, tree->rails });
		return 0;
	}
	level->more = entry->more;
	level->at += !entry->more;
	return print_entry(tree, entry->task, end && !entry->more);
}

int tree_print(FILE *file, const struct lp_terminal *terminal,
	       const struct lp_tasks_snapshot *snapshot, const uint64_t *keys, uint32_t loop,
	       bool stack, const bool *printed, bool *drawn)
{
	struct tree tree = { .file = file,
			     .terminal = terminal,
			     .snapshot = snapshot,
			     .keys = keys,
			     .stack = stack,
			     .printed = printed,
			     .drawn = drawn };
	uint32_t *roots = malloc((snapshot->graph.root_count + 1) * sizeof(*roots));
	size_t i, count = 0;
	int err;

	if (!roots)
		return -ENOMEM;
	for (i = 0; i < snapshot->graph.root_count; i++)
		if (snapshot->places[snapshot->graph.roots[i]].loop == loop)
			roots[count++] = snapshot->graph.roots[i];
	err = push(&tree, roots, count, UINT32_MAX, 0);
	while (!err && tree.depth) {
		const struct tree_level *level = &tree.levels[tree.depth - 1];

		if (level->at == level->count)
			pop(&tree);
		else
			err = print_next(&tree);
	}
	while (tree.depth)
		pop(&tree);
	free(tree.levels);
	free(roots);
	return err;
}
