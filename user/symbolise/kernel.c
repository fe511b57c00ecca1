// SPDX-License-Identifier: BSD-2-Clause
/*
 * Lines of /proc/kallsyms, as kernel/kallsyms.c prints them:
 *   ffffffff81000000 T _text
 *   ffffffffc0000000 t nf_init<tab>[nf_tables]
 * All addresses are 0 for who may not see them (kernel.kptr_restrict).
 */
#include "kernel.h"

#include "base/array.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some 100,000 functions are usual; more than these are not read. */
#define SYMBOLS_MAX (1U << 20)
#define SYMBOLS_FIRST (1U << 16)
#define NAMES_MAX (64U << 20)
/* No function is longer: an address further from a symbol belongs to none. */
#define FUNCTION_MAX (1U << 20)

#define CORE "[kernel]"

struct symbol {
	uint64_t address;
	uint32_t name; /* offset in the names; the letter of its type precedes it */
	uint32_t module;
};

struct lp_kernel {
	struct symbol *symbols;
	size_t count;
	size_t capacity;
	char *names;
	size_t names_used;
	size_t names_capacity;
};

/* Returns the offset of a text in the names, 0 if there is no space for it. */
static uint32_t add_text(struct lp_kernel *kernel, const char *text)
{
	size_t length = strlen(text) + 1, at = kernel->names_used, capacity;
	char *grown;

	if (length > NAMES_MAX || at > NAMES_MAX - length)
		return 0;
	if (!kernel->names || kernel->names_capacity < at + length) {
		capacity = 2 * (at + length) + (1 << 20);
		grown = realloc(kernel->names, capacity);
		if (!grown)
			return 0;
		kernel->names = grown;
		kernel->names_capacity = capacity;
	}
	memcpy(kernel->names + at, text, length);
	kernel->names_used = at + length;
	return (uint32_t)at;
}

static struct symbol *add_symbol(struct lp_kernel *kernel)
{
	if (kernel->count >= SYMBOLS_MAX ||
	    !ARRAY_RESERVE(kernel->symbols, kernel->capacity, kernel->count + 1, SYMBOLS_FIRST))
		return NULL;
	return &kernel->symbols[kernel->count];
}

/* Symbols of a module follow each other: its name is stored once. */
static uint32_t module_of(struct lp_kernel *kernel, const char *name)
{
	uint32_t last = kernel->count ? kernel->symbols[kernel->count - 1].module : 0;

	if (last && !strcmp(kernel->names + last, name))
		return last;
	return add_text(kernel, name);
}

/* Returns false when there is no more space. Symbols that are no functions are skipped. */
static bool parse_line(struct lp_kernel *kernel, char *line)
{
	char *at, *module;
	struct symbol *symbol;
	uint64_t address = strtoull(line, &at, 16);

	line[strcspn(line, "\n")] = '\0';
	if (!address || at[0] != ' ' || !at[1] || !strchr("tTwW", at[1]) || at[2] != ' ' || !at[3])
		return true;
	module = strchr(at + 3, '\t');
	if (module)
		*module++ = '\0';
	symbol = add_symbol(kernel);
	if (!symbol)
		return false;
	symbol->address = address;
	symbol->module = module_of(kernel, module ? module : CORE);
	/* the letter takes the place of the blank, so that both are one text */
	at[2] = at[1];
	symbol->name = add_text(kernel, at + 2) + 1;
	if (!symbol->module || symbol->name == 1)
		return false;
	kernel->count++;
	return true;
}

/* Of several names of one address the lowest is shown: global before local, plain before '_'. */
static size_t name_rank(const char *name)
{
	return (name[-1] == 'T' || name[-1] == 'W' ? 0 : 1000) + strspn(name, "_");
}

static int compare(const void *left, const void *right, void *context)
{
	const struct symbol *a = left, *b = right;
	const char *names = context;
	size_t a_rank, b_rank;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	a_rank = name_rank(names + a->name);
	b_rank = name_rank(names + b->name);
	return a_rank < b_rank ? -1 : a_rank > b_rank;
}

static void sort_symbols(struct lp_kernel *kernel)
{
	struct symbol *symbols = kernel->symbols;
	size_t i, pending_native = 0;

	qsort_r(symbols, kernel->count, sizeof(*symbols), compare, kernel->names);
	for (i = 0; i < kernel->count; i++)
		if (!i || symbols[i].address != symbols[pending_native - 1].address)
			symbols[pending_native++] = symbols[i];
	kernel->count = pending_native;
}

struct lp_kernel *kernel_read(FILE *file)
{
	struct lp_kernel *kernel = calloc(1, sizeof(*kernel));
	size_t line_size = 0;
	char *line = NULL;

	if (!kernel)
		return NULL;
	/* Makes 0 an offset of no text. */
	add_text(kernel, "");
	while (getline(&line, &line_size, file) > 0)
		if (!parse_line(kernel, line))
			break;
	free(line);
	if (!kernel->count) {
		kernel_free(kernel);
		return NULL;
	}
	sort_symbols(kernel);
	return kernel;
}

struct lp_kernel *kernel_new(void)
{
	struct lp_kernel *kernel;
	FILE *file = fopen("/proc/kallsyms", "re");

	if (!file)
		return NULL;
	kernel = kernel_read(file);
	fclose(file);
	return kernel;
}

void kernel_free(struct lp_kernel *kernel)
{
	if (!kernel)
		return;
	free(kernel->symbols);
	free(kernel->names);
	free(kernel);
}

static const struct symbol *find(const struct lp_kernel *kernel, uint64_t address)
{
	size_t low = 0, high = kernel->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (kernel->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - kernel->symbols[low - 1].address >= FUNCTION_MAX)
		return NULL;
	return &kernel->symbols[low - 1];
}

static void describe(const struct lp_kernel *kernel, uint64_t address, bool returns,
		     struct lp_frame *frame)
{
	/* a call that does not return may be its function's last instruction */
	const struct symbol *symbol = find(kernel, address - returns);

	memset(frame, 0, sizeof(*frame));
	frame->kind = LP_FRAME_KERNEL;
	if (!symbol) {
		snprintf(frame->function, sizeof(frame->function), "0x%" PRIx64, address);
		snprintf(frame->file, sizeof(frame->file), CORE);
		return;
	}
	text_copy(frame->function, sizeof(frame->function), kernel->names + symbol->name);
	text_copy(frame->file, sizeof(frame->file), kernel->names + symbol->module);
}

size_t kernel_frames(const struct lp_kernel *kernel, const __u64 *addresses, size_t count,
		     struct lp_frame *frames, size_t capacity)
{
	size_t i;

	for (i = 0; i < count && i < capacity && addresses[i]; i++)
		describe(kernel, addresses[i], i, &frames[i]);
	return i;
}
